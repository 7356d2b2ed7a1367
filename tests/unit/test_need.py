"""Use, need and want of one guest, as a plan reports them."""

from dataclasses import replace

import pytest

from ballonet.decision import Signals, Starvation
from ballonet.guest import Guest, Overrides, Sample, Traits
from ballonet.plan import plan
from ballonet.policy import GuestThresholds, Policy
from ballonet.quantity import GIB, KIB, MIB, TIB, Amount
from worlds import KERNEL, NOW, Story, decide, guest, policy, sample, terms, traits, view

FLOORLESS = policy(floor=Amount(size=0))


def moved(total: int, usable: int, *, actual: int, facts: Traits | None = None) -> Guest:
    """Return a guest whose report and whose balloon size need not agree."""
    report = sample(total=total, usable=usable)
    return guest(actual=actual, maximum=4 * GIB, sample=report, traits=facts or traits())


def follower() -> Story:
    """Return a story in which a guest's total has followed its balloon from 2 GiB to 1 GiB."""
    story = Story(policies=(FLOORLESS,))
    story.then(moved(2 * GIB - KERNEL, 1500 * MIB, actual=2 * GIB))
    story.then(moved(GIB - KERNEL, 500 * MIB, actual=GIB))
    return story


# --- Use ----------------------------------------------------------------------------------------------


def test_at_rest_use_is_what_the_guest_has_less_what_it_could_give_up() -> None:
    assert terms(decide(view(guest(actual=GIB, usable=300 * MIB)))).use == GIB - 300 * MIB


def test_an_old_kernel_without_memavailable_is_judged_by_its_free_memory() -> None:
    old = replace(sample(usable=0), usable=None, unused=200 * MIB)
    assert terms(decide(view(guest(sample=old)))).use == GIB - 200 * MIB


@pytest.mark.parametrize("actual", [300 * MIB, GIB, 3 * GIB], ids=["trailing", "old", "ahead"])
def test_in_motion_use_comes_from_the_sample_alone_where_the_total_follows(actual: int) -> None:
    seen = terms(follower().then(moved(700 * MIB - KERNEL, 200 * MIB, actual=actual)))
    assert seen.use == 500 * MIB


def test_the_kernels_own_share_is_learned_at_rest_and_part_of_use() -> None:
    story = Story(policies=(FLOORLESS,))
    story.then(moved(2 * GIB - 300 * MIB, 1500 * MIB, actual=2 * GIB))
    seen = terms(story.then(moved(GIB - 300 * MIB, 500 * MIB, actual=GIB)))
    assert seen.use == GIB - 500 * MIB


def test_a_guest_whose_total_stays_when_the_balloon_moves_is_judged_by_its_balloon() -> None:
    story = Story(policies=(FLOORLESS,))
    story.then(moved(2 * GIB, 1500 * MIB, actual=2 * GIB))
    for _ in range(3):
        result = story.then(moved(2 * GIB, 600 * MIB, actual=GIB))
    assert terms(result).use == GIB - 600 * MIB


def test_an_autodeflating_guest_is_judged_by_its_balloon_from_the_start() -> None:
    story = Story(policies=(FLOORLESS,))
    facts = traits(autodeflate=True)
    story.then(moved(2 * GIB, 1500 * MIB, actual=2 * GIB, facts=facts))
    for _ in range(3):
        result = story.then(moved(2 * GIB - 100 * MIB, 600 * MIB, actual=GIB, facts=facts))
    assert terms(result).use == GIB - 600 * MIB


def test_while_a_balloon_grows_the_largest_size_around_the_sample_counts() -> None:
    story = Story(policies=(FLOORLESS,))
    story.then(moved(2 * GIB, 500 * MIB, actual=GIB))
    result = story.then(moved(2 * GIB, 600 * MIB, actual=2 * GIB))
    assert terms(result).use == 2 * GIB - 600 * MIB


