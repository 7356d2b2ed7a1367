"""Dividing an amount of memory among guests: four tiers, each by weighted max-min.

Tier 1 is every guest's floor (always given), tier 2 goes up to its need, tier 3 up to its want, tier 4 up
to its maximum. A tier starts only when the one before is full, so need comes before want and want before
spare. Inside a tier the guest with the least memory for its share is served first: with one level
``l``, each guest has ``clamp(l * share, lower, upper)``.
"""

from collections.abc import Sequence
from itertools import pairwise

Tiers = tuple[int, int, int, int]  # floor <= need <= want <= maximum, bytes


def fill(pool: int, tiers: Sequence[Tiers], shares: Sequence[float]) -> list[int]:
    """Return what each guest gets of ``pool`` bytes, never less than its floor.

    Non-decreasing in ``pool`` for every guest, and their sum never exceeds ``max(pool, sum of floors)``.
    """
    bounds = list(zip(*tiers, strict=True))
    for lower, upper in pairwise(bounds):
        if pool < sum(upper):
            return _level(pool, lower, upper, shares)
    return list(bounds[-1]) if bounds else []


def _level(pool: int, lower: Sequence[int], upper: Sequence[int], shares: Sequence[float]) -> list[int]:
    """Return ``clamp(level * share, lower, upper)`` for the level at which the sum is ``pool``.

    The sum is piecewise linear in the level: a guest starts to rise at lower/share and stops at
    upper/share. Walking these points in order finds the piece; n log n.
    """
    total = sum(lower)
    if pool <= total:
        return list(lower)
    points = [(low / share, share) for low, up, share in zip(lower, upper, shares, strict=True) if up > low]
    points += [(up / share, -share) for low, up, share in zip(lower, upper, shares, strict=True) if up > low]
    points.sort()
    level, slope, left = points[0][0], 0.0, float(pool - total)
    for point, change in points:
        risen = slope * (point - level)
        if risen >= left:
            break
        left -= risen
        level = point
        slope += change
    level += left / slope if slope > 0 else 0.0
    return [
        min(max(int(level * share), low), up) for low, up, share in zip(lower, upper, shares, strict=True)
    ]


def scale(asked: Sequence[int], limit: int) -> list[int]:
    """Return each request cut in proportion, so that together they stay within ``limit``."""
    total = sum(asked)
    if total <= limit:
        return list(asked)
    if limit <= 0:
        return [0] * len(asked)
    return [request * limit // total for request in asked]
