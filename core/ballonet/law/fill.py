"""Dividing an amount of memory among guests: four tiers, each by weighted max-min.

Tier 1 is every guest's floor (always given), tier 2 goes up to its need, tier 3 up to its want, tier 4 up
to its maximum. A tier starts only when the one before is full, so need comes before want and want before
spare. Inside a tier what the tier adds is shared out: every guest gets the same for its share, and who
wants less leaves the rest to the others. (Levelling the whole sizes instead would hand all headroom to
small idle guests first, and keep a busy one at the very edge of its need.)
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise

Tiers = tuple[int, int, int, int]  # floor <= need <= want <= maximum, bytes


def fill(pool: int, tiers: Sequence[Tiers], shares: Sequence[float]) -> list[int]:
    """Return what each guest gets of ``pool`` bytes, never less than its floor.

    Non-decreasing in ``pool`` for every guest, and their sum never exceeds ``max(pool, sum of floors)``.
    """
    bounds = list(zip(*tiers, strict=True))
    for lower, upper in pairwise(bounds):
        if pool < sum(upper):
            return _share_out(pool, lower, upper, shares)
    return list(bounds[-1]) if bounds else []


def _share_out(pool: int, lower: Sequence[int], upper: Sequence[int], shares: Sequence[float]) -> list[int]:
    """Return ``lower + min(gap, level * share)`` for the level at which the sum is ``pool``.

    Guests are walked in the order in which they are satisfied, so one sort is all it costs.
    """
    left, level = pool - sum(lower), 0.0
    if left <= 0:
        return list(lower)
    gaps = [up - low for low, up in zip(lower, upper, strict=True)]
    order = sorted(zip(gaps, shares, strict=True), key=_satisfied_at)
    # What those weigh who are not satisfied yet, summed from the last: subtracting from the whole would leave
    # nothing but rounding errors of a light guest beside a heavy one.
    weights = list(accumulate(share for _, share in reversed(order)))
    for gap, share in order:
        level = left / weights.pop()
        if gap > level * share:
            break
        left -= gap
    return [low + min(gap, int(level * share)) for low, gap, share in zip(lower, gaps, shares, strict=True)]


def _satisfied_at(guest: tuple[int, float]) -> float:
    gap, share = guest
    return gap / share


def scale(asked: Sequence[int], limits: Sequence[int]) -> list[int]:
    """Return each request cut in proportion, so that together they stay within their limits.

    Requests with a smaller limit are cut first, as if all others were cut as much; what that leaves goes to
    the others, up to their own limit. All together stay within the largest limit, and those with a smaller
    one within theirs.
    """
    granted, total, given = [0] * len(asked), sum(asked), 0
    for limit in sorted(set(limits)):
        bound = [index for index, own in enumerate(limits) if own == limit]
        left = max(0, limit - given)
        for index in bound:
            granted[index] = asked[index] if total <= left else asked[index] * left // total
        given += sum(granted[index] for index in bound)
        total -= sum(asked[index] for index in bound)
    return granted
