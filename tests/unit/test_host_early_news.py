"""What of a host is told before its turn: first guests, and where guests came to rest."""

import random
from dataclasses import replace
from datetime import datetime

import pytest

from agent_parts import page
from ballonet.manifests.v1alpha1_host import HostStatus
from ballonet.policy import Pace
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from ballonet_operator.node.early_news import turned
from ballonet_operator.node.host_status import host_status
from ballonet_operator.node.recent import Recent
from ballonet_operator.node.write_pace import Pace as WritePace
from ballonet_operator.node.write_pace import differs
from ballonet_operator.report import Report
from host_reports import done, recent, report, resize, stay
from worlds import NOW, Inhabitant, World, guest, moves, policy, thresholds

CALM = report(stay(guest()))
STUCK = report(stay(guest("b"), Reason.STUCK), stay(guest()))
SHRUNK = stay(guest(actual=GIB // 2))
MOVE = resize(guest(actual=900 * MIB), GIB // 2)
MOVED = report(MOVE, outcomes=[done(MOVE)])


def status(*reports: Report) -> HostStatus:
    return host_status(recent(*reports), HostStatus(), "kvm-1", (), now=NOW)


def at(more: float, found: Report) -> Report:
    return replace(found, at=NOW + more)


@pytest.mark.parametrize(
    ("before", "now", "early"),
    [
        pytest.param(CALM, report(SHRUNK), True, id="the first shrunk guest"),
        pytest.param(CALM, STUCK, True, id="the first guest in trouble"),
        pytest.param(
            STUCK, report(stay(guest("b"), Reason.STUCK), SHRUNK), True, id="the first that is shrunk"
        ),
        pytest.param(report(SHRUNK), report(SHRUNK, stay(guest("b", actual=MIB))), False, id="one more"),
        pytest.param(report(SHRUNK), STUCK, False, id="another"),
        pytest.param(report(SHRUNK), CALM, False, id="none any more"),
        pytest.param(CALM, CALM, False, id="none at all"),
    ],
)
def test_the_first_guests_to_tell_of_are_told_at_once(before: Report, now: Report, *, early: bool) -> None:
    assert turned(recent(before, at(2, now)), status(before)) is early


OTHER = resize(guest(actual=900 * MIB), 800 * MIB)
UNMOVED = report(stay(guest(actual=900 * MIB)))


@pytest.mark.parametrize(
    ("written", "since", "early"),
    [
        pytest.param(report(OTHER, outcomes=[done(OTHER)]), 3, True, id="a move that was not told"),
        pytest.param(report(OTHER, outcomes=[done(OTHER)]), 2, False, id="it may go on"),
        pytest.param(report(OTHER, outcomes=[done(OTHER)]), 60, True, id="the condition turns later"),
        pytest.param(MOVED, 3, False, id="told already"),
    ],
)
def test_where_guests_came_to_rest_is_told_at_once(written: Report, since: float, *, early: bool) -> None:
    known = recent(written, MOVED, at(since, report(SHRUNK)))

    assert turned(known, status(written)) is early


def test_a_guest_that_rests_at_its_maximum_again_is_told_at_once() -> None:
    grown = resize(guest(actual=900 * MIB), GIB, Reason.SPARE_MEMORY)
    written = status(MOVED)

    assert turned(recent(MOVED, report(grown, outcomes=[done(grown)]), at(4, CALM)), written)


def cycle(world: World) -> Report:
    plan = world.turn()
    outcomes = tuple(done(move) for move in moves(plan))
    written = page(*world.policies)
    return Report(
        number=1, at=world.now, duration=0.1, page=written, view=world.seen, plan=plan, outcomes=outcomes
    )


def told(world: World, seconds: float, jitter: int = 0) -> list[tuple[float, HostStatus]]:
    """Let time pass and return what was written when."""
    begun, chance, uses = world.now, random.Random(1), [one.use for one in world.inhabitants]
    known, written, pace = Recent(), None, WritePace(interval=30.0)
    found: list[tuple[float, HostStatus]] = []
    while world.now - begun < seconds:
        for one, use in zip(world.inhabitants, uses, strict=True):
            one.use = use + chance.randint(-jitter, jitter)
        now = world.now - begun
        known = known.after(cycle(world))
        early = turned(known, written)
        if pace.delay(now, early=early) > 0:
            continue
        status = host_status(known, written or HostStatus(), "kvm-1", (), now=world.now)
        assert differs(status, written or HostStatus()) or not early, "it was early, and there was no news"
        if written is None or differs(status, written):
            written, pace = status, pace.written(now)
            found.append((now, status))
        else:
            pace = pace.looked(now)
    return found


def test_a_person_who_applied_a_policy_soon_sees_what_came_of_it() -> None:
    slow = policy(
        pace=Pace(shrink_percent_per_cycle=2.0), host_thresholds=thresholds(GIB * 5 // 4, GIB, 160 * MIB)
    )
    herd = [Inhabitant(f"g{number}", maximum=GIB) for number in range(3)]
    world = World(herd, total=4 * GIB, other=GIB // 2, policies=())
    world.settle(30)
    world.policies = (slow,)

    begun = world.now

    found = told(world, 120)

    assert [(when, len(status.details)) for when, status in found[:2]] == [(0.0, 0), (2.0, 3)]
    final = found[-1][1].details
    ends = [when for when, status in found if status.details == final]
    moments = [datetime.fromisoformat(each.last_move.at) for each in final if each.last_move]
    moved = max(moments).timestamp() - begun
    assert 10 <= moved <= 40
    assert ends[0] <= moved + 4
    assert {each.last_move.before for each in final if each.last_move} == {"1Gi"}
    assert len(found) <= 6


@pytest.mark.parametrize("jitter", [0, 8 * MIB, 60 * MIB])
def test_early_news_costs_no_more_than_two_writes_a_minute_in_the_long_run(jitter: int) -> None:
    world = World([Inhabitant(f"g{number}", use=400 * MIB) for number in range(8)], total=6 * GIB, other=GIB)

    assert len(told(world, 600, jitter)) <= 20 + 3
