"""When everything is listed: once the watch is open, when it is back, after a failure, and now and then."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from ballonet.api_kinds import HOSTS, NODES, Kind
from ballonet.errors import ApiServerUnreachable
from ballonet_lab import eventually
from ballonet_operator.inventory import Inventory
from ballonet_operator.relist import Relist, retry_delay, spread
from controller_parts import FakeServer


@dataclass
class Lists:
    """A server that counts its lists, and a watch that is opened by hand."""

    server: FakeServer = field(default_factory=FakeServer)
    asked: list[str] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    open: threading.Event = field(default_factory=threading.Event)
    looks: int = 0

    def __post_init__(self) -> None:
        self.server.trouble = self.count

    def count(self, _: str, kind: str) -> None:
        self.asked.append(kind)
        if kind in self.failing:
            raise ApiServerUnreachable("connection refused")

    def connected(self) -> bool:
        found = self.open.is_set()
        self.looks += 1
        return found

    def listed(self) -> list[str]:
        """Return what was listed since this was last asked."""
        asked, self.asked[:] = list(self.asked), []
        return asked


@contextmanager
def running(lists: Lists, *kinds: Kind, interval: float = 3600.0) -> Iterator[Relist]:
    sources = [(kind, Inventory[int](lambda _, __: 0)) for kind in kinds]
    relist = Relist(lists.server, sources, interval=interval, connected=lists.connected)
    relist.start()
    try:
        yield relist
    finally:
        relist.stop()
        assert not relist.alive()


def test_everything_is_listed_when_the_watch_opens_and_whenever_it_is_back() -> None:
    lists = Lists()
    with running(lists, NODES, HOSTS, interval=15.0):
        lists.open.set()
        eventually(lambda: len(lists.asked) == 2, "all is listed", within=5)
        assert lists.listed() == ["nodes", "balloonhosts"]
        lists.open.clear()
        looks = lists.looks
        eventually(lambda: lists.looks > looks, "it notices", within=5)
        lists.open.set()
        eventually(lambda: len(lists.asked) == 2, "all is listed again", within=5)


def test_only_what_failed_is_tried_again() -> None:
    lists = Lists(failing={"nodes"})
    with running(lists, NODES, HOSTS) as relist:
        lists.open.set()
        eventually(lambda: len(lists.asked) == 2, "all is listed", within=5)
        lists.listed()
        eventually(lambda: lists.asked, "it is tried again", within=5)
        lists.failing.clear()
        eventually(lambda: "nodes" in relist.succeeded, "it succeeds", within=10)
        assert set(lists.listed()) == {"nodes"}
        assert relist.failures >= 2


def test_everything_is_listed_now_and_then() -> None:
    lists = Lists()
    with running(lists, NODES, interval=0.1):
        lists.open.set()
        eventually(lambda: len(lists.asked) >= 3, "it is listed again and again", within=5)


def test_a_first_list_does_not_wait_and_later_ones_are_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    bounds: list[tuple[float, float]] = []

    def longest(least: float, most: float) -> float:
        bounds.append((least, most))
        return 0.0

    monkeypatch.setattr("ballonet_operator.relist.random.uniform", longest)
    lists = Lists()
    with running(lists, NODES, interval=300.0):
        lists.open.set()
        eventually(lists.listed, "all is listed", within=5)
        assert bounds == []
        lists.open.clear()
        looks = lists.looks
        eventually(lambda: lists.looks > looks, "it notices", within=5)
        lists.open.set()
        eventually(lists.listed, "all is listed again", within=5)
        assert bounds == [(0, 20.0)]


@pytest.mark.parametrize(("interval", "seconds"), [(1, 1 / 15), (5, 1 / 3), (300, 20), (86400, 20)])
def test_the_time_over_which_lists_are_spread_is_a_part_of_their_interval(
    interval: float, seconds: float
) -> None:
    assert spread(interval) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("failures", "least", "most"),
    [(1, 0.5, 1.0), (2, 1.0, 2.0), (4, 4.0, 8.0), (7, 30.0, 60.0), (5000, 30.0, 60.0)],
)
def test_pauses_grow_vary_and_are_bounded(failures: int, least: float, most: float) -> None:
    assert (retry_delay(failures, 0.0), retry_delay(failures, 1.0)) == (least, most)