@pytest.mark.parametrize(
    ("usable", "use"),
    [
        pytest.param(600 * MIB, 548 * MIB, id="what-it-used-before"),
        pytest.param(100 * MIB, 924 * MIB, id="at-least-what-its-smallest-size-leaves"),
        pytest.param(1700 * MIB, 348 * MIB, id="at-most-what-its-largest-size-leaves"),
    ],
)
def test_while_a_balloon_shrinks_the_guest_is_believed_to_use_what_it_used_if_that_can_be(
    usable: int, use: int
) -> None:
    """Or its own shrinking would look like a need, and it would be grown and shrunk for ever."""
    story = Story(policies=(FLOORLESS,))
    story.then(moved(2 * GIB, 1500 * MIB, actual=2 * GIB))
    assert terms(story.then(moved(2 * GIB, usable, actual=GIB))).use == use


def test_a_guest_that_is_first_seen_while_it_shrinks_is_believed_to_use_the_most_that_can_be() -> None:
    story = Story(policies=(FLOORLESS,))
    story.then(guest(actual=2 * GIB, maximum=4 * GIB, sample=None))
    assert terms(story.then(moved(2 * GIB, 600 * MIB, actual=GIB))).use == 2 * GIB - 600 * MIB


HOSTILE = [
    pytest.param(sample(total=1, usable=2**62), id="usable-beyond-all-bounds"),
    pytest.param(sample(total=2**62, usable=0), id="total-beyond-all-bounds"),
    pytest.param(sample(total=0, usable=0), id="zeros"),
    pytest.param(sample(total=GIB, usable=0, major_faults=2**62, swap_in=2**62), id="counters"),
]


@pytest.mark.parametrize("report", HOSTILE)
def test_whatever_a_guest_reports_its_need_stays_between_floor_and_maximum(report: Sample) -> None:
    story = follower()
    for _ in range(2):
        seen = terms(story.then(guest(maximum=4 * GIB, sample=report)))
        assert 0 <= seen.floor <= seen.need <= seen.want <= seen.maximum == 4 * GIB


# --- Margin and slope ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("maximum", "margin"),
    [(512 * MIB, 16 * MIB), (GIB, 16 * MIB), (1600 * MIB, 16 * MIB), (3200 * MIB, 32 * MIB)],
)
def test_the_margin_is_one_percent_of_the_maximum_and_at_least_16_mib(maximum: int, margin: int) -> None:
    seen = terms(decide(view(guest(actual=512 * MIB, maximum=maximum)), FLOORLESS))
    assert seen.margin == margin
    assert seen.need == seen.use + margin


@pytest.mark.parametrize(
    ("cycle", "period", "lead"),
    [pytest.param(2, 2, 4, id="2-s-and-2-s"), pytest.param(5, 5, 10, id="5-s-and-5-s"), (10, 2, 12)],
)
def test_growing_use_is_carried_forward_by_one_cycle_and_one_period(
    cycle: int, period: int, lead: int
) -> None:
    story = Story(policies=(FLOORLESS,), cycle=cycle)
    facts = traits(statistics_period=period)
    story.then(guest(maximum=4 * GIB, usable=600 * MIB, traits=facts), refused=True)
    seen = terms(story.then(guest(maximum=4 * GIB, usable=(600 - 10 * cycle) * MIB, traits=facts)))
    assert seen.slope == 10 * MIB
    assert seen.need == seen.use + seen.margin + lead * 10 * MIB


def test_use_that_rises_is_carried_forward_from_the_instant_of_its_sample() -> None:
    story = Story(policies=(FLOORLESS,))
    story.then(guest(maximum=4 * GIB, usable=600 * MIB), refused=True)
    fresh = terms(story.then(guest(maximum=4 * GIB, usable=580 * MIB), refused=True))
    old = sample(usable=580 * MIB, timestamp=NOW - 2)
    later = terms(story.then(guest(maximum=4 * GIB, sample=old), refused=True))
    assert later.slope == fresh.slope == 10 * MIB
    assert later.need == fresh.need + 2 * 10 * MIB


