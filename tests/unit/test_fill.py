"""Four tiers by weighted max-min."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballonet.law.fill import Tiers, fill, scale

# Two guests alike in everything: floor 10, need 20, want 30, maximum 100.
ALIKE: list[Tiers] = [(10, 20, 30, 100), (10, 20, 30, 100)]


@pytest.mark.parametrize(
    ("pool", "given_sizes"),
    [
        pytest.param(-50, [10, 10], id="below-zero-the-floors-stay"),
        pytest.param(0, [10, 10], id="with-nothing-the-floors-stay"),
        pytest.param(20, [10, 10], id="floors"),
        pytest.param(30, [15, 15], id="half-way-to-need"),
        pytest.param(40, [20, 20], id="needs"),
        pytest.param(50, [25, 25], id="half-way-to-want"),
        pytest.param(60, [30, 30], id="wants"),
        pytest.param(130, [65, 65], id="half-way-to-the-maximum"),
        pytest.param(200, [100, 100], id="maxima"),
        pytest.param(10_000, [100, 100], id="never-beyond-the-maximum"),
    ],
)
def test_a_tier_is_filled_only_when_the_one_before_is_full(pool: int, given_sizes: list[int]) -> None:
    assert fill(pool, ALIKE, [1.0, 1.0]) == given_sizes


@pytest.mark.parametrize(
    ("pool", "tiers", "shares", "given_sizes"),
    [
        pytest.param(40, [(0, 90, 90, 90), (0, 90, 90, 90)], [3.0, 1.0], [30, 10], id="by-weight"),
        pytest.param(
            60,
            [(0, 10, 90, 90), (0, 90, 90, 90)],
            [1.0, 1.0],
            [10, 50],
            id="who-wants-less-leaves-the-rest",
        ),
        pytest.param(
            100,
            [(0, 10, 10, 10), (0, 90, 90, 90), (0, 90, 90, 90)],
            [1.0, 2.0, 1.0],
            [10, 60, 30],
            id="the-rest-is-shared-by-weight",
        ),
        pytest.param(
            50,
            [(40, 50, 50, 50), (0, 50, 50, 50)],
            [1.0, 1.0],
            [45, 5],
            id="what-the-tier-adds-is-shared-not-the-whole-size",
        ),
        pytest.param(
            120,
            [(0, 100, 120, 200), (0, 10, 20, 200)],
            [1.0, 1.0],
            [105, 15],
            id="headroom-for-the-busy-and-the-idle-alike",
        ),
        pytest.param(7, [(7, 7, 7, 7)], [1.0], [7], id="a-guest-with-one-size"),
        pytest.param(5, [], [], [], id="nobody"),
    ],
)
def test_inside_a_tier_everybody_gets_the_same_for_its_share(
    pool: int, tiers: list[Tiers], shares: list[float], given_sizes: list[int]
) -> None:
    assert fill(pool, tiers, shares) == given_sizes


_sizes = st.integers(0, 2**40)
_tiers = st.tuples(_sizes, _sizes, _sizes, _sizes).map(lambda four: tuple(sorted(four)))
_guests = st.lists(st.tuples(_tiers, st.integers(1, 2**54).map(float)), max_size=6)
Guests = list[tuple[Tiers, float]]


def filled(pool: int, guests: Guests) -> list[int]:
    return fill(pool, [tiers for tiers, _ in guests], [share for _, share in guests])


@given(_guests, st.integers(-(2**40), 2**43))
def test_everybody_stays_between_floor_and_maximum_and_the_sum_inside_the_pool(
    guests: Guests, pool: int
) -> None:
    result = filled(pool, guests)
    assert all(tiers[0] <= size <= tiers[3] for size, (tiers, _) in zip(result, guests, strict=True))
    assert sum(result) <= max(pool, sum(tiers[0] for tiers, _ in guests))


@given(_guests, st.integers(0, 2**43))
def test_nothing_is_left_over_while_anybody_could_have_more(guests: Guests, pool: int) -> None:
    result = filled(pool, guests)
    floors, maxima = (sum(tiers[index] for tiers, _ in guests) for index in (0, 3))
    expected = min(max(pool, floors), maxima)
    assert expected - len(guests) - 1 <= sum(result) <= expected


@given(_guests, st.integers(0, 2**43), st.integers(0, 2**43))
def test_a_larger_pool_never_gives_anybody_less(guests: Guests, pool: int, more: int) -> None:
    less_given, more_given = filled(pool, guests), filled(pool + more, guests)
    assert all(after >= before - 1 for before, after in zip(less_given, more_given, strict=True))


@given(_guests, st.integers(0, 2**43), st.randoms(use_true_random=False))
def test_the_order_of_guests_does_not_matter(guests: Guests, pool: int, random: object) -> None:
    order = list(range(len(guests)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = filled(pool, [guests[index] for index in order])
    straight = filled(pool, guests)
    assert all(abs(shuffled[place] - straight[index]) <= 1 for place, index in enumerate(order))


@given(_guests, st.integers(0, 2**43))
def test_nobody_gets_into_a_tier_while_another_is_below_it(guests: Guests, pool: int) -> None:
    result = filled(pool, guests)
    for tier in (1, 2):
        beyond = any(size > tiers[tier] for size, (tiers, _) in zip(result, guests, strict=True))
        below = any(size < tiers[tier] for size, (tiers, _) in zip(result, guests, strict=True))
        assert not (beyond and below)


@given(_guests, st.integers(0, 2**43))
def test_who_got_less_for_its_share_than_another_has_all_that_the_tier_offers(
    guests: Guests, pool: int
) -> None:
    result = filled(pool, guests)
    tier = next((t for t in (1, 2, 3) if pool < sum(tiers[t] for tiers, _ in guests)), 3)
    added = [(size - tiers[tier - 1], share) for size, (tiers, share) in zip(result, guests, strict=True)]
    level = max((more / share for more, share in added), default=0.0)
    for (more, share), size, (tiers, _) in zip(added, result, guests, strict=True):
        assert size == tiers[tier] or size < tiers[tier - 1] or more >= level * share - 2


@pytest.mark.parametrize(
    ("asked", "limits", "granted"),
    [
        pytest.param([10, 20], [30, 30], [10, 20], id="enough"),
        pytest.param([10, 20], [15, 15], [5, 10], id="in-proportion"),
        pytest.param([10, 20], [1, 1], [0, 0], id="rounded-down"),
        pytest.param([10, 20], [0, 0], [0, 0], id="nothing"),
        pytest.param([10, 20], [-5, -5], [0, 0], id="less-than-nothing"),
        pytest.param([10, 20], [0, 15], [0, 15], id="a-smaller-limit-binds-only-whom-it-is-for"),
        pytest.param([10, 20], [15, 30], [5, 20], id="enough-for-one"),
        pytest.param([10, 20, 30], [6, 30, 30], [1, 11, 17], id="what-one-leaves-goes-to-the-others"),
        pytest.param([], [], [], id="nobody"),
    ],
)
def test_requests_are_cut_in_proportion(asked: list[int], limits: list[int], granted: list[int]) -> None:
    assert scale(asked, limits) == granted


@given(st.lists(st.tuples(st.integers(0, 2**50), st.integers(-(2**50), 2**50)), max_size=6))
def test_what_is_granted_never_exceeds_any_limit_nor_what_was_asked(requests: list[tuple[int, int]]) -> None:
    granted = scale([asked for asked, _ in requests], [limit for _, limit in requests])
    assert all(0 <= size <= asked for size, (asked, _) in zip(granted, requests, strict=True))
    for _, limit in requests:
        bound = [size for size, (_, own) in zip(granted, requests, strict=True) if own <= limit]
        assert sum(bound) <= max(limit, 0)
    largest = max((limit for _, limit in requests), default=0)
    asked = sum(size for size, limit in requests if limit == largest)
    rest = max(0, largest) - sum(granted)
    cut = sum(size for size, (_, limit) in zip(granted, requests, strict=True) if limit == largest) < asked
    assert not cut or rest <= len(requests)
