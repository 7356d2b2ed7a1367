"""The host's side of the law: how much memory guests together may have."""

from dataclasses import replace

import pytest

from ballonet.guest import Guest, Read, State
from ballonet.policy import Mode, Pace, Selector
from ballonet.quantity import GIB, MIB, Amount
from ballonet.reason import Reason
from plain_guests import CALM, GROW, PLAIN, RECLAIM, idle, starved
from worlds import (
    Story,
    decide,
    policy,
    reasons,
    targets,
    traits,
    view,
)

OTHER = policy("other", mode=Mode.FREEZE, priority=9, guests=Selector(names=("x",)))


@pytest.mark.parametrize(
    ("extra", "counts"),
    [
        pytest.param(idle("m", actual=GIB), GIB, id="what-a-guest-holds-could-be-given-to-others"),
        pytest.param(idle("m", actual=GIB, resident=300 * MIB), 300 * MIB, id="only-what-it-really-holds"),
        pytest.param(idle("m", actual=GIB, resident=3 * GIB), GIB, id="never-more-than-its-size"),
        pytest.param(idle("x", actual=GIB), 0, id="a-guest-left-alone-keeps-what-it-holds"),
        pytest.param(
            idle("x", actual=GIB, resident=300 * MIB), 300 * MIB - GIB, id="and-may-come-to-hold-its-size"
        ),
        pytest.param(
            idle("m", actual=GIB, resident=300 * MIB, traits=traits(locked=True)),
            0,
            id="a-pinned-guest-has-its-full-size-on-both-sides",
        ),
        pytest.param(
            idle("m", actual=GIB, resident=300 * MIB, traits=traits(hugepages=True)),
            0,
            id="a-guest-on-huge-pages-is-in-no-sum",
        ),
        pytest.param(
            idle("m", actual=GIB, resident=None, state=State.SHUT_OFF),
            0,
            id="a-guest-that-is-off-is-in-no-sum",
        ),
        pytest.param(
            idle("m", actual=GIB, resident=None), GIB, id="without-a-resident-size-the-guests-size-stands-in"
        ),
    ],
)
def test_the_pool_is_what_is_available_and_what_guests_hold(extra: Guest, counts: int) -> None:
    alone = decide(view(idle("a"), available=CALM), PLAIN, OTHER)
    both = decide(view(idle("a"), extra, available=CALM), PLAIN, OTHER)
    grow = PLAIN.host_thresholds.reserves(16 * GIB).grow
    strictest = max(grow, both.in_force.grow)
    assert alone.pool == CALM + 2 * GIB - alone.in_force.grow
    assert both.pool == CALM + 2 * GIB + counts - strictest


@pytest.mark.parametrize(
    "unread",
    [
        pytest.param({"read": Read.BUSY, "resident": None}, id="size-known"),
        pytest.param(
            {"read": Read.DEADLINE, "resident": None, "actual": None, "maximum": None}, id="nothing-known"
        ),
    ],
)
@pytest.mark.parametrize("budget", [None, 4 * GIB], ids=["no-budget", "budget"])
def test_the_last_resident_size_stands_in_for_a_guest_that_cannot_be_read(
    unread: dict[str, object], budget: int | None
) -> None:
    story = Story(policies=(PLAIN,))
    held = idle("u", actual=GIB, resident=300 * MIB)
    story.then(idle("a"), held, available=CALM, budget=budget, refused=True)
    before = story.then(idle("a"), replace(held, migrating=True), available=CALM, budget=budget)
    after = story.then(idle("a"), replace(held, **unread), available=CALM, budget=budget)  # type: ignore[arg-type]
    assert reasons(after)["u"] == Reason.READ_INCOMPLETE
    assert (after.available, after.pool) == (before.available, before.pool)


def test_an_excluded_guest_that_is_still_growing_may_come_to_hold_its_target() -> None:
    story = Story(policies=(PLAIN,))
    story.then(idle("a"), starved("s"), available=2 * GIB)
    target = story.history.guests["uuid-s"].course.target
    assert target > GIB
    result = story.then(idle("a"), replace(starved("s"), migrating=True), available=2 * GIB)
    assert result.pool == 2 * GIB + 2 * GIB + GIB - target - GROW


def test_a_budget_bounds_what_guests_hold_together() -> None:
    result = decide(view(idle("a"), idle("b", actual=GIB), available=8 * GIB, budget=4 * GIB), PLAIN)
    assert result.available == GIB
    assert result.pool == 4 * GIB - GROW


def test_a_budget_beyond_what_the_host_has_changes_nothing() -> None:
    with_budget = decide(view(idle("a"), available=GIB, budget=16 * GIB), PLAIN)
    assert with_budget.available == GIB


def test_percentages_of_host_memory_are_of_the_budget() -> None:
    percent = policy(host_thresholds=replace(PLAIN.host_thresholds, grow_above=Amount(percent=50)))
    result = decide(view(idle("a"), budget=4 * GIB), percent)
    assert result.in_force.grow == 2 * GIB


def test_memory_that_guests_do_not_touch_is_not_handed_out_twice() -> None:
    """A guest that holds little may touch all that its balloon leaves it at any moment."""
    untouched = idle("a", actual=4 * GIB, resident=200 * MIB)
    at_once = replace(PLAIN, pace=Pace(shrink_percent_per_cycle=100.0))
    result = decide(view(untouched, starved("s"), available=2 * GIB), at_once)
    given = sum(target or 0 for target in targets(result).values())
    assert given <= 2 * GIB + 200 * MIB + GIB - RECLAIM
