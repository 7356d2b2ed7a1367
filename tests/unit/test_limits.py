"""What one cycle may do: pace, dead band and grants."""

from dataclasses import replace
from itertools import pairwise

import pytest

from ballonet.decision import Signals
from ballonet.guest import Overrides
from ballonet.policy import Pace
from ballonet.quantity import GIB, MIB, Amount
from ballonet.reason import Reason
from plain_guests import CRITICAL, GROW, PAGE, PLAIN, RECLAIM, busy, crowd, idle, sizes, starved
from worlds import (
    Story,
    decide,
    guest,
    moves,
    only,
    reasons,
    targets,
    traits,
    view,
)

# --- Pace ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "available", "signals", "step"),
    [
        pytest.param(10.0, CRITICAL, Signals(), 10, id="a-tenth-of-the-maximum"),
        pytest.param(3.0, CRITICAL, Signals(), 3, id="the-policys-own-pace"),
        pytest.param(10.0, CRITICAL - 1, Signals(), 25, id="a-quarter-below-the-critical-level"),
        pytest.param(60.0, CRITICAL - 1, Signals(), 60, id="never-slower-than-the-policy-says"),
        pytest.param(10.0, CRITICAL, Signals(critical=frozenset({"all"})), 25, id="a-critical-alert"),
        pytest.param(100.0, CRITICAL, Signals(), 100, id="at-once"),
    ],
)
def test_a_guest_shrinks_by_a_share_of_its_maximum_per_cycle(
    percent: float, available: int, signals: Signals, step: int
) -> None:
    big = idle(actual=100 * GIB, maximum=100 * GIB, resident=0)
    paced = replace(PLAIN, floor=Amount(percent=5), pace=Pace(shrink_percent_per_cycle=percent))
    result = decide(view(big, available=available, signals=signals), paced)
    assert only(result).target == pytest.approx(max(100 - step, 5) * GIB, abs=PAGE)


def test_growth_has_no_pace() -> None:
    assert sizes(decide(view(idle(actual=200 * MIB), available=8 * GIB), PLAIN))["a"] > 3 * GIB


