"""Builders of cycles' reports for tests of what is told of a host: its status and Events."""

from collections.abc import Iterable
from typing import Any

from agent_parts import page
from ballonet.decision import Decision, Plan, Resize, Starvation, Stay, Terms
from ballonet.guest import Guest
from ballonet.history import History
from ballonet.policy import Reserves
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from ballonet_operator.book import Page
from ballonet_operator.node.recent import Recent
from ballonet_operator.report import Outcome, Report, Result
from worlds import NOW, policy, view

LEVELS = Reserves(grow=640 * MIB, reclaim=400 * MIB, critical=160 * MIB)


def terms(starved: Starvation | None = None, *, fresh: bool = True) -> Terms:
    """Return the terms of a guest of 1 GiB that needs half of it."""
    return Terms(
        use=400 * MIB,
        margin=0,
        slope=0.0,
        need=512 * MIB,
        want=600 * MIB,
        peak=0.0,
        floor=256 * MIB,
        maximum=GIB,
        weight=100,
        fresh=fresh,
        starved=starved,
    )


def stay(
    one: Guest,
    reason: Reason = Reason.SETTLED,
    owner: str | None = "all",
    starved: Starvation | None = None,
    *,
    target: int | None = None,
) -> Stay:
    """Return the decision to leave a guest alone."""
    asked = one.actual if target is None else target
    return Stay(guest=one, policy=owner, target=asked, reason=reason, terms=terms(starved))


def resize(one: Guest, target: int, reason: Reason = Reason.HOST_LOW, owner: str = "all") -> Resize:
    """Return the decision to move a guest."""
    has = one.actual or 0
    return Resize(
        guest=one,
        policy=owner,
        current=has,
        target=target,
        reason=reason,
        terms=terms(),
        grow_to=max(has, target),
        shrink_to=min(has, target),
    )


def done(move: Resize) -> Outcome:
    """Return the outcome of a move that was made."""
    return Outcome(decision=move, result=Result.DONE)


def report(
    *decisions: Decision,
    at: float = NOW,
    outcomes: Iterable[Outcome] = (),
    written: Page | None = None,
    **fields: Any,
) -> Report:
    """Return a complete cycle; ``fields`` are of its plan."""
    usual: dict[str, Any] = {
        "history": History(),
        "reserves": {},
        "in_force": LEVELS,
        "available": 2 * GIB,
        "pool": 0,
        "overcommitted": 0,
        "pressed": False,
    }
    host_fields = {name: fields.pop(name) for name in ("some", "budget") if name in fields}
    plan = Plan(decisions=decisions, **(usual | fields))
    seen = view(*(each.guest for each in decisions), available=plan.available, total=4 * GIB, **host_fields)
    return Report(
        number=1,
        at=at,
        duration=0.1,
        page=page(policy()) if written is None else written,
        view=seen,
        plan=plan,
        outcomes=tuple(outcomes),
    )


def lost(error: str = "libvirt does not answer", at: float = NOW) -> Report:
    """Return a cycle that ended before it saw anything."""
    return Report(number=1, at=at, duration=0.1, page=page(policy()), lost=error)


def recent(*reports: Report) -> Recent:
    """Return what is recent after these cycles."""
    known = Recent()
    for each in reports:
        known = known.after(each)
    return known
