"""What must hold of every plan, as code.

``broken`` checks one plan against the view that it was made from; the rules that compare two plans (order,
less memory, scale) take both, and the rule about rest takes many. None of them believes what the plan says of
itself where the view shows it: who may not be touched, and whose statistics are old, is judged anew. They
are run on random worlds by the property tests, where each is also shown to fire on a law broken on purpose.

* every guest gets exactly one decision;
* floor <= target <= maximum;
* no shrink without fresh statistics;
* guests that nobody may touch never change;
* growth stays within ``grow_to``, shrinking stops at ``shrink_to``;
* the sum of grants <= available - critical - growth in flight;
* need is granted before want, want before spare;
* the order of guests and policies does not matter;
* less available memory never raises a target;
* scaling all bytes scales the plan;
* a closed loop at rest makes no moves.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ballonet.decision import Decision, Plan, Resize, View
from ballonet.guest import Guest, Read, State, is_fresh
from ballonet.policy import HostThresholds, Reserves
from ballonet.quantity import MIB
from ballonet.reason import Reason

# Targets are rounded down to pages of 4 KiB, so two plans may differ by that much per guest.
PAGE: Final = 4096
# A change below this is never worth making, so a guest may lack as much of its need.
LEAST_CHANGE: Final = MIB
# Reasons of guests that are in no fill; the planner must never resize them.
LEFT_ALONE: Final = frozenset(Reason) - {
    Reason.STARVED, Reason.BELOW_NEED, Reason.BELOW_WANT, Reason.SPARE_MEMORY, Reason.POLICY_REMOVED,
    Reason.HOST_LOW, Reason.HOST_PRESSURE, Reason.HOST_ALERT, Reason.HOST_CRITICAL,
    Reason.SETTLED, Reason.SMALL_CHANGE, Reason.HOST_FULL, Reason.STATISTICS_STALE,
}  # fmt: skip

# A guest that stays for one of these may have been left where it is because the change would be too small.
_PERHAPS_SMALL: Final = frozenset({Reason.SMALL_CHANGE, Reason.STATISTICS_STALE, Reason.POLICY_REMOVED})


def broken(view: View, plan: Plan) -> list[str]:
    """Return a sentence for every invariant that this plan breaks; empty when it is sound."""
    return [
        *_one_each(view, plan.decisions),
        *_bounds(plan.decisions),
        *_blind_shrinks(view, plan.decisions),
        *_touched(view, plan.decisions),
        *_clamp(plan.decisions),
        *_grants(view, plan),
        *_precedence(view, plan),
    ]


def _one_each(view: View, decisions: Iterable[Decision]) -> Iterator[str]:
    decided = Counter(decision.guest.uuid for decision in decisions)
    for guest in view.guests:
        if decided[guest.uuid] != 1:
            yield f"{guest.name}: {decided[guest.uuid]} decisions instead of one"
    if len(decided) > len(view.guests):
        yield "somebody is decided about who is not there"


def _resizes(decisions: Iterable[Decision]) -> list[Resize]:
    return [decision for decision in decisions if isinstance(decision, Resize)]


def _bounds(decisions: Iterable[Decision]) -> Iterator[str]:
    """Floor <= target <= maximum; a guest that somebody put below its floor may still be growing to it."""
    for move in _resizes(decisions):
        if move.target > (move.guest.maximum or 0):
            yield f"{move.guest.name}: target {move.target} is above the maximum {move.guest.maximum}"
        if move.target < move.terms.floor and not move.grows:
            yield f"{move.guest.name}: target {move.target} is below the floor {move.terms.floor}"


def _blind_shrinks(view: View, decisions: Iterable[Decision]) -> Iterator[str]:
    """A guest whose maximum came down is not shrunk by a target that follows it there."""
    for move in _resizes(decisions):
        if move.target < min(move.current, move.guest.maximum or 0) and not is_fresh(move.guest, view.now):
            yield f"{move.guest.name}: shrunk without fresh statistics"


def _touched(view: View, decisions: Iterable[Decision]) -> Iterator[str]:
    for move in _resizes(decisions):
        if move.reason in LEFT_ALONE:
            yield f"{move.guest.name}: moved although {move.reason}"
        elif not _touchable(move.guest, view):
            yield f"{move.guest.name}: moved although nobody may touch it"


def _touchable(guest: Guest, view: View) -> bool:
    """Whether the view alone lets anybody resize this guest."""
    traits, sample = guest.traits, guest.sample
    if guest.migrating or guest.read is not Read.OK or guest.state not in (State.RUNNING, State.IDLE):
        return False
    if traits is None or traits.balloon_model == "none" or traits.hugepages or traits.pinned:
        return False
    hold = traits.overrides.hold
    if traits.overrides.exempt or (hold is not None and hold.until > view.now):
        return False
    reported = sample is not None and sample.total is not None and sample.timestamp > 0
    return reported and guest.uuid not in view.signals.freeze


def _clamp(decisions: Iterable[Decision]) -> Iterator[str]:
    """Between the two fills a guest is left alone."""
    for move in _resizes(decisions):
        if move.grows and move.target > move.grow_to:
            yield f"{move.guest.name}: grown to {move.target}, beyond {move.grow_to}"
        if not move.grows and move.target < move.shrink_to:
            yield f"{move.guest.name}: shrunk to {move.target}, beyond {move.shrink_to}"


def in_flight(decisions: Iterable[Decision]) -> int:
    """Return the growth that was asked for earlier and has not arrived."""
    return sum(
        max(0, (d.current if isinstance(d, Resize) else d.target or 0) - d.guest.actual)
        for d in decisions
        if d.guest.actual is not None
    )


def _critical(view: View, plan: Plan, decision: Decision) -> int:
    """Return the level that growth of this guest must leave available: its policy's, or the default."""
    usual: Reserves = HostThresholds().reserves(view.host.memory)
    return plan.reserves.get(decision.policy or "", usual).critical


