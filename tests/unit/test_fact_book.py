"""When a guest's XML is read, and when again."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from ballonet.errors import GuestGone
from ballonet.guest import Traits
from ballonet.libvirtd.connection import Connections
from ballonet.libvirtd.domain_stats import Record
from ballonet.libvirtd.fact_book import FactBook
from ballonet.libvirtd.session import Domain, Identity
from ballonet.libvirtd.workers import Workers


@dataclass
class Library:
    """A session that knows nothing but XML, and which of it was asked for."""

    gone: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    period: int = 2

    @property
    def identity(self) -> Identity:
        raise NotImplementedError

    def domains(self) -> list[Domain]:
        raise NotImplementedError

    def statistics(self, domains: Sequence[Domain]) -> dict[str, Record]:
        raise NotImplementedError

    def summary(self, domain: Domain) -> Record:
        raise NotImplementedError

    def xml(self, domain: Domain) -> str:
        self.asked.append(domain.uuid)
        if domain.uuid in self.gone:
            raise GuestGone(domain.uuid)
        stats = f"<stats period='{self.period}'/>"
        return f"<domain><devices><memballoon model='virtio'>{stats}</memballoon></devices></domain>"

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Shelf:
    """A fact book, its library and the time."""

    library: Library = field(default_factory=Library)
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.book = FactBook(clock=lambda: self.now)
        self.workers = Workers()
        self.connections = Connections(lambda: self.library, self.book.distrust_all, self.workers)

    def refresh(self, *domains: Domain) -> list[str]:
        """Refresh and return whose XML was read for it, in no order."""
        self.library.asked.clear()
        self.book.refresh(self.connections, domains, time.monotonic() + 20)
        return sorted(self.library.asked)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    shelf = Shelf()
    yield shelf
    shelf.workers.stop()


def domain(uuid: str, running: int = 1) -> Domain:
    return Domain(uuid=uuid, name=uuid, running=running)


def test_xml_is_read_once(shelf: Shelf) -> None:
    assert shelf.refresh(domain("a"), domain("b")) == ["a", "b"]
    assert shelf.refresh(domain("a"), domain("b")) == []

    facts = shelf.book.of(domain("a"))
    assert facts is not None
    assert facts.traits == Traits(statistics_period=2)


def test_a_guest_that_was_started_again_is_read_again(shelf: Shelf) -> None:
    shelf.refresh(domain("a", running=1))

    assert shelf.book.of(domain("a", running=2)) is None
    assert shelf.refresh(domain("a", running=2)) == ["a"]


def test_an_event_has_one_guest_read_again_and_its_old_facts_serve_until_then(shelf: Shelf) -> None:
    shelf.refresh(domain("a"), domain("b"))

    shelf.book.distrust("b")

    assert shelf.book.of(domain("b")) is not None
    assert shelf.refresh(domain("a"), domain("b")) == ["b"]
    assert shelf.refresh(domain("a"), domain("b")) == []


def test_a_lost_connection_has_everything_read_again(shelf: Shelf) -> None:
    shelf.refresh(domain("a"), domain("b"))

    shelf.book.distrust_all()

    assert shelf.refresh(domain("a"), domain("b")) == ["a", "b"]


def test_old_facts_are_read_again_two_at_a_time_the_oldest_first(shelf: Shelf) -> None:
    herd = [domain(name) for name in "abc"]
    for guest in herd:
        shelf.now += 1
        shelf.refresh(*herd[: herd.index(guest) + 1])

    shelf.now += 59.5

    assert shelf.refresh(*herd) == ["a", "b"]
    assert shelf.refresh(*herd) == []
    shelf.now += 61
    assert shelf.refresh(*herd) == ["a", "c"]
    assert shelf.refresh(*herd) == ["b"]
    assert shelf.refresh(*herd) == []


def test_a_guest_whose_xml_cannot_be_read_has_no_facts_and_is_tried_again(shelf: Shelf) -> None:
    shelf.library.gone.add("a")

    assert shelf.refresh(domain("a"), domain("b")) == ["a", "b"]
    assert shelf.book.of(domain("a")) is None
    shelf.library.gone.clear()
    assert shelf.refresh(domain("a"), domain("b")) == ["a"]


def test_a_guest_that_is_listed_no_more_is_forgotten(shelf: Shelf) -> None:
    shelf.refresh(domain("a"), domain("b"))

    shelf.refresh(domain("b"))

    assert shelf.book.of(domain("a")) is None
