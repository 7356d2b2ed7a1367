"""One guest's way through the law: the clamp, then pace, dead band and grants, in this order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ballonet.decision import Signals, Terms
from ballonet.law.fill import Tiers, fill, scale
from ballonet.law.pool import Supply
from ballonet.law.standing import Standing
from ballonet.policy import Policy, Reserves
from ballonet.quantity import MIB

_PAGE: Final = 4096
# Below the critical level guests shrink by this much of their maximum per cycle, if their pace is less.
CRITICAL_PACE: Final = 25.0
# Not even an urgent change is worth less than this: libvirt's call costs more than it moves.
LEAST_CHANGE: Final = MIB


@dataclass(slots=True)
class Move:
    """A participating guest: where it is (``base``), where it may go, and where it will (``new``).

    Attributes:
        grow_to: what the fill down to the larger reserve gives it.
        shrink_to: what the fill down to the smaller reserve gives it; never less than ``grow_to``.
        critical: the host is below the policy's critical level.
        hurried: so it is, or an alert says so.
        small: a change was dropped because it was not worth making.
    """

    standing: Standing
    policy: Policy
    terms: Terms
    reserves: Reserves
    base: int
    critical: bool = False
    hurried: bool = False
    grow_to: int = 0
    shrink_to: int = 0
    new: int = 0
    small: bool = False


def limit(moves: Sequence[Move], stock: Supply, signals: Signals) -> None:
    """Give every move its new size."""
    _fill(moves, stock)
    for move in moves:
        move.critical = stock.available < move.reserves.critical
        move.hurried = move.critical or move.policy.name in signals.critical
        move.new = _paced(move)
    _grant([move for move in moves if move.new > move.base], stock)
    for move in moves:
        _drop_small(move, stock)


def _fill(moves: Sequence[Move], stock: Supply) -> None:
    """Fill once per distinct reserve; each guest reads its own policy's pair."""
    tiers = [_tiers(move) for move in moves]
    shares = [float(move.terms.weight * move.terms.maximum) for move in moves]
    fills = {level: fill(stock.pool(level), tiers, shares) for level in _levels(moves)}
    for index, move in enumerate(moves):
        move.grow_to = _given(move, fills, move.reserves.grow, index)
        move.shrink_to = _given(move, fills, move.reserves.reclaim, index)


def _given(move: Move, fills: Mapping[int, Sequence[int]], reserve: int, index: int) -> int:
    """Return what the fill gives a guest, and of its need as much as if nothing were only wished for."""
    unwished = fills[reserve - move.reserves.wished][index]
    return _whole_pages(max(fills[reserve][index], min(unwished, move.terms.need)), move.terms)


def _levels(moves: Iterable[Move]) -> set[int]:
    """Return all reserves that are asked for, with and without what is only wished for."""
    return {
        level
        for own in {move.reserves for move in moves}
        for level in (own.grow, own.reclaim, own.grow - own.wished, own.reclaim - own.wished)
    }


def _tiers(move: Move) -> Tiers:
    """Return the guest's tiers; a size that somebody set by hand bounds what it is given beyond its want.

    A guest that has outgrown that size is on its way up. Each further cycle of small steps costs it seconds
    that it may not have, and the first tens of MiB vanish in its per-processor free lists.
    """
    terms = move.terms
    ceiling = move.standing.past.course.ceiling if move.standing.past is not None else None
    if ceiling is None or max(terms.need, terms.want - move.standing.band) > ceiling:
        return terms.floor, terms.need, terms.want, terms.maximum
    return terms.floor, terms.need, terms.want, max(terms.want, min(ceiling, terms.maximum))


def _paced(move: Move) -> int:
    """Return the clamped size, shrinking no faster than the pace."""
    clamped = min(max(move.base, move.grow_to), move.shrink_to)
    percent = move.policy.pace.shrink_percent_per_cycle
    if move.hurried:
        percent = max(percent, CRITICAL_PACE)
    step = int(move.terms.maximum * percent / 100)
    return _whole_pages(max(clamped, move.base - step), move.terms)


def _drop_small(move: Move, stock: Supply) -> None:
    """Apply the dead band: growth below need, and shrinks while the host is short, are exempt."""
    change = move.new - move.base
    urgent = move.base < move.terms.need if change > 0 else stock.available < move.reserves.reclaim
    if abs(change) < (LEAST_CHANGE if urgent else move.standing.band):
        move.small = change != 0
        move.new = move.base


def _grant(growing: Sequence[Move], stock: Supply) -> None:
    """Bound this cycle's growth by what is available above critical: need first, then want, then spare.

    What other guests have and never touched is not granted again, they may touch it at any moment; but no
    need waits for that while the larger reserve stays available. Each guest reads its own policy's levels,
    so that a stricter policy holds back only its own.
    """
    granted = [0] * len(growing)
    for tier in range(3):
        asked = [_asked(move, tier, grant) for move, grant in zip(growing, granted, strict=True)]
        left = stock.available - sum(granted)
        given = scale(asked, [left - _kept(move, tier, stock) for move in growing])
        granted = [grant + more for grant, more in zip(granted, given, strict=True)]
    for move, grant in zip(growing, granted, strict=True):
        if move.base + grant < move.new:
            move.new = _whole_pages(move.base + grant, move.terms)


def _kept(move: Move, tier: int, stock: Supply) -> int:
    """Return what this guest's growth must leave available."""
    careful = move.reserves.critical + stock.outstanding
    return min(careful, move.reserves.grow + stock.in_flight) if tier == 0 else careful


def _asked(move: Move, tier: int, granted: int) -> int:
    upper = (move.terms.need, move.terms.want, move.terms.maximum)[tier]
    return max(0, min(move.new, upper) - move.base - granted)


def _whole_pages(size: int, terms: Terms) -> int:
    """Round down to whole pages, but never below the floor; the maximum is libvirt's own number."""
    if size >= terms.maximum:
        return terms.maximum
    return max(size - size % _PAGE, min(terms.floor, size))
