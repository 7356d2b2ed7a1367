"""The host's side of the law: pool, fills, clamp, pace, dead band and grants."""

from dataclasses import replace
from itertools import pairwise

import pytest

from ballonet.decision import Plan, Resize, Signals, Stay
from ballonet.guest import Guest, Overrides, Read, State
from ballonet.host import Pressure
from ballonet.policy import Mode, Pace, Policy, Reserves, Selector
from ballonet.quantity import GIB, MIB, Amount
from ballonet.reason import Reason
from worlds import (
    NOW,
    Story,
    by_name,
    decide,
    guest,
    moves,
    only,
    policy,
    reasons,
    sample,
    targets,
    terms,
    thresholds,
    traits,
    view,
)

GROW, RECLAIM, CRITICAL = 600 * MIB, 400 * MIB, 200 * MIB
PLAIN = policy(
    floor=Amount(size=0),
    headroom=0.0,
    host_thresholds=thresholds(GROW, RECLAIM, CRITICAL),
    pace=Pace(shrink_percent_per_cycle=10.0, minimum_change=16 * MIB),
)
CALM = 500 * MIB
PAGE = 4096


def idle(name: str = "a", *, actual: int = 2 * GIB, maximum: int = 4 * GIB, **fields: object) -> Guest:
    """Return a guest that uses 100 MiB."""
    return guest(name, actual=actual, maximum=maximum, usable=actual - 100 * MIB, **fields)


def busy(name: str = "b", *, lacks: int, actual: int = GIB, maximum: int = 4 * GIB) -> Guest:
    """Return a guest that is not starved, and has less than it needs by ``lacks`` (at most 41 MiB)."""
    margin = max(16 * MIB, maximum // 100)
    return guest(name, actual=actual, maximum=maximum, usable=margin - lacks)


def starved(name: str = "s", *, actual: int = GIB, maximum: int = 4 * GIB) -> Guest:
    """Return a guest that needs a tenth more than it has."""
    return guest(name, actual=actual, maximum=maximum, usable=0)


def sizes(result: Plan) -> dict[str, int]:
    """Return the change of every target, by name."""
    return {move.guest.name: move.target - move.current for move in moves(result)}


# --- The pool -----------------------------------------------------------------------------------------

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


# --- The clamp ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("available", "change", "reason"),
    [
        pytest.param(GROW + 100 * MIB, 100 * MIB, Reason.SPARE_MEMORY, id="above-the-larger-reserve"),
        pytest.param(GROW, 0, Reason.SETTLED, id="at-the-larger-reserve"),
        pytest.param(CALM, 0, Reason.SETTLED, id="between-the-two"),
        pytest.param(RECLAIM, 0, Reason.SETTLED, id="at-the-smaller-reserve"),
        pytest.param(RECLAIM - 100 * MIB, -100 * MIB, Reason.HOST_LOW, id="below-the-smaller-reserve"),
        pytest.param(CRITICAL - 100 * MIB, -300 * MIB, Reason.HOST_CRITICAL, id="below-the-critical-level"),
    ],
)
def test_a_guest_grows_above_the_larger_reserve_and_shrinks_below_the_smaller(
    available: int, change: int, reason: Reason
) -> None:
    result = decide(view(idle(), available=available), PLAIN)
    assert sizes(result) == ({"a": change} if change else {})
    assert only(result).reason is reason


def test_what_is_missing_comes_from_the_idle_and_goes_to_who_needs_it() -> None:
    result = decide(view(idle("a"), starved("s"), available=CRITICAL + 100 * MIB), PLAIN)
    assert reasons(result) == {"a": "HostLow", "s": "Starved"}
    assert sizes(result) == {"a": pytest.approx(-0.4 * GIB, abs=PAGE), "s": 100 * MIB}


def test_a_guest_below_its_need_stays_where_the_host_has_nothing_left() -> None:
    result = decide(view(starved("s"), available=CALM), PLAIN)
    assert (only(result).reason, sizes(result)) == (Reason.HOST_FULL, {})