def test_falling_use_is_not_carried_forward() -> None:
    story = Story(policies=(FLOORLESS,))
    story.then(guest(usable=100 * MIB))
    assert terms(story.then(guest(usable=600 * MIB))).slope == 0


def test_a_rise_that_pauses_is_believed_half_as_much_after_four_seconds_and_not_once_use_falls() -> None:
    story = Story(policies=(FLOORLESS,))
    story.then(guest(usable=600 * MIB))
    usable = [500, 500, 500, 510]
    slopes = [terms(story.then(guest(usable=each * MIB))).slope / MIB for each in usable]
    assert slopes == [50, pytest.approx(50 * 0.5**0.5), pytest.approx(25), 0]


def test_the_first_sample_has_no_slope() -> None:
    assert terms(decide(view(guest(usable=100 * MIB)))).slope == 0


def test_a_sample_that_is_seen_twice_keeps_its_slope() -> None:
    story = Story(policies=(FLOORLESS,))
    story.then(guest(usable=600 * MIB))
    story.then(guest(usable=500 * MIB))
    again = sample(usable=500 * MIB, timestamp=NOW - 2)
    assert terms(story.then(guest(sample=again))).slope == 50 * MIB


def test_a_slope_is_seen_in_motion_where_the_total_follows() -> None:
    story = follower()
    story.then(moved(800 * MIB - KERNEL, 300 * MIB, actual=GIB))
    seen = terms(story.then(moved(600 * MIB - KERNEL, 60 * MIB, actual=700 * MIB)))
    assert seen.slope == 20 * MIB


def test_no_slope_is_seen_where_a_moving_balloon_blurs_use() -> None:
    story = Story(policies=(FLOORLESS,))
    facts = traits(autodeflate=True)
    story.then(moved(2 * GIB, 1500 * MIB, actual=2 * GIB, facts=facts))
    assert terms(story.then(moved(2 * GIB, 400 * MIB, actual=GIB, facts=facts))).slope == 0


# --- Want ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("headroom", "factor"), [(0.0, 1.0), (20.0, 1.2), (100.0, 2.0)])
def test_want_is_need_and_the_policys_headroom(headroom: float, factor: float) -> None:
    rich = policy(headroom=headroom, floor=Amount(size=0))
    seen = terms(decide(view(guest(maximum=4 * GIB)), rich))
    assert seen.want == pytest.approx(seen.need * factor, abs=1)


def test_a_burst_is_remembered_in_want_and_half_of_it_forgotten_in_three_minutes() -> None:
    story = Story(policies=(FLOORLESS,))
    burst = terms(story.then(guest(usable=100 * MIB)))
    calm = terms(story.then(guest(usable=800 * MIB), after=180))
    assert calm.need == calm.use + calm.margin
    assert calm.want == pytest.approx(calm.use + (burst.need - calm.use) / 2, abs=1)
    later = terms(story.then(guest(usable=800 * MIB), after=180))
    assert later.peak == pytest.approx(later.use + (burst.need - later.use) / 4, abs=1)


@pytest.mark.parametrize(
    ("usable", "need", "want"),
    [
        pytest.param(GIB - KERNEL, 256 * MIB, 256 * MIB, id="raised-to-the-floor"),
        pytest.param(10 * MIB, GIB, GIB, id="held-to-the-maximum"),
    ],
)
def test_need_and_want_stay_between_floor_and_maximum(usable: int, need: int, want: int) -> None:
    seen = terms(decide(view(guest(usable=usable))))
    assert (seen.need, seen.want) == (need, want)