# --- The dead band -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("available", "maximum", "moved"),
    [
        pytest.param(GROW + 15 * MIB, GIB, False, id="growth-below-16-mib"),
        pytest.param(GROW + 17 * MIB, GIB, True, id="growth-above-16-mib"),
        pytest.param(GROW + 39 * MIB, 4 * GIB, False, id="growth-below-1-percent"),
        pytest.param(GROW + 42 * MIB, 4 * GIB, True, id="growth-above-1-percent"),
        pytest.param(RECLAIM - 2 * MIB, 4 * GIB, True, id="a-shrink-while-the-host-is-short"),
        pytest.param(RECLAIM - MIB // 2, 4 * GIB, False, id="not-even-then-for-less-than-1-mib"),
    ],
)
def test_a_change_within_the_dead_band_is_not_made(available: int, maximum: int, moved: bool) -> None:  # noqa: FBT001
    one = idle(actual=maximum // 2, maximum=maximum)
    result = decide(view(one, available=available), PLAIN)
    assert bool(moves(result)) is moved
    if not moved:
        assert only(result).reason is Reason.SMALL_CHANGE


@pytest.mark.parametrize(
    ("lacks", "grown", "reason"),
    [
        pytest.param(2 * MIB, True, Reason.BELOW_NEED, id="a-little-below-its-need"),
        pytest.param(MIB // 2, False, Reason.SMALL_CHANGE, id="next-to-nothing-below-its-need"),
    ],
)
def test_growth_of_a_guest_below_its_need_is_exempt(lacks: int, grown: bool, reason: Reason) -> None:  # noqa: FBT001
    result = decide(view(busy("a", lacks=lacks), available=GROW + lacks), PLAIN)
    assert sizes(result) == ({"a": lacks} if grown else {})
    assert only(result).reason is reason


def test_a_shrink_within_the_dead_band_waits_while_the_host_is_not_short() -> None:
    untouched = idle(actual=2 * GIB, resident=2 * GIB - 10 * MIB)
    assert only(decide(view(untouched, available=RECLAIM), PLAIN)).reason is Reason.SMALL_CHANGE
    short = replace(untouched, resident=2 * GIB - 9 * MIB)
    assert only(decide(view(short, available=RECLAIM - MIB), PLAIN)).reason is Reason.HOST_LOW


def test_the_policy_may_widen_the_dead_band() -> None:
    wide = replace(PLAIN, pace=Pace(minimum_change=256 * MIB))
    assert reasons(decide(view(idle(), available=GROW + 200 * MIB), wide)) == {"a": "SmallChange"}
    assert sizes(decide(view(idle(), available=GROW + 300 * MIB), wide)) == {"a": 300 * MIB}


# --- Grants --------------------------------------------------------------------------------------------


def test_growth_is_granted_from_what_is_available_and_not_from_what_will_be_freed() -> None:
    result = decide(view(*crowd(starved("s")), available=CRITICAL + 60 * MIB), PLAIN)
    assert sizes(result)["s"] == 60 * MIB
    assert sizes(result)["z"] < -60 * MIB


def test_growth_that_was_granted_before_and_has_not_arrived_counts() -> None:
    story = Story(policies=(PLAIN,))
    first = story.then(*crowd(starved("s"), starved("t")), available=CRITICAL + 60 * MIB)
    assert sizes(first)["s"] + sizes(first)["t"] == 60 * MIB
    second = story.then(*crowd(starved("s"), starved("t")), available=CRITICAL + 80 * MIB)
    assert sum(max(size, 0) for size in sizes(second).values()) == 20 * MIB


def test_growth_in_flight_counts_even_if_its_guest_is_left_alone_now() -> None:
    story = Story(policies=(PLAIN,))
    first = story.then(*crowd(starved("s"), starved("t")), available=CRITICAL + 60 * MIB)
    alone = replace(starved("s"), migrating=True)
    second = story.then(*crowd(alone, starved("t")), available=CRITICAL + 80 * MIB)
    assert sizes(first)["s"] > 0
    assert sizes(second)["t"] == 20 * MIB


@pytest.mark.parametrize(
    ("available", "grown"),
    [
        pytest.param(CRITICAL + 60 * MIB, 10 * MIB, id="but-not-out-of-the-reserve"),
        pytest.param(GROW + 60 * MIB, 60 * MIB, id="above-the-larger-reserve"),
    ],
)
def test_a_need_does_not_wait_for_what_others_never_touched(available: int, grown: int) -> None:
    """They may touch it in the same moment; then the reserve carries it."""
    untouched = idle("u", actual=4 * GIB, resident=4 * GIB - GROW + CRITICAL - 50 * MIB)
    less = idle("u", actual=GIB, resident=GIB - 50 * MIB)
    other = untouched if available > GROW else less
    result = decide(view(*crowd(starved("s"), other), available=available), PLAIN)
    assert sizes(result)["s"] == grown


def test_headroom_and_spare_memory_wait_for_what_others_never_touched() -> None:
    untouched = idle("u", actual=4 * GIB, resident=4 * GIB - GROW + CRITICAL - 50 * MIB)
    result = decide(
        view(*crowd(busy("w", lacks=0), untouched), available=GROW + 150 * MIB), replace(PLAIN, headroom=20.0)
    )
    assert sizes(result)["w"] == 100 * MIB


def test_scarce_growth_is_granted_in_proportion_to_what_each_lacks() -> None:
    large = starved("l", actual=2 * GIB)
    result = decide(view(*crowd(starved("s"), large), available=CRITICAL + 90 * MIB), PLAIN)
    assert (sizes(result)["s"], sizes(result)["l"]) == (30 * MIB, 60 * MIB)


def test_need_is_granted_before_want_and_want_before_spare_memory() -> None:
    roomy = replace(PLAIN, headroom=20.0)
    needy, wanting, content = starved("n"), busy("w", lacks=0), idle("c", actual=GIB)
    missing = int(1.1 * GIB) - GIB
    granted = [
        {
            name: size
            for name, size in sizes(
                decide(view(*crowd(needy, wanting, content), available=CRITICAL + more), roomy)
            ).items()
            if name != "z"
        }
        for more in (missing // 2, missing, missing + 100 * MIB)
    ]
    assert granted[0].keys() == {"n"}
    assert granted[1].keys() == {"n"}
    assert granted[1]["n"] == pytest.approx(missing, abs=PAGE)
    assert granted[2].keys() == {"n", "w"}
    assert sum(granted[2].values()) == pytest.approx(missing + 100 * MIB, abs=3 * PAGE)


def test_a_host_below_its_critical_level_grants_nothing() -> None:
    result = decide(view(*crowd(starved("s")), available=CRITICAL - MIB), PLAIN)
    assert reasons(result) == {"z": "HostCritical", "s": "HostFull"}


def test_a_small_grant_within_the_dead_band_is_not_worth_making() -> None:
    wanting = busy("w", lacks=0)
    result = decide(view(*crowd(wanting), available=CRITICAL + 10 * MIB), replace(PLAIN, headroom=20.0))
    assert reasons(result)["w"] == "SmallChange"


def test_a_change_that_is_just_not_made_leaves_its_grant_to_nobody() -> None:
    """Or another guest would be given more because the host has less."""
    roomy = replace(PLAIN, headroom=20.0, pace=Pace(shrink_percent_per_cycle=100.0))
    heavy = traits(overrides=Overrides(weight=400))
    small = guest("x", actual=850 * MIB, maximum=GIB, usable=134 * MIB, traits=heavy)
    crew = (idle("z", actual=644 * MIB), small, busy("y", lacks=0, actual=2 * GIB))
    seen = [targets(decide(view(*crew, available=CRITICAL + step * MIB // 4), roomy)) for step in range(800)]
    for poorer, richer in pairwise(seen):
        assert all((poorer[name] or 0) <= (richer[name] or 0) + PAGE for name in "xyz")
    assert {(one["x"] or 0) > 850 * MIB for one in seen} == {True, False}