def _grants(view: View, plan: Plan) -> Iterator[str]:
    """Guests of a policy never take what it, or a stricter one, keeps back; shrinks do not count as won."""
    grants = [
        (_critical(view, plan, move), move.target - move.current)
        for move in _resizes(plan.decisions)
        if move.grows
    ]
    above = min(view.host.available, plan.available) - in_flight(plan.decisions)
    for level in sorted({critical for critical, _ in grants}):
        granted = sum(grant for critical, grant in grants if critical >= level)
        if granted > max(above - level, 0):
            yield f"granted {granted}, but only {above - level} are available above the critical level"


def _precedence(view: View, plan: Plan) -> Iterator[str]:
    """Nobody is given headroom, or spare memory, while a guest that could be given its need lacks it."""
    taking_part = [d for d in plan.decisions if d.terms is not None and d.reason not in LEFT_ALONE]
    for move in _resizes(plan.decisions):
        bounds = (("its need", move.terms.need), ("its want", move.terms.want))
        for index, (name, bound) in enumerate(bounds):
            if move.target <= max(move.current, bound) + PAGE:
                continue
            for other in taking_part:
                yields = _critical(view, plan, other) > _critical(view, plan, move)
                if not yields and _lacks(other, index):
                    yield f"{move.guest.name}: given more than {name} while {other.guest.name} lacks it"


def _lacks(decision: Decision, tier: int) -> bool:
    """Whether only the grants keep a guest from its need (0) or its want (1)."""
    terms, target, grow_to = decision.terms, decision.target, decision.grow_to
    if terms is None or target is None or grow_to is None:
        return False
    if tier and decision.reason in _PERHAPS_SMALL:
        return False
    return target + LEAST_CHANGE + PAGE < min((terms.need, terms.want)[tier], grow_to)


def targets(plan: Plan) -> dict[str, int | None]:
    """Return what every guest will have been asked for, by uuid."""
    return {decision.guest.uuid: decision.target for decision in plan.decisions}


def depends_on_order(one: Plan, other: Plan) -> list[str]:
    """Compare the plans of one view, listed in two orders: every decision is the same."""
    first, second = ({d.guest.uuid: d for d in plan.decisions} for plan in (one, other))
    return [
        f"{uuid}: {first[uuid].target} or {second[uuid].target}"
        for uuid in first
        if first[uuid] != second.get(uuid)
    ]


def raised_by_less(more: Plan, less: Plan) -> list[str]:
    """Compare the plans of one view with more and with less available memory.

    For policies that keep the same reserves. With several, what a guest of one no longer asks for may be
    granted to a guest of another a cycle sooner; only what the fills give, ``grow_to``, never rises.
    """
    rich, poor = targets(more), targets(less)
    return [
        f"{uuid}: {was} with more available memory, {now} with less"
        for uuid, was in rich.items()
        if (now := poor[uuid]) is not None and was is not None and now > was + PAGE
    ]


def scales_otherwise(one: Plan, other: Plan, factor: int) -> list[str]:
    """Compare two plans, where every size that led to the second is ``factor`` times the first's.

    The smallest change and the page are constants, so two sizes may differ by that much.
    """
    small, large = targets(one), targets(other)
    return [
        f"{uuid}: {size} became {large[uuid]}, not {factor} times as much"
        for uuid, size in small.items()
        if abs((large[uuid] or 0) - factor * (size or 0)) > factor * (LEAST_CHANGE + PAGE)
    ]


def restless(plans: Sequence[Plan]) -> list[str]:
    """Name the moves of a closed loop that ought to be at rest."""
    return [
        f"cycle {number}: {move.guest.name} from {move.current} to {move.target}, {move.reason}"
        for number, plan in enumerate(plans)
        for move in _resizes(plan.decisions)
    ]
