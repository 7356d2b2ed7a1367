"""How many calls a bulk read makes, and what it makes of those that do not return.

Calls hang here for as long as a test wants, which a real libvirtd does only for real frozen guests:
``tests/guests/test_hypervisor_faults.py`` shows the same with those.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import pytest

from ballonet.errors import DeadlineExceeded
from ballonet.libvirtd.bulk import Answers, Bulk
from ballonet.libvirtd.connection import MOST_CALLS, Connections
from ballonet.libvirtd.domain_stats import Record
from ballonet.libvirtd.session import Domain, Identity
from ballonet.libvirtd.workers import Workers

HERD = [Domain(uuid=f"guest-{number:02}", name=f"guest-{number:02}", running=1) for number in range(40)]
WHOLE: Record = {"state.state": 1, "balloon.rss": 1}
BUSY: Record = {"state.state": 1}


@dataclass
class Daemon:
    """What libvirtd does about frozen guests: the first call that meets one hangs, others pass it over."""

    frozen: set[str] = field(default_factory=set)
    vanished: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    calls: list[list[str]] = field(default_factory=list)
    thaw: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def first_meeting(self, uuid: str) -> bool:
        with self.lock:
            meets = uuid in self.frozen and uuid not in self.held
            self.held |= {uuid} if meets else set()
            return meets


@dataclass
class Line:
    """A session with that daemon."""

    daemon: Daemon

    @property
    def identity(self) -> Identity:
        raise NotImplementedError

    def domains(self) -> list[Domain]:
        raise NotImplementedError

    def statistics(self, domains: Sequence[Domain]) -> dict[str, Record]:
        self.daemon.calls.append([domain.uuid for domain in domains])
        records: dict[str, Record] = {}
        for domain in domains:
            if self.daemon.first_meeting(domain.uuid):
                self.daemon.thaw.wait()
            if domain.uuid not in self.daemon.vanished:
                records[domain.uuid] = BUSY if domain.uuid in self.daemon.held else WHOLE
        return records

    def summary(self, domain: Domain) -> Record:
        raise NotImplementedError

    def xml(self, domain: Domain) -> str:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Bench:
    """A bulk reader and its daemon."""

    daemon: Daemon = field(default_factory=Daemon)

    def __post_init__(self) -> None:
        self.workers = Workers()
        self.connections = Connections(lambda: Line(self.daemon), lambda: None, self.workers)
        self.bulk = Bulk(self.connections)

    def freeze(self, number: int) -> None:
        self.daemon.frozen = {domain.uuid for domain in HERD[:number]}

    def read(self, seconds: float = 1.0, domains: Sequence[Domain] = HERD) -> Answers:
        self.daemon.calls.clear()
        return self.bulk.read(domains, time.monotonic() + seconds)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.daemon.thaw.set()
    bench.workers.stop()


@pytest.mark.parametrize(
    ("guests", "calls"), [(0, 0), (1, 1), (3, 3), (40, 4)], ids=["none", "one", "three", "forty"]
)
def test_guests_are_asked_for_in_at_most_four_parts(bench: Bench, guests: int, calls: int) -> None:
    answers = bench.read(domains=HERD[:guests])

    assert len(bench.daemon.calls) == calls
    assert sorted(chain.from_iterable(bench.daemon.calls)) == [domain.uuid for domain in HERD[:guests]]
    assert answers.records == {domain.uuid: WHOLE for domain in HERD[:guests]}


def test_a_guest_that_vanished_is_settled_without_a_record(bench: Bench) -> None:
    bench.daemon.vanished = {"guest-07"}

    answers = bench.read()

    assert "guest-07" in answers.settled
    assert "guest-07" not in answers.records


@pytest.mark.parametrize("number", [1, 4, 9])
def test_one_read_finds_out_which_guests_hang(bench: Bench, number: int) -> None:
    bench.freeze(number)

    first = bench.read(seconds=4)
    second = bench.read(seconds=4)

    for answers in (first, second):
        busy = {uuid for uuid, record in answers.records.items() if record == BUSY}
        assert busy == bench.daemon.frozen
        assert len(answers.records) == len(HERD)
    assert bench.connections.hung == number
    assert len(bench.daemon.calls) == 4


def test_a_read_ends_when_its_time_is_up(bench: Bench) -> None:
    bench.freeze(30)
    begin = time.monotonic()

    answers = bench.read(seconds=0.2)

    assert time.monotonic() - begin < 0.7
    assert answers.settled < {domain.uuid for domain in HERD}


def test_when_too_many_calls_hang_only_guests_that_answer_are_asked(bench: Bench) -> None:
    bench.freeze(30)
    for _ in range(4):
        bench.read(seconds=2)
    hung = bench.connections.hung

    answers = bench.read(seconds=2)

    assert 12 <= hung <= MOST_CALLS
    assert bench.connections.hung == hung
    assert set(chain.from_iterable(bench.daemon.calls)) == answers.settled
    bench.daemon.thaw.set()
    bench.daemon.frozen.clear()
    bench.daemon.held.clear()
    deadline = time.monotonic() + 20
    while bench.connections.hung and time.monotonic() < deadline:
        time.sleep(0.01)
    assert bench.read(seconds=10).records == {domain.uuid: WHOLE for domain in HERD}


def test_no_other_call_is_made_while_too_many_hang(bench: Bench) -> None:
    begin = time.monotonic()
    for _ in range(MOST_CALLS):
        bench.connections.abandon(bench.connections.start(lambda line: line.daemon.thaw.wait(), begin))

    with pytest.raises(DeadlineExceeded, match="resize web-1 was not tried: 16 earlier calls"):
        bench.connections.run(lambda line: line.close(), begin + 10, "resize web-1")
