"""The connections to one libvirt: opened when needed, one call at a time on each, dropped when lost.

Every call runs on a daemon thread (``workers``) and is waited for only until a moment of ``time.monotonic``;
one that has not returned by then is abandoned: it runs on, nobody waits for it, and its connection is used
again when it returns. Calls never share a connection, although libvirt lets them: its client then may forget
to send one of them for as long as another hangs (seen with 9.0 under load: four calls unsent behind one for a
frozen guest; libvirt 10.0 closed the race), and crashes the process when its keepalive gives up on two. One
connection is worth 0.1 MiB, and libvirtd takes thousands.
"""

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from ballonet.errors import BallonetError, DeadlineExceeded, HypervisorUnreachable
from ballonet.libvirtd.libvirt_errors import ConnectionLost
from ballonet.libvirtd.session import Session
from ballonet.libvirtd.workers import Workers, result_by

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")
S = TypeVar("S", bound=Session)

# libvirtd has at most twenty threads for all its clients (max_workers); our calls take no more of them than
# this, hanging or not. A listing is no such call: libvirtd keeps threads apart for it.
MOST_CALLS: Final = 16

# Connections kept open between calls, as many as one read uses at once.
_KEPT: Final = 4

# How often opening is tried while libvirtd restarts.
_AGAIN_SECONDS: Final = 0.05


class Connections(Generic[S]):
    """Runs calls, each on a connection of its own. Thread-safe."""

    def __init__(self, opener: Callable[[], S], lost: Callable[[], None], workers: Workers) -> None:
        """Remember how to connect; nothing is opened yet.

        Args:
            opener: opens a session, or raises HypervisorUnreachable.
            lost: called when a session was lost and may have missed events.
            workers: where calls run.
        """
        self._opener = opener
        self._lost = lost
        self._workers = workers
        self._lock = threading.Lock()
        self._idle: list[S] = []
        self._abandoned: list[Callable[[], bool]] = []  # Whether each of them has returned since.
        self._closed = False

    @property
    def hung(self) -> int:
        """How many abandoned calls have still not returned."""
        with self._lock:
            self._abandoned = [returned for returned in self._abandoned if not returned()]
            return len(self._abandoned)

    def start(self, function: Callable[[S], T], until: float) -> "Future[T]":
        """Start a call and return at once; the caller waits for it, or abandons it.

        Where the connection proves to be lost, the call is made again on a new one. For a libvirtd that
        restarts it waits half of the time until ``until``; more would not be enough for the call itself.
        """
        return self._workers.start(lambda: self._call(function, until))

    def run(self, function: Callable[[S], T], until: float, what: str) -> T:
        """Run a call to its end.

        Raises:
            HypervisorUnreachable: libvirt cannot be reached, or was lost twice.
            DeadlineExceeded: the call had not returned by ``until`` and was abandoned, or was not even made
                because too many hang already.
        """
        if self.hung >= MOST_CALLS:
            raise DeadlineExceeded(f"{what} was not tried: {MOST_CALLS} earlier calls to libvirt still hang")
        future = self.start(function, until)
        try:
            return result_by(future, until, what)
        except DeadlineExceeded:
            self.abandon(future)
            raise

    def abandon(self, future: "Future[T]") -> None:
        """Count a call among those that hang, until it returns."""
        with self._lock:
            self._abandoned.append(future.done)

    def close(self, until: float) -> None:
        """Close what is idle; a connection with a call on it is closed when the call returns."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        closing = self._workers.start(lambda: _close(idle))
        with suppress(DeadlineExceeded):
            result_by(closing, until, "closing the connections")

    def _call(self, function: Callable[[S], T], until: float) -> T:
        with self._lock:
            session = self._idle.pop() if self._idle else None
        if session is None:
            return self._use(self._opener(), function)
        try:
            return self._use(session, function)
        except ConnectionLost:
            return self._use(self._reopen(until), function)

    def _use(self, session: S, function: Callable[[S], T]) -> T:
        try:
            result = function(session)
        except ConnectionLost:
            self._drop(session)
            raise
        except BallonetError:
            self._keep(session)
            raise
        self._keep(session)
        return result

    def _keep(self, session: S) -> None:
        """Leave a session for the next call, unless there are enough of them."""
        with self._lock:
            enough = self._closed or len(self._idle) >= _KEPT
            if not enough:
                self._idle.append(session)
        if enough:
            session.close()

    def _drop(self, session: S) -> None:
        """Close a lost session, and the idle ones, which are lost as well when libvirtd was restarted."""
        with self._lock:
            idle, self._idle = self._idle, []
        _close([session, *idle])
        self._lost()

    def _reopen(self, until: float) -> S:
        half = (time.monotonic() + until) / 2
        while True:
            try:
                return self._opener()
            except HypervisorUnreachable:
                if time.monotonic() + _AGAIN_SECONDS > half:
                    raise
            time.sleep(_AGAIN_SECONDS)


def _close(sessions: Iterable[Session]) -> None:
    for session in sessions:
        session.close()