def test_needs_beyond_what_the_host_can_give_are_told() -> None:
    assert decide(view(starved("s"), available=8 * GIB), PLAIN).overcommitted == 0
    short = decide(view(starved("s"), starved("t"), available=CRITICAL), PLAIN)
    pool = CRITICAL + 2 * GIB - RECLAIM
    assert short.overcommitted == 2 * int(1.1 * GIB) - pool


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        pytest.param(starved("a"), Reason.STARVED, id="starved"),
        pytest.param(busy("a", lacks=20 * MIB), Reason.BELOW_NEED, id="below-need"),
        pytest.param(busy("a", lacks=0), Reason.BELOW_WANT, id="below-want"),
        pytest.param(idle("a"), Reason.SPARE_MEMORY, id="has-all-it-wants"),
    ],
)
def test_the_reason_for_growth_is_the_first_tier_that_a_guest_lacks(one: Guest, reason: Reason) -> None:
    assert only(decide(view(one), replace(PLAIN, headroom=20.0))).reason is reason


# --- Floors and weights -------------------------------------------------------------------------------


def test_a_guest_is_never_shrunk_below_its_floor() -> None:
    floored = replace(PLAIN, floor=Amount(percent=45), pace=Pace(shrink_percent_per_cycle=100.0))
    result = decide(view(idle(), available=0), floored)
    assert only(result).target == -(-4 * GIB * 45 // 100 // PAGE) * PAGE


def test_a_guest_below_its_floor_grows_to_it_first() -> None:
    floored = replace(PLAIN, floor=Amount(percent=25))
    result = decide(view(idle("a", actual=512 * MIB), starved("s"), available=CRITICAL + 600 * MIB), floored)
    assert targets(result)["a"] == GIB


def test_spare_memory_is_shared_by_weight_and_size() -> None:
    heavy = idle("a", actual=200 * MIB, traits=traits(overrides=Overrides(weight=300)))
    result = decide(view(heavy, idle("b", actual=200 * MIB), available=GROW + GIB), PLAIN)
    spare = {name: (target or 0) - terms(result, name).want for name, target in targets(result).items()}
    assert spare["a"] == pytest.approx(3 * spare["b"], rel=0.01)


def test_a_larger_guest_gets_more_of_the_spare_memory() -> None:
    small, large = idle("a", actual=200 * MIB, maximum=2 * GIB), idle("b", actual=200 * MIB, maximum=6 * GIB)
    result = decide(view(small, large, available=GROW + GIB), PLAIN)
    spare = {name: (target or 0) - terms(result, name).want for name, target in targets(result).items()}
    assert spare["b"] == pytest.approx(3 * spare["a"], rel=0.01)


def test_in_distress_a_heavier_guest_keeps_more_of_what_it_needs() -> None:
    thirsty = [
        guest(name, actual=2 * GIB, maximum=4 * GIB, usable=50 * MIB, traits=traits(overrides=own))
        for name, own in (("a", Overrides(weight=300)), ("b", Overrides(weight=100)))
    ]
    quick = replace(PLAIN, pace=Pace(shrink_percent_per_cycle=100.0))
    given = targets(decide(view(*thirsty, available=RECLAIM - GIB), quick))
    assert given["a"] == pytest.approx(2 * GIB - 9 * MIB, abs=64 * MIB)
    assert (given["b"] or 0) < GIB + 64 * MIB


# --- Pace ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "available", "signals", "step"),
    [
        pytest.param(10.0, CRITICAL, Signals(), 10, id="a-tenth-of-the-maximum"),
        pytest.param(3.0, CRITICAL, Signals(), 3, id="the-policys-own-pace"),
        pytest.param(10.0, CRITICAL - 1, Signals(), 25, id="a-quarter-below-the-critical-level"),
        pytest.param(60.0, CRITICAL - 1, Signals(), 60, id="never-slower-than-the-policy-says"),
        pytest.param(10.0, CRITICAL, Signals(critical=True), 25, id="a-critical-alert"),
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


# --- The dead band ------------------------------------------------------------------------------------


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


# --- Grants -------------------------------------------------------------------------------------------


def crowd(*others: Guest, idle_size: int = 8 * GIB) -> list[Guest]:
    """Return guests beside an idle one that is large enough to feed them all, in time."""
    return [idle("z", actual=idle_size, maximum=idle_size), *others]


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


# --- Several policies ---------------------------------------------------------------------------------

BATCH = replace(
    PLAIN,
    name="batch",
    priority=5,
    guests=Selector(names=("batch*",)),
    host_thresholds=thresholds(4 * GIB, 3 * GIB, 2 * GIB),
)


def test_guests_of_policies_with_larger_reserves_yield_earlier() -> None:
    result = decide(view(idle("batch"), idle("db"), available=2500 * MIB), PLAIN, BATCH)
    assert sizes(result)["batch"] < 0
    assert sizes(result)["db"] > 0
    assert result.reserves == {
        "all": Reserves(grow=GROW, reclaim=RECLAIM, critical=CRITICAL),
        "batch": Reserves(grow=4 * GIB, reclaim=3 * GIB, critical=2 * GIB),
    }
    assert result.in_force == result.reserves["batch"]


def test_a_policy_with_a_larger_critical_level_does_not_hold_the_others_back() -> None:
    """Guests of the stricter policy are granted nothing here; that must not keep a starved one waiting."""
    together = crowd(starved("batch"), starved("db"), idle_size=16 * GIB)
    result = decide(view(*together, available=1500 * MIB, total=64 * GIB), PLAIN, BATCH)
    assert sizes(result)["db"] >= int(1.1 * GIB) - GIB - PAGE
    assert reasons(result)["batch"] == "HostFull"


def test_guests_of_a_stricter_policy_leave_nobodys_want_behind_anothers_spare_memory() -> None:
    """What the stricter guests asked for and may not have goes to the others' want, not to spare memory."""
    roomy = replace(PLAIN, headroom=20.0)
    strict = replace(BATCH, headroom=20.0, host_thresholds=thresholds(2 * GIB, 2 * GIB, 2 * GIB))
    together = crowd(busy("batch", lacks=0), busy("w", lacks=0), idle("c", actual=GIB), idle_size=32 * GIB)
    result = decide(view(*together, available=CRITICAL + 150 * MIB, total=64 * GIB), roomy, strict)
    assert sizes(result)["w"] == pytest.approx(150 * MIB, abs=PAGE)
    assert "c" not in sizes(result)


def test_only_guests_of_a_policy_below_its_critical_level_are_hurried() -> None:
    batch, other = idle("batch", actual=4 * GIB), idle("db", actual=4 * GIB)
    result = decide(view(batch, other, available=RECLAIM - 100 * MIB), PLAIN, BATCH)
    assert reasons(result) == {"batch": "HostCritical", "db": "HostLow"}
    assert sizes(result)["batch"] == -GIB


def test_the_policy_of_highest_precedence_owns_a_guest() -> None:
    result = decide(view(idle("batch"), idle("db")), PLAIN, BATCH)
    assert {name: decision.policy for name, decision in by_name(result).items()} == {
        "batch": "batch",
        "db": "all",
    }


def test_reserves_of_a_policy_without_guests_here_are_not_in_force() -> None:
    result = decide(view(idle("db")), PLAIN, BATCH)
    assert result.in_force == Reserves(grow=GROW, reclaim=RECLAIM, critical=CRITICAL)


# --- Observing, freezing, signals, pressure -----------------------------------------------------------


def test_an_observing_policy_says_what_it_would_do_and_does_nothing() -> None:
    observed = only(decide(view(starved("a")), replace(PLAIN, mode=Mode.OBSERVE)))
    enforced = only(decide(view(starved("a")), PLAIN))
    assert isinstance(observed, Stay)
    assert (observed.reason, observed.target, observed.would) == (Reason.OBSERVED, GIB, enforced.target)


def test_guests_that_are_only_observed_do_not_change_what_others_get() -> None:
    watched = replace(PLAIN, name="watch", priority=5, mode=Mode.OBSERVE, guests=Selector(names=("w",)))
    frozen = replace(watched, mode=Mode.FREEZE)
    seen = view(starved("w"), starved("a"), idle("b"), available=GIB)
    observing, freezing = decide(seen, PLAIN, watched), decide(seen, PLAIN, frozen)
    assert [by_name(observing)[name] for name in "ab"] == [by_name(freezing)[name] for name in "ab"]
    assert by_name(observing)["a"].target != by_name(observing)["w"].target


def test_a_guest_left_alone_under_an_observing_policy_would_be_left_alone() -> None:
    decision = only(decide(view(replace(idle(), migrating=True)), replace(PLAIN, mode=Mode.OBSERVE)))
    assert isinstance(decision, Stay)
    assert (decision.reason, decision.would) == (Reason.MIGRATING, None)


RAISED = 16 * GIB * 4 // 100


@pytest.mark.parametrize(
    ("fields", "raised"),
    [
        pytest.param({}, False, id="calm"),
        pytest.param({"some": Pressure(avg10=10.0, avg60=0, avg300=0, total=0)}, False, id="some-pressure"),
        pytest.param({"some": Pressure(avg10=10.1, avg60=0, avg300=0, total=0)}, True, id="pressure"),
        pytest.param(
            {"full": Pressure(avg10=99.0, avg60=0, avg300=0, total=0)}, False, id="full-is-not-read"
        ),
        pytest.param({"signals": Signals(reclaim=True)}, True, id="an-alert"),
        pytest.param({"signals": Signals(critical=True)}, False, id="a-critical-alert-only-hurries"),
    ],
)
def test_pressure_and_alerts_raise_both_reserves_while_they_last(
    fields: dict[str, object],
    raised: bool,  # noqa: FBT001
) -> None:
    result = decide(view(idle(), available=GROW, **fields), PLAIN)  # type: ignore[arg-type]
    more = RAISED if raised else 0
    assert result.in_force == Reserves(grow=GROW + more, reclaim=RECLAIM + more, critical=CRITICAL)
    assert result.pressed is raised
    assert only(result).reason is (Reason.HOST_PRESSURE if raised else Reason.SETTLED)


@pytest.mark.parametrize(
    ("written", "raised"),
    [
        pytest.param(0, False, id="nothing"),
        pytest.param(2 * MIB, False, id="one-mib-per-second"),
        pytest.param(3 * MIB, True, id="more"),
        pytest.param(-GIB, False, id="a-counter-that-went-back"),
    ],
)
def test_a_host_that_swaps_is_short_of_memory_whatever_it_says(written: int, raised: bool) -> None:  # noqa: FBT001
    story = Story(policies=(PLAIN,))
    story.then(idle(), available=CALM, swapped_out=2 * GIB)
    assert story.then(idle(), available=CALM, swapped_out=2 * GIB + written).pressed is raised


def test_a_host_that_does_not_tell_whether_it_swaps_is_believed() -> None:
    story = Story(policies=(PLAIN,))
    story.then(idle(), available=CALM, swapped_out=0)
    assert not story.then(idle(), available=CALM).pressed


def test_a_growing_alert_grows_a_guest_that_seems_content() -> None:
    content = view(idle("a"), idle("b"), available=CALM, signals=Signals(grow=frozenset({"uuid-a"})))
    result = decide(content, PLAIN)
    assert reasons(result) == {"a": "Starved", "b": "HostLow"}
    assert terms(result, "a").need == int(1.1 * 2 * GIB)
    assert sizes(result)["a"] > 0


def test_an_alert_or_a_guests_own_driver_make_a_silent_guest_need_more() -> None:
    """Its statistics are old, so the alert is all that is known of it."""
    old = sample(usable=GIB, timestamp=NOW - 60)
    silent = guest("a", actual=GIB, maximum=4 * GIB, sample=old)
    alerted = decide(view(silent, signals=Signals(grow=frozenset({"uuid-a"}))), PLAIN)
    assert terms(alerted).need == int(1.1 * GIB)
    story = Story(policies=(PLAIN,))
    for size in (GIB, 1200 * MIB):
        facts = traits(autodeflate=True)
        result = story.then(
            guest("a", actual=size, maximum=4 * GIB, sample=old, traits=facts), refused=True, after=5
        )
    assert terms(result).need == int(1.1 * 1200 * MIB)


# --- Old statistics -----------------------------------------------------------------------------------


def silent(name: str = "a", *, actual: int = 2 * GIB) -> Guest:
    """Return a guest that uses next to nothing and has not reported for a minute."""
    return guest(name, actual=actual, maximum=4 * GIB, sample=sample(usable=actual, timestamp=NOW - 60))


def test_a_guest_with_old_statistics_is_never_shrunk() -> None:
    result = decide(view(silent(), idle("b"), available=0), PLAIN)
    assert reasons(result) == {"a": "StatisticsStale", "b": "HostCritical"}


def test_a_guest_with_old_statistics_may_be_given_what_is_left() -> None:
    assert sizes(decide(view(silent(), available=GROW + GIB), PLAIN)) == {"a": GIB}


def test_needs_come_before_a_guest_that_only_might_want_more() -> None:
    result = decide(view(silent(), starved("s"), available=GROW + int(0.1 * GIB)), PLAIN)
    assert sizes(result).keys() == {"s"}


# --- When a policy goes away --------------------------------------------------------------------------


def test_a_guest_whose_policy_was_removed_grows_back_to_its_maximum_and_is_then_nobodys() -> None:
    story = Story(policies=(PLAIN,))
    story.then(idle(), available=CALM)
    story.policies = ()
    grown = only(story.then(idle(actual=2 * GIB), after=5))
    assert isinstance(grown, Resize)
    assert (grown.reason, grown.policy, grown.target) == (Reason.POLICY_REMOVED, None, 4 * GIB)
    done = only(story.then(idle(actual=4 * GIB)))
    assert (done.reason, done.policy) == (Reason.NO_POLICY, None)
    assert only(story.then(idle(actual=3 * GIB), after=5)).reason is Reason.NO_POLICY


def test_a_guest_whose_policy_was_removed_is_never_shrunk_and_waits_for_room() -> None:
    story = Story(policies=(PLAIN,))
    story.then(idle(), available=CALM)
    story.policies = ()
    assert sizes(story.then(idle(), available=0)) == {}
    assert sizes(story.then(idle(), available=2 * GIB))["a"] > 0


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.FREEZE])
def test_a_guest_that_was_only_watched_is_left_where_it_is(mode: Mode) -> None:
    story = Story(policies=(replace(PLAIN, mode=mode),))
    story.then(idle())
    story.policies = ()
    assert only(story.then(idle())).reason is Reason.NO_POLICY


