"""Connections to one libvirt: opened when needed, replaced when lost or crowded, closed when nothing runs.

Every call runs on a daemon thread (``workers``) and is waited for only until a moment; one that has not
returned by then is abandoned: it runs on, and nobody waits for it. Moments are of ``time.monotonic``.
What a libvirt call looks like is ``Session``'s business; libvirt itself is known only to ``hypervisor``.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from ballonet.errors import DeadlineExceeded, HypervisorUnreachable
from ballonet.libvirt_errors import ConnectionLost
from ballonet.session import Domain, Identity, Session
from ballonet.workers import Workers, result_by

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

# libvirtd runs five requests of one client at a time (max_client_requests) and then stops reading from it,
# so that five hanging calls stop everything, even a listing. From the second on there would be too few left
# for one read's four calls, so a connection with two is replaced.
REQUESTS: Final = 5
_CROWDED: Final = 2

S_co = TypeVar("S_co", bound=Session, covariant=True)


class Connection(Generic[S_co]):
    """One open session and the calls that run on it. Thread-safe."""

    def __init__(self, session: S_co, workers: Workers) -> None:
        self._session = session
        self._workers = workers
        self._lock = threading.Lock()
        self._running = 0
        self._abandoned: list[Callable[[], bool]] = []  # Whether each of them has returned since.
        self._listing: Future[list[Domain]] | None = None
        self._retired = False

    @property
    def identity(self) -> Identity:
        """Whom the session talks to."""
        return self._session.identity

    @property
    def hung(self) -> int:
        """How many abandoned calls have still not returned."""
        with self._lock:
            self._abandoned = [returned for returned in self._abandoned if not returned()]
            return len(self._abandoned)

    def start(self, function: Callable[[S_co], T]) -> "Future[T]":
        """Start a call and return at once; the caller waits for it or abandons it.

        Raises:
            ConnectionLost: the connection has been given up.
        """
        with self._lock:
            # A session is closed once nothing runs on it, and libvirt crashes on calls to a closed one.
            if self._retired:
                raise ConnectionLost("the connection to libvirt was given up")
            self._running += 1
        return self._workers.start(lambda: self._call(function))

    def run(self, function: Callable[[S_co], T], until: float, what: str) -> T:
        """Run a call to its end.

        Raises:
            DeadlineExceeded: it had not returned by ``until`` and was abandoned.
        """
        future = self.start(function)
        try:
            return result_by(future, until, what)
        except DeadlineExceeded:
            self.abandon(future)
            raise

    def abandon(self, future: "Future[T]") -> None:
        """Count a call among those that hang, until it returns."""
        with self._lock:
            self._abandoned.append(future.done)

    def domains(self, until: float) -> list[Domain]:
        """Return all domains. A listing that hangs is waited for again by the next caller, never repeated.

        Raises:
            DeadlineExceeded: libvirt has not answered by ``until``, so it serves nobody.
        """
        with self._lock:
            listing = self._listing
        if listing is None or listing.done():
            listing = self._listing = self.start(_domains)
        return result_by(listing, until, "listing the guests")

    def retire(self) -> "Future[None] | None":
        """Close the session as soon as no call runs on it; return the closing when that is now."""
        with self._lock:
            self._retired, before = True, self._retired
            idle = self._running == 0
        return self._workers.start(self._session.close) if idle and not before else None

    def _call(self, function: Callable[[S_co], T]) -> T:
        try:
            return function(self._session)
        finally:
            with self._lock:
                self._running -= 1
                last = self._retired and self._running == 0
            if last:
                self._workers.start(self._session.close)


def _domains(session: Session) -> list[Domain]:
    return session.domains()


class Connections(Generic[S_co]):
    """The connection that is in use, and those given up on which calls still hang. Thread-safe."""

    def __init__(self, opener: Callable[[], S_co], workers: Workers, uri: str) -> None:
        self._opener = opener
        self._workers = workers
        self._uri = uri
        self._lock = threading.Lock()
        self._current: Connection[S_co] | None = None
        self._old: list[Connection[Session]] = []
        self._opening: Future[Connection[S_co]] | None = None

    @property
    def hung(self) -> int:
        """How many abandoned calls have not returned, on any connection."""
        with self._lock:
            self._old = [connection for connection in self._old if connection.hung]
            return sum(connection.hung for connection in [*self._old, self._current] if connection)

    def get(self, until: float) -> Connection[S_co]:
        """Return a connection with room for calls, opening one where there is none.

        Raises:
            HypervisorUnreachable: libvirt cannot be reached, or does not answer.
        """
        with self._lock:
            current = self._current
            if current is not None and current.hung < _CROWDED:
                return current
            # One attempt at a time: while libvirtd is stopped each would leave a thread behind.
            if self._opening is None:
                self._opening = self._workers.start(self._open)
            opening = self._opening
        try:
            return result_by(opening, until, "connecting")
        except DeadlineExceeded:
            raise self.silent() from None

    def retrying(self, attempt: Callable[[Connection[S_co]], T], until: float) -> T:
        """Return what ``attempt`` makes of a connection, trying once more on a new one when it was lost."""
        connection = self.get(until)
        try:
            return attempt(connection)
        except ConnectionLost:
            self.give_up(connection)
        connection = self.get(until)
        try:
            return attempt(connection)
        except ConnectionLost:
            self.give_up(connection)
            raise

    def give_up(self, connection: Connection[Session]) -> "Future[None] | None":
        """Use a connection no more; return its closing when that begins at once."""
        with self._lock:
            if self._current is connection:
                self._current = None
            self._old.append(connection)
        return connection.retire()

    def close(self, until: float) -> None:
        """Close the connection in use; one on which a call hangs is closed when the call returns."""
        with self._lock:
            current = self._current
        closing = self.give_up(current) if current is not None else None
        if closing is not None:
            with suppress(DeadlineExceeded):
                result_by(closing, until, "closing the connection")

    def silent(self) -> HypervisorUnreachable:
        """Return the error for a libvirt that takes calls and answers none."""
        return HypervisorUnreachable(
            f"libvirt at {self._uri} does not answer; it may be overloaded or stopped, "
            "its own log tells more: journalctl -u libvirtd"
        )

    def _open(self) -> Connection[S_co]:
        fresh = None
        try:
            fresh = Connection(self._opener(), self._workers)
        finally:
            with self._lock:
                self._opening = None
                before = self._current
                self._current = fresh if fresh is not None else before
        if before is not None:
            self.give_up(before)
        return fresh
