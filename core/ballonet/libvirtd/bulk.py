"""Reading the statistics of all guests at once, so that no guest that hangs can hold the others up.

One bulk call serves any number of guests, but libvirt asks them one after the other, and the call that first
meets a frozen QEMU does not return before that QEMU goes on. Therefore: several calls at once, each for a
part of the guests; a call that is overdue is left behind and the guests of its part are asked for again.

Asking again is safe, and so is asking for a frozen guest in every later read. The call that was left behind
holds that guest's job, and ``NOWAIT`` makes libvirt pass over a guest whose job somebody else holds: it
answers with the guest's sizes from its own memory (measured with libvirt 9.0: a call for a frozen guest alone
takes 0.2 ms, also over a new connection and after a restart of libvirtd, which then holds the job itself). So
at most one call hangs per frozen guest, and nothing need be remembered to see it recover.
"""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Generic, TypeVar

from ballonet.libvirtd.connection import MOST_CALLS, Connections
from ballonet.libvirtd.domain_stats import Record, is_complete
from ballonet.libvirtd.session import Domain, Session

S = TypeVar("S", bound=Session)

# More calls at once than four gain nothing: 150 guests took 205 ms in one call, 117 in three, 107 in four,
# 104 in five or eight (2 cores).
_PARTS: Final = 4

# Guests whose call did not return are asked for again only while fewer than this hang, so that beside them
# some calls are left for the guests that answer.
_MOST_HUNG: Final = 12

# libvirtd has five threads at first (min_workers). When all hang, each further call gets a new one; but of
# calls that arrive together only the first does, the others are queued, and from then on no thread is added
# at all, so that libvirtd serves nobody any more (seen with 9.0 and 20 frozen guests: 13 of 20 threads, all
# hanging, and virsh waiting). So once four calls hang, further ones start one after the other.
_GENTLE_FROM: Final = 4
_GAP_SECONDS: Final = 0.005

# A call is overdue after 0.25 s, or a quarter of the time that there is: so even three frozen guests in one
# part leave the rest complete in the first read. But not before four times what such a call took of late.
_PATIENCE_SECONDS: Final = 0.25
_SHARE: Final = 1 / 4
_SLOWER: Final = 4


@dataclass(slots=True)
class Answers:
    """What came back, by uuid; a guest that is settled and has no record has vanished."""

    records: dict[str, Record] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)

    def add(self, domains: Iterable[Domain], records: dict[str, Record]) -> None:
        """Take in what one call answered; of two records for a guest a complete one wins."""
        self.settled.update(domain.uuid for domain in domains)
        for uuid, record in records.items():
            if uuid not in self.records or is_complete(record):
                self.records[uuid] = record


@dataclass(slots=True)
class Bulk(Generic[S]):
    """Reads records by the part; remembers how long a part takes, and which guests did not answer."""

    connections: Connections[S]
    _usual: float = 0.0
    _silent: frozenset[str] = frozenset()

    def read(self, domains: Sequence[Domain], until: float) -> Answers:
        """Return what the active guests ``domains`` answered until the monotonic moment ``until``.

        Raises:
            HypervisorUnreachable: libvirt was lost.
        """
        hung = self.connections.hung
        suspects = self._silent if hung >= _MOST_HUNG else frozenset()
        quick = min(_PATIENCE_SECONDS, (until - time.monotonic()) * _SHARE)
        patience = max(quick, self._usual * _SLOWER)
        reading = _Reading(connections=self.connections, until=until, patience=patience, hung=hung)
        answers = reading.run([domain for domain in domains if domain.uuid not in suspects])
        self._usual = reading.slowest or self._usual
        self._silent = frozenset(domain.uuid for domain in domains) - answers.settled
        return answers


@dataclass(slots=True, eq=False)
class _Call:
    """One call that runs, and the guests that it is for."""

    domains: Sequence[Domain]
    started: float
    left_behind: bool = False


@dataclass(slots=True, kw_only=True)
class _Reading(Generic[S]):
    """The calls of one read."""

    connections: Connections[S]
    until: float
    patience: float
    hung: int
    slowest: float = 0.0
    _answers: Answers = field(default_factory=Answers)
    _running: "dict[Future[dict[str, Record]], _Call]" = field(default_factory=dict)
    _wanted: set[str] = field(default_factory=set)

    def run(self, domains: Sequence[Domain]) -> Answers:
        """Ask for the guests, and again for those of overdue calls, until all answered or time is up."""
        self._wanted = {domain.uuid for domain in domains}
        self._ask(domains, MOST_CALLS)
        try:
            while self._running and not self._wanted <= self._answers.settled:
                if time.monotonic() >= self.until:
                    break
                done, _ = wait(self._running, self._pause(), FIRST_COMPLETED)
                for future in done:
                    self._take(future)
                self._ask_again()
        finally:
            for future in self._running:
                self.connections.abandon(future)
        return self._answers

    def _free(self, most: int) -> int:
        """Return how many more calls may run now, where ``most`` may run in all."""
        return min(_PARTS, most - self.hung - len(self._running))

    def _ask(self, domains: Sequence[Domain], most: int) -> None:
        parts = min(self._free(most), len(domains))
        left_behind = len(self._running) - len(self._waited_for())
        gentle = self.hung + left_behind >= _GENTLE_FROM
        for first in range(parts):
            if gentle and first:
                time.sleep(_GAP_SECONDS)
            part = domains[first::parts]
            future = self.connections.start(partial(_statistics, part), self.until)
            self._running[future] = _Call(part, time.monotonic())

    def _ask_again(self) -> None:
        """Leave overdue calls behind, and ask for those of their guests that nobody has answered for."""
        if self._free(_MOST_HUNG) < 1:
            return
        now = time.monotonic()
        overdue = [call for call in self._waited_for() if now >= call.started + self.patience]
        for call in overdue:
            call.left_behind = True
        unsettled = [domain for call in overdue for domain in call.domains]
        self._ask([domain for domain in unsettled if domain.uuid not in self._answers.settled], _MOST_HUNG)

    def _take(self, future: "Future[dict[str, Record]]") -> None:
        call = self._running.pop(future)
        self._answers.add(call.domains, future.result())
        self.slowest = max(self.slowest, time.monotonic() - call.started)

    def _waited_for(self) -> list[_Call]:
        return [call for call in self._running.values() if not call.left_behind]

    def _pause(self) -> float:
        """Return the seconds until the next call is overdue, or until time is up."""
        now = time.monotonic()
        overdue = [call.started + self.patience for call in self._waited_for()]
        # Where one is overdue already, there was no room to ask again: only a call's end changes that.
        return min([self.until, *(moment for moment in overdue if moment > now)]) - now


def _statistics(domains: Sequence[Domain], session: Session) -> dict[str, Record]:
    return session.statistics(domains)
