"""Which balloon sizes belong to a sample, and how fast counters and use rise."""

import pytest

from ballonet.history import Reading
from ballonet.law.use import SLOPE_HALF_LIFE, around, follow, rate
from ballonet.policy import Policy
from ballonet.quantity import GIB, MIB, Amount
from worlds import NOW, Story, guest, sample, terms, traits

# Read once a second while the balloon shrank.
SHRINKING = tuple(Reading(float(at), size) for at, size in enumerate((600, 500, 400, 300, 200)))


@pytest.mark.parametrize(
    ("instant", "sizes"),
    [
        pytest.param(4.0, [200, 300, 400], id="now-and-the-nearest-more-than-a-second-before"),
        pytest.param(3.0, [200, 300, 400, 500], id="a-second-ago"),
        pytest.param(1.0, [200, 300, 400, 500, 600], id="two-seconds-after-it-and-the-nearest-later"),
        pytest.param(0.0, [300, 400, 500, 600], id="no-other-later-one"),
        pytest.param(-5.0, [600], id="older-than-all-the-first"),
        pytest.param(9.0, [200], id="newer-than-all-the-last"),
    ],
)
def test_the_sizes_around_a_sample_are_those_that_may_have_been_true_then(
    instant: float, sizes: list[int]
) -> None:
    assert around(SHRINKING, instant) == sizes


def test_of_readings_far_apart_the_nearest_on_either_side_count() -> None:
    sparse = (Reading(0.0, 100), Reading(10.0, 200), Reading(20.0, 300), Reading(30.0, 400))
    assert around(sparse, 15.0) == [300, 200]


def test_a_balloon_at_rest_leaves_only_the_ends_of_its_rest() -> None:
    trail: tuple[Reading, ...] = ()
    for at in range(100):
        trail = follow(trail, GIB, float(at))
    assert trail == (Reading(0.0, GIB), Reading(99.0, GIB))


def test_a_balloon_that_never_rests_leaves_a_short_trail_with_its_newest_readings() -> None:
    trail: tuple[Reading, ...] = ()
    for at in range(100):
        trail = follow(trail, at, float(at))
    assert len(trail) <= 16
    assert trail[-8:] == tuple(Reading(float(at), at) for at in range(92, 100))


def test_a_move_after_a_long_rest_is_between_the_end_of_the_rest_and_now() -> None:
    trail: tuple[Reading, ...] = ()
    for at in range(0, 100, 2):
        trail = follow(trail, GIB, float(at))
    trail = follow(trail, 512 * MIB, 100.0)
    assert set(around(trail, 99.0)) == {512 * MIB, GIB}
    assert set(around(trail, 95.0)) == {GIB}


@pytest.mark.parametrize(
    ("later", "earlier", "seconds", "per_second"),
    [
        pytest.param(300, 100, 2.0, 100.0, id="a-rise"),
        pytest.param(100, 100, 2.0, 0.0, id="no-rise"),
        pytest.param(50, 100, 2.0, 0.0, id="reset-by-a-reboot"),
        pytest.param(None, 100, 2.0, 0.0, id="unknown-now"),
        pytest.param(300, None, 2.0, 0.0, id="unknown-before"),
        pytest.param(300, 100, 0.0, 0.0, id="the-same-instant"),
        pytest.param(300, 100, -2.0, 0.0, id="a-clock-that-was-set-back"),
    ],
)
def test_a_rate_is_a_counters_rise_per_second(
    later: int | None, earlier: int | None, seconds: float, per_second: float
) -> None:
    assert rate(later, earlier, seconds) == per_second


def told(usable: list[int], every: float = 2.0) -> float:
    """Return the slope after these samples, in MiB per second."""
    story = Story(policies=(Policy(name="all", floor=Amount(size=0)),))
    for size in usable:
        one = guest(actual=2 * GIB, maximum=4 * GIB, usable=size * MIB)
        result = story.then(one, refused=True, after=every)
    return terms(result).slope / MIB


@pytest.mark.parametrize(
    ("usable", "slope"),
    [
        pytest.param([900, 800], 50.0, id="a-rise"),
        pytest.param([900, 800, 800], 50.0 * 0.5 ** (2.0 / SLOPE_HALF_LIFE), id="a-pause-is-not-the-end"),
        pytest.param([900, 800, 798], 50.0 * 0.5 ** (2.0 / SLOPE_HALF_LIFE), id="nor-is-a-slower-rise"),
        pytest.param([900, 800, 600], 100.0, id="a-faster-rise-counts-at-once"),
        pytest.param([900, 800, 801], 0.0, id="a-fall-ends-it"),
        pytest.param([900, 800, 801, 801], 0.0, id="and-it-stays-ended"),
        pytest.param([900, 900, 900], 0.0, id="without-a-rise-there-is-none"),
    ],
)
def test_a_rise_is_believed_until_use_falls_and_half_as_much_after_each_half_life(
    usable: list[int], slope: float
) -> None:
    assert told(usable) == pytest.approx(slope)


def test_a_report_that_was_taken_before_the_last_one_says_nothing_about_a_rise() -> None:
    story = Story()
    story.then(guest(maximum=4 * GIB, usable=600 * MIB), refused=True)
    earlier = sample(usable=500 * MIB, timestamp=NOW - 4)
    assert terms(story.then(guest(maximum=4 * GIB, sample=earlier), refused=True)).slope == 0


def test_no_rise_is_seen_between_a_blurred_report_and_a_sharp_one() -> None:
    """Use of a guest of fixed total is only bounded while it moves, and a bound may seem to rise."""
    story = Story(policies=(Policy(name="all", floor=Amount(size=0)),))
    facts = traits(autodeflate=True)
    for actual, free in ((2 * GIB, 1500 * MIB), (GIB, 900 * MIB), (GIB, 400 * MIB), (GIB, 400 * MIB)):
        one = guest(actual=actual, maximum=4 * GIB, usable=free, traits=facts)
        result = story.then(one, refused=True, after=4)
        assert terms(result).slope == 0
