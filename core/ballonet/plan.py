"""The control law: two fills and a clamp.

Every guest has a floor, a need and a want. The host's memory is filled into these tiers twice, once down
to the larger reserve (``grow``) and once down to the smaller one (``reclaim``)::

    new = min(max(target, fill(pool(grow))), fill(pool(reclaim)))

A guest grows only up to what the first fill gives it and shrinks only down to the second; between the two
it is left alone. That gap is the hysteresis; there is no state machine. Pace, dead band and grants then
bound what one cycle may do (``move``).

This module cannot do I/O and cannot tell the time. Its invariants are in ``invariants``; the reasons for
its constants in ``docs/control-law.md``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ballonet.decision import Decision, Plan, Resize, Stay, View
from ballonet.history import History
from ballonet.law.move import LEAST_CHANGE, Move, limit
from ballonet.law.pool import Supply, reserves_in_force, supply, swapping
from ballonet.law.standing import RELEASED, Standing, stand
from ballonet.policy import Policy, Reserves, by_precedence
from ballonet.reason import Reason


def plan(view: View, policies: Iterable[Policy], history: History, *, cycle: float) -> Plan:
    """Decide what every guest should have.

    The answer does not depend on the order of guests or policies.

    Args:
        view: the host and its guests at one instant.
        policies: those that select this host.
        history: what the last plan returned, with what was really set (``History.commanded``).
        cycle: seconds between two plans.
    """
    ordered = by_precedence(policies)
    guests = sorted(view.guests, key=lambda guest: (guest.name, guest.uuid))
    standings = [stand(guest, ordered, history.guests.get(guest.uuid), view, cycle) for guest in guests]
    swaps = swapping(view.host, history, view.now)
    reserves = reserves_in_force([*ordered, RELEASED], view.host, view.signals, swaps=swaps)
    stock = _supply(view, standings)
    decisions = _decide(view, standings, reserves, stock)
    if any(standing.observed for standing in standings):
        decisions = _with_wishes(view, standings, reserves, decisions)
    strictest = _strictest(standings, reserves)
    needs = sum(s.terms.need for s in standings if s.terms is not None and _takes_part(s))
    return Plan(
        decisions=tuple(decisions),
        history=_remember(view, standings),
        reserves={name: value for name, value in reserves.items() if name},
        in_force=strictest,
        available=stock.available,
        pool=stock.pool(strictest.grow),
        overcommitted=max(0, needs - max(0, stock.pool(strictest.reclaim))),
        pressed=swaps or _raised(view, standings, reserves),
        adopted=tuple((s.guest, s.guest.actual or 0) for s in standings if s.adopted),
    )


def _takes_part(standing: Standing) -> bool:
    """Whether the guest is in the fills."""
    return standing.excluded is None and standing.terms is not None and not standing.observed


def _supply(view: View, standings: Sequence[Standing]) -> Supply:
    members = [standing for standing in standings if _takes_part(standing)]
    return supply(view.host, members, [standing for standing in standings if not _takes_part(standing)])


def _strictest(standings: Sequence[Standing], reserves: Mapping[str, Reserves]) -> Reserves:
    """Return the largest reserves that any guest's policy asks for."""
    names = {s.policy.name for s in standings if s.policy is not None} or {""}
    return max((reserves[name] for name in names), key=lambda r: (r.grow, r.reclaim, r.critical))


def _raised(view: View, standings: Sequence[Standing], reserves: Mapping[str, Reserves]) -> bool:
    """Whether any guest's policy has its reserves raised, each by its own thresholds."""
    owners = {s.policy.name: s.policy for s in standings if s.policy is not None}
    memory = view.host.memory
    return any(reserves[name] != policy.host_thresholds.reserves(memory) for name, policy in owners.items())


def _remember(view: View, standings: Sequence[Standing]) -> History:
    return History(
        guests={s.guest.uuid: s.past for s in standings if s.past is not None},
        swapped_out=view.host.swapped_out,
        seen_at=view.now,
    )


def _decide(
    view: View, standings: Sequence[Standing], reserves: Mapping[str, Reserves], stock: Supply
) -> list[Decision]:
    """Return one decision per standing, in their order."""
    moves = {s.guest.uuid: move for s in standings if (move := _move(s, reserves)) is not None}
    limit(list(moves.values()), stock, view.signals)
    return [
        _decision(move, view) if (move := moves.get(s.guest.uuid)) is not None else _stay(s)
        for s in standings
    ]


def _with_wishes(
    view: View, standings: Sequence[Standing], reserves: Mapping[str, Reserves], decisions: Sequence[Decision]
) -> list[Decision]:
    """Add to each observed guest what an enforcing policy would set, everything else being equal."""
    enforced = [standing._replace(observed=False) for standing in standings]
    wishes = _decide(view, enforced, reserves, _supply(view, enforced))
    return [
        replace(decision, would=wish.target) if isinstance(decision, Stay) and standing.observed else decision
        for standing, decision, wish in zip(standings, decisions, wishes, strict=True)
    ]


def _move(standing: Standing, reserves: Mapping[str, Reserves]) -> Move | None:
    if not _takes_part(standing) or standing.policy is None or standing.terms is None:
        return None
    return Move(
        standing=standing,
        policy=standing.policy,
        terms=standing.terms,
        reserves=reserves[standing.policy.name],
        base=standing.target or 0,
    )


def _decision(move: Move, view: View) -> Decision:
    guest, policy = move.standing.guest, move.policy.name or None
    if move.new == move.base:
        return Stay(
            guest=guest,
            policy=policy,
            target=move.base,
            reason=_rest(move),
            terms=move.terms,
            grow_to=move.grow_to,
            shrink_to=move.shrink_to,
        )
    return Resize(
        guest=guest,
        policy=policy,
        current=move.base,
        target=move.new,
        reason=_growth(move) if move.new > move.base else _shrinkage(move, view),
        terms=move.terms,
        grow_to=move.grow_to,
        shrink_to=move.shrink_to,
    )


def _growth(move: Move) -> Reason:
    """Why a guest grows: the first tier that it lacks."""
    if move.policy is RELEASED:
        return Reason.POLICY_REMOVED
    if move.terms.starved is not None:
        return Reason.STARVED
    if move.base < move.terms.need:
        return Reason.BELOW_NEED
    return Reason.BELOW_WANT if move.base < move.terms.want else Reason.SPARE_MEMORY


def _shrinkage(move: Move, view: View) -> Reason:
    """Why a guest shrinks: how badly the host needs it."""
    if move.critical:
        return Reason.HOST_CRITICAL
    if move.reserves == move.policy.host_thresholds.reserves(view.host.memory):
        return Reason.HOST_LOW
    return Reason.HOST_ALERT if view.signals.raises(move.policy.name) else Reason.HOST_PRESSURE


def _rest(move: Move) -> Reason:
    """Why a participating guest stays where it is."""
    if move.policy is RELEASED:
        return Reason.POLICY_REMOVED
    if not move.terms.fresh:
        return Reason.STATISTICS_STALE
    if move.terms.need - move.base >= LEAST_CHANGE:
        return Reason.HOST_FULL
    return Reason.SMALL_CHANGE if move.small else Reason.SETTLED


def _stay(standing: Standing) -> Stay:
    """Leave an excluded, observed or ownerless guest alone."""
    policy = standing.policy.name if standing.policy is not None else None
    reason = standing.excluded or Reason.OBSERVED
    return Stay(
        guest=standing.guest, policy=policy, target=standing.target, reason=reason, terms=standing.terms
    )
