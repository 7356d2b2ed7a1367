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
from typing import Final

from ballonet.connection import REQUESTS, Connection
from ballonet.domain_stats import Record, is_complete
from ballonet.session import Domain, Session

# More calls at once than four gain nothing: 150 guests took 205 ms in one call, 117 in three, 107 in four,
# 104 in five or eight (2 cores).
_PARTS: Final = 4

# libvirtd has twenty threads for all its clients (max_workers). Of these our calls take no more than this,
# hanging or not, and calls that are likely to hang are made only while fewer than that hang.
_MOST_CALLS: Final = 16
_MOST_HUNG: Final = 12

# A call is overdue after a quarter of the time that there is, so that even three frozen guests in one part
# leave the rest complete in the first read; but not before four times what such a call took of late.
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
class Bulk:
    """Reads records by the part; remembers how long a part takes, and which guests did not answer."""

    _usual: float = 0.0
    _silent: frozenset[str] = frozenset()

    def read(
        self, connection: Connection[Session], domains: Sequence[Domain], until: float, hung: int
    ) -> Answers:
        """Return what the guests answered until the monotonic moment ``until``.

        Args:
            connection: where to ask.
            domains: the active guests.
            until: when to stop waiting.
            hung: how many calls hang already, on this connection or another.

        Raises:
            ConnectionLost: the connection broke.
        """
        suspects = self._silent if hung >= _MOST_HUNG else frozenset()
        reading = _Reading(
            connection=connection,
            until=until,
            patience=max((until - time.monotonic()) * _SHARE, self._usual * _SLOWER),
            room=_MOST_CALLS - hung,
        )
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
class _Reading:
    """The calls of one read."""

    connection: Connection[Session]
    until: float
    patience: float
    room: int
    slowest: float = 0.0
    _answers: Answers = field(default_factory=Answers)
    _running: "dict[Future[dict[str, Record]], _Call]" = field(default_factory=dict)
    _wanted: set[str] = field(default_factory=set)

    def run(self, domains: Sequence[Domain]) -> Answers:
        """Ask for the guests, and again for those of overdue calls, until all answered or time is up."""
        self._wanted = {domain.uuid for domain in domains}
        self._ask(domains)
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
                self.connection.abandon(future)
        return self._answers

    @property
    def _free(self) -> int:
        """How many more calls may run now."""
        calls = len(self._running)
        return min(_PARTS, REQUESTS - self.connection.hung - calls, self.room - calls)

    def _ask(self, domains: Sequence[Domain]) -> None:
        parts = min(self._free, len(domains))
        for first in range(parts):
            part = domains[first::parts]
            future = self.connection.start(partial(_statistics, part))
            self._running[future] = _Call(part, time.monotonic())

    def _ask_again(self) -> None:
        """Leave overdue calls behind, and ask for those of their guests that nobody has answered for."""
        if self._free < 1:
            return
        now = time.monotonic()
        overdue = [call for call in self._waited_for() if now >= call.started + self.patience]
        for call in overdue:
            call.left_behind = True
        unsettled = [domain for call in overdue for domain in call.domains]
        self._ask([domain for domain in unsettled if domain.uuid not in self._answers.settled])

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