def test_a_guest_that_was_once_owned_grows_back_even_if_its_policy_only_watched_at_the_end() -> None:
    story = Story(policies=(PLAIN,))
    story.then(idle(), available=CALM)
    story.policies = (replace(PLAIN, mode=Mode.OBSERVE),)
    story.then(idle(), available=CALM)
    story.policies = ()
    assert only(story.then(idle())).reason is Reason.POLICY_REMOVED


def test_a_guest_that_nobody_ever_owned_is_left_where_it_is() -> None:
    story = Story(policies=())
    for _ in range(3):
        assert only(story.then(idle())).reason is Reason.NO_POLICY


# --- The plan itself ----------------------------------------------------------------------------------


def test_decisions_come_in_the_order_of_names() -> None:
    result = decide(view(idle("c"), idle("a"), idle("b")), PLAIN)
    assert [decision.guest.name for decision in result.decisions] == ["a", "b", "c"]


def test_two_guests_of_one_name_are_two_guests() -> None:
    twins = [idle("a", uuid="one"), starved("a")]
    assert len(decide(view(*twins), PLAIN).decisions) == 2


def test_a_host_without_guests_has_nothing_to_decide() -> None:
    result = decide(view(available=GIB), PLAIN)
    assert (result.decisions, result.available, result.overcommitted) == ((), GIB, 0)