@pytest.mark.parametrize(
    ("overrides", "floor", "weight"),
    [
        pytest.param(Overrides(), 256 * MIB, 7, id="the-policys"),
        pytest.param(Overrides(floor=Amount(percent=50)), 512 * MIB, 7, id="its-own-floor"),
        pytest.param(Overrides(floor=Amount(size=0)), 0, 7, id="no-floor"),
        pytest.param(Overrides(floor=Amount(size=5000)), 8192, 7, id="whole-pages"),
        pytest.param(Overrides(floor=Amount(size=TIB)), GIB, 7, id="never-above-the-maximum"),
        pytest.param(Overrides(weight=300), 256 * MIB, 300, id="its-own-weight"),
    ],
)
def test_the_guests_own_metadata_wins_over_the_policy(overrides: Overrides, floor: int, weight: int) -> None:
    facts = traits(overrides=overrides)
    seen = terms(decide(view(guest(traits=facts)), policy(weight=7, floor=Amount(percent=25))))
    assert (seen.floor, seen.weight) == (floor, weight)


# --- Starvation ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usable_percent", "faults_per_second", "swap_in_per_second", "starved"),
    [
        pytest.param(9.9, 51, 0, Starvation.FAULTING, id="little-usable-and-faults"),
        pytest.param(9.9, 0, MIB + KIB, Starvation.FAULTING, id="little-usable-and-swap-in"),
        pytest.param(9.9, 50, MIB, None, id="just-at-both-limits"),
        pytest.param(9.9, 0, 0, None, id="little-usable-alone-is-a-well-used-guest"),
        pytest.param(10.1, 10_000, 100 * MIB, None, id="recovery-is-not-distress"),
        pytest.param(60.0, 10_000, 0, None, id="a-guest-that-reads-files"),
        pytest.param(0.7, 0, 0, Starvation.EXHAUSTED, id="next-to-nothing-needs-no-faults"),
        pytest.param(0.9, 0, 0, None, id="half-the-margin-is-left"),
    ],
)
def test_little_usable_memory_and_faults_together_are_starvation(
    usable_percent: float, faults_per_second: int, swap_in_per_second: int, starved: Starvation | None
) -> None:
    story = Story()
    usable = int(GIB * usable_percent / 100)
    for second in (0, 2):
        counters = {"major_faults": second * faults_per_second, "swap_in": second * swap_in_per_second}
        report = sample(usable=usable, **counters)
        result = story.then(guest(maximum=GIB, sample=report))
    assert terms(result).starved is starved


@pytest.mark.parametrize(
    ("actual", "maximum", "usable", "starved"),
    [
        pytest.param(GIB, GIB, 9 * MIB, False, id="above-half-the-margin"),
        pytest.param(GIB, GIB, 7 * MIB, True, id="below-half-the-margin"),
        pytest.param(4 * GIB, 32 * GIB, 80 * MIB, True, id="below-2-percent"),
        pytest.param(4 * GIB, 32 * GIB, 83 * MIB, False, id="above-2-percent"),
    ],
)
def test_exhausted_is_below_two_percent_and_below_half_the_margin(
    actual: int,
    maximum: int,
    usable: int,
    starved: bool,  # noqa: FBT001
) -> None:
    seen = terms(decide(view(guest(actual=actual, maximum=maximum, usable=usable))))
    assert (seen.starved is Starvation.EXHAUSTED) is starved


