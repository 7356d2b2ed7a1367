"""What must hold of every plan, as code.

``broken`` checks one plan; the rules that compare two plans (order, less memory, scale) take both. They
are run on random worlds by the property tests, where each is also shown to fire on a law broken on purpose.

* floor <= target <= maximum;
* no shrink without fresh statistics;
* the sum of grants <= available - critical - growth in flight;
* excluded guests never change;
* need is granted before want, want before spare;
* the order of guests and policies does not matter;
* less available memory never raises a target;
* scaling all bytes scales the plan;
* a closed loop at rest makes no moves.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ballonet.decision import Decision, Plan, Resize, Stay, View
from ballonet.reason import Reason

# Reasons of guests that are in no fill; the planner must never resize them.
LEFT_ALONE: Final = frozenset(Reason) - {
    Reason.STARVED, Reason.BELOW_NEED, Reason.BELOW_WANT, Reason.SPARE_MEMORY, Reason.POLICY_REMOVED,
    Reason.HOST_LOW, Reason.HOST_PRESSURE, Reason.HOST_CRITICAL,
    Reason.SETTLED, Reason.SMALL_CHANGE, Reason.HOST_FULL, Reason.STATISTICS_STALE,
}  # fmt: skip
# Targets are rounded down to pages of 4 KiB, so two plans may differ by that much per guest.
PAGE: Final = 4096


def broken(view: View, plan: Plan) -> list[str]:
    """Return a sentence for every invariant that this plan breaks; empty when it is sound."""
    return [
        *_bounds(plan.decisions),
        *_blind_shrinks(plan.decisions),
        *_excluded_moves(plan.decisions),
        *_grants(view, plan),
        *_precedence(plan.decisions),
    ]


def _resizes(decisions: Iterable[Decision]) -> Iterator[Resize]:
    return (decision for decision in decisions if isinstance(decision, Resize))


def _bounds(decisions: Iterable[Decision]) -> Iterator[str]:
    """Floor <= target <= maximum; a guest that somebody put below its floor may still be growing to it."""
    for move in _resizes(decisions):
        if move.target > move.terms.maximum:
            yield f"{move.guest.name}: target {move.target} is above the maximum {move.terms.maximum}"
        if move.target < move.terms.floor and not move.grows:
            yield f"{move.guest.name}: target {move.target} is below the floor {move.terms.floor}"


def _blind_shrinks(decisions: Iterable[Decision]) -> Iterator[str]:
    for move in _resizes(decisions):
        if not move.grows and not move.terms.fresh:
            yield f"{move.guest.name}: shrunk without fresh statistics"


def _excluded_moves(decisions: Iterable[Decision]) -> Iterator[str]:
    for move in _resizes(decisions):
        if move.reason in LEFT_ALONE:
            yield f"{move.guest.name}: moved although {move.reason}"


def in_flight(decisions: Iterable[Decision]) -> int:
    """Return the growth that was asked for earlier and has not arrived."""
    return sum(
        max(0, (d.current if isinstance(d, Resize) else d.target or 0) - (d.guest.actual or 0))
        for d in decisions
        if d.guest.actual is not None
    )


def _grants(view: View, plan: Plan) -> Iterator[str]:
    growing = [move for move in _resizes(plan.decisions) if move.grows]
    granted = sum(move.target - move.current for move in growing)
    if not growing:
        return
    critical = min(reserves.critical for reserves in [plan.in_force, *plan.reserves.values()])
    limit = min(view.host.available, plan.available) - critical - in_flight(plan.decisions)
    if granted > max(limit, 0):
        yield f"granted {granted}, but only {limit} are available above the critical level"


def _precedence(decisions: Iterable[Decision]) -> Iterator[str]:
    """Nobody is given spare memory, or headroom, while a guest that could be given its need lacks it."""
    tiers = {Reason.BELOW_WANT: 1, Reason.SPARE_MEMORY: 2}
    decisions = list(decisions)
    lacking = [d for d in decisions if isinstance(d, Stay) and d.reason is Reason.HOST_FULL and _reachable(d)]
    for move in _resizes(decisions):
        if tiers.get(move.reason, 0) > 0 and lacking:
            yield f"{move.guest.name}: given {move.reason} while {lacking[0].guest.name} lacks its need"


def _reachable(stay: Stay) -> bool:
    """Whether the clamp would have let the guest grow, so that only the grants kept it from its need."""
    return stay.grow_to is not None and stay.target is not None and stay.grow_to > stay.target + 2**20


def targets(plan: Plan) -> dict[str, int | None]:
    """Return what every guest will have been asked for, by uuid."""
    return {decision.guest.uuid: decision.target for decision in plan.decisions}


def depends_on_order(one: Plan, other: Plan) -> list[str]:
    """Compare the plans of one view in two orders."""
    first, second = targets(one), targets(other)
    return [f"{uuid}: {first[uuid]} or {second[uuid]}" for uuid in first if first[uuid] != second[uuid]]


def raised_by_less(more: Plan, less: Plan) -> list[str]:
    """Compare the plans of one view with more and with less available memory."""
    rich, poor = targets(more), targets(less)
    return [
        f"{uuid}: {was} with more available memory, {now} with less"
        for uuid, was in rich.items()
        if (now := poor[uuid]) is not None and was is not None and now > was + PAGE
    ]
