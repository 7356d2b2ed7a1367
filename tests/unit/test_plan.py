"""The plan as a whole: clamp, floors, weights, silent guests, and guests whose policy is gone."""

from dataclasses import replace

import pytest

from ballonet.decision import Resize
from ballonet.guest import Guest, Overrides
from ballonet.policy import Mode, Pace, Policy
from ballonet.quantity import GIB, MIB, Amount
from ballonet.reason import Reason
from plain_guests import CALM, CRITICAL, GROW, PAGE, PLAIN, RECLAIM, busy, idle, sizes, starved
from worlds import (
    NOW,
    Story,
    decide,
    guest,
    moves,
    only,
    reasons,
    sample,
    targets,
    terms,
    traits,
    view,
)

# --- The clamp -----------------------------------------------------------------------------------------


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


# --- Floors and weights --------------------------------------------------------------------------------


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


# --- Old statistics ------------------------------------------------------------------------------------


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


# --- When a policy goes away ---------------------------------------------------------------------------


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


# --- The plan itself -----------------------------------------------------------------------------------


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