def test_targets_are_whole_pages_except_for_the_maximum() -> None:
    odd = idle("a", actual=GIB + 1, maximum=4 * GIB + 512)
    grown = decide(view(odd, available=GROW + GIB + 777), PLAIN)
    assert (only(grown).target or 0) % PAGE == 0
    full = decide(view(odd, available=GROW + 5 * GIB), PLAIN)
    assert only(full).target == 4 * GIB + 512


def test_the_same_view_gives_the_same_plan() -> None:
    seen = view(idle("a"), starved("s"), silent("t"), available=GIB)
    assert decide(seen, PLAIN) == decide(seen, PLAIN)


def test_planning_leaves_the_history_that_it_was_given_alone() -> None:
    story = Story(policies=(PLAIN,))
    story.then(idle("a"), starved("s"))
    kept, copy = story.history, replace(story.history, guests=dict(story.history.guests))
    decide(view(idle("a"), starved("s"), now=NOW + 2), PLAIN, history=kept)
    assert kept == copy


def test_a_target_enters_the_history_only_when_it_was_really_set() -> None:
    result = decide(view(starved("a")), PLAIN)
    assert result.history.guests["uuid-a"].course.target == GIB
    move = moves(result)[0]
    after = result.history.commanded(move.guest, move.target, NOW)
    assert after.guests["uuid-a"].course.target == move.target


def test_a_default_policy_works_on_a_usual_host() -> None:
    result = decide(view(idle("a"), starved("s"), available=2 * GIB), Policy(name="default"))
    assert reasons(result)["s"] == "Starved"