def test_a_guest_with_exactly_its_need_is_not_starved() -> None:
    for maximum in (512 * MIB, 2 * GIB, 64 * GIB):
        exact = guest(actual=maximum // 2, maximum=maximum, usable=max(16 * MIB, maximum // 100))
        assert terms(decide(view(exact))).starved is None


def test_the_policy_says_when_a_guest_is_starved() -> None:
    nervous = policy(
        guest_thresholds=GuestThresholds(
            usable_below=50.0, major_faults_per_second=1.0, swap_in_per_second=GIB
        )
    )
    story = Story(policies=(nervous,))
    story.then(guest(sample=sample(usable=500 * MIB)))
    faulting = sample(usable=500 * MIB, major_faults=10)
    assert terms(story.then(guest(sample=faulting))).starved is Starvation.FAULTING


def test_counters_that_a_reboot_reset_show_no_starvation() -> None:
    story = Story()
    story.then(guest(sample=sample(usable=90 * MIB, major_faults=10**9)))
    assert terms(story.then(guest(sample=sample(usable=90 * MIB, major_faults=10)))).starved is None


def test_a_guest_that_took_memory_back_is_starved() -> None:
    story = Story()
    facts = traits(autodeflate=True)
    story.then(guest(actual=512 * MIB, traits=facts), refused=True)
    seen = terms(story.then(guest(actual=600 * MIB, usable=100 * MIB, traits=facts)))
    assert seen.starved is Starvation.TOOK_BACK
    assert seen.need == int(1.1 * 600 * MIB)


def test_a_firing_alert_makes_a_guest_starved() -> None:
    signals = Signals(grow=frozenset({"uuid-a"}))
    result = decide(view(guest("a", maximum=4 * GIB), guest("b", maximum=4 * GIB), signals=signals))
    assert [terms(result, name).starved for name in "ab"] == [Starvation.ALERTED, None]


@pytest.mark.parametrize(
    ("cycle", "factor"),
    [(0.5, 1.1), (2.0, 1.1), (3.0, 1.15), (5.0, 1.25), (10.0, 1.5), (60.0, 1.5)],
)
def test_a_starved_guest_hides_its_need_so_more_than_it_has_is_guessed(cycle: float, factor: float) -> None:
    starved = guest(actual=GIB, maximum=4 * GIB, usable=0)
    assert terms(decide(view(starved), cycle=cycle)).need == int(factor * GIB)


def test_the_guess_for_a_starved_guest_is_not_multiplied_while_it_is_on_its_way() -> None:
    story = Story(policies=(FLOORLESS,))
    starved = guest(actual=GIB, maximum=4 * GIB, usable=0)
    for _ in range(10):
        seen = terms(story.then(starved, available=GIB))
    assert seen.need == int(1.1 * GIB)


# --- Old statistics -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "period", "fresh"),
    [
        pytest.param(0, 2, True, id="new"),
        pytest.param(7, 2, True, id="three-periods-and-a-second"),
        pytest.param(8, 2, False, id="older"),
        pytest.param(16, 5, True, id="a-longer-period"),
        pytest.param(-2, 2, True, id="clocks-differ-a-little"),
        pytest.param(-3, 2, False, id="from-the-future"),
        pytest.param(0, 0, False, id="without-a-period-a-guest-reports-once"),
    ],
)
def test_a_sample_is_believed_for_three_periods(age: int, period: int, fresh: bool) -> None:  # noqa: FBT001
    report = sample(usable=500 * MIB, timestamp=NOW - age)
    old = guest(sample=report, traits=traits(statistics_period=period))
    assert terms(decide(view(old))).fresh is fresh


def test_a_guest_with_old_statistics_can_only_grow() -> None:
    silent = guest(actual=512 * MIB, maximum=GIB, sample=sample(usable=0, timestamp=NOW - 60))
    seen = terms(decide(view(silent)))
    assert (seen.floor, seen.need, seen.want) == (512 * MIB, 512 * MIB, GIB)


def test_a_cycle_without_a_new_sample_forgets_nothing() -> None:
    story = Story(policies=(FLOORLESS,))
    before = terms(story.then(guest(usable=400 * MIB)))
    stale = guest(sample=sample(usable=400 * MIB, timestamp=NOW - 30))
    story.then(stale, after=30)
    after = terms(story.then(guest(usable=400 * MIB)))
    assert (after.use, after.margin, after.need) == (before.use, before.margin, before.need)


def test_terms_do_not_depend_on_who_else_is_there() -> None:
    policies = (Policy(name="all"),)
    alone = plan(view(guest("a")), policies, Story().history, cycle=2.0)
    among = plan(view(guest("a"), guest("b", usable=0)), policies, Story().history, cycle=2.0)
    assert terms(alone, "a") == terms(among, "a")
