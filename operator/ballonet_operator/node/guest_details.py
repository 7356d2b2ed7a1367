"""The guests of which a host's status tells one by one: those in trouble first, then the shrunk ones.

Pure. What a guest is called and what libvirt says of it is untrusted, and bounded here.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from ballonet.decision import Decision, Starvation, Stay
from ballonet.manifests.conditions import timestamp
from ballonet.manifests.v1alpha1_host import MOST_DETAILS, GuestDetail, LastMove
from ballonet.manifests.v1alpha1_status import LONGEST_MESSAGE
from ballonet.quantity import MIB, format_size
from ballonet.reason import Reason, sentence
from ballonet_operator.census import STATES
from ballonet_operator.node.last_moves import Moved
from ballonet_operator.node.releasing import releasing, waiting
from ballonet_operator.node.untrusted import bounded, name
from ballonet_operator.report import Outcome, Report

_STARVATION: Final = {
    Starvation.FAULTING: "little memory is usable, and it faults or swaps",
    Starvation.EXHAUSTED: "next to nothing is usable",
    Starvation.TOOK_BACK: "it took back memory by itself",
    Starvation.ALERTED: "an alert says so",
}
_HELD: Final = 16 * MIB
_HELD_PART: Final = 32
"""What a guest wants wavers; it lacks memory when it wants more than this, and than this part of its maximum,
beyond what it was given. It goes on lacking until it has all that it wants."""
_HELD_BACK: Final = "the guest has what it needs, and the host cannot give it more"
_UNMOVED: Final[Mapping[str, Moved]] = MappingProxyType({})


class Rank(IntEnum):
    """Why a guest is told of; the least comes first."""

    STARVED = 1
    STUCK = 2
    UNRESPONSIVE = 3
    NOT_MOVED = 4
    LACKING = 5
    STALE = 6
    IMPOSSIBLE = 7
    INELIGIBLE = 8
    RELEASED = 9
    SHRUNK = 10


def readable(size: int) -> str:
    """Return a size in whole Mi, as people read it."""
    return format_size(round(size / MIB) * MIB)


def details(
    report: Report, moved: Mapping[str, Moved] = _UNMOVED, before: Iterable[GuestDetail] = ()
) -> tuple[tuple[GuestDetail, ...], int]:
    """Return what is told guest by guest, and how many had no room.

    Args:
        report: the last cycle that came to a plan.
        moved: the last move of each guest by uuid, as far as this agent made it.
        before: what was told last, perhaps by an agent before this one.
    """
    known = {each.uuid: each for each in before}
    failed = {each.decision.guest.uuid: each for each in report.outcomes if each.failed}
    told = [(rank, each) for each in report.decisions if (rank := _rank(each, failed)) is not None]
    told.sort(key=lambda pair: (pair[0], -_lacks(pair[1]), pair[1].guest.name, pair[1].guest.uuid))
    targets = {guest.uuid: target for guest, target in report.targets()}
    short = report.plan is not None and report.plan.overcommitted > 0
    shown = tuple(
        _detail(
            each,
            _reason(each, known.get(name(each.guest.uuid)), short=short),
            targets.get(each.guest.uuid),
            failed.get(each.guest.uuid),
            _last_move(moved.get(each.guest.uuid), known.get(name(each.guest.uuid))),
        )
        for _, each in told[:MOST_DETAILS]
    )
    return shown, len(told) - len(shown)


def tells(report: Report) -> bool:
    """Whether there is any guest to tell of."""
    failed = {each.decision.guest.uuid: each for each in report.outcomes if each.failed}
    return any(_rank(each, failed) is not None for each in report.decisions)


def _rank(decision: Decision, failed: Mapping[str, Outcome]) -> Rank | None:
    if releasing(decision):
        return Rank.NOT_MOVED if decision.guest.uuid in failed else Rank.RELEASED
    if decision.policy is None:
        return None
    return _trouble(decision, failed) or (Rank.SHRUNK if STATES["shrunk"](decision) else None)


def _trouble(decision: Decision, failed: Mapping[str, Outcome]) -> Rank | None:
    ranks = (
        (Rank.STARVED, STATES["starved"](decision)),
        (Rank.STUCK, STATES["stuck"](decision)),
        (Rank.UNRESPONSIVE, STATES["unresponsive"](decision)),
        (Rank.NOT_MOVED, decision.guest.uuid in failed),
        (Rank.LACKING, decision.reason is Reason.HOST_FULL),
        (Rank.STALE, STATES["stale"](decision)),
        (Rank.IMPOSSIBLE, decision.reason is Reason.STATISTICS_IMPOSSIBLE),
        (Rank.INELIGIBLE, STATES["ineligible"](decision)),
    )
    return next((rank for rank, applies in ranks if applies), None)


def _lacks(decision: Decision) -> int:
    """Return by how many Mi the guest has less than its maximum; fewer bytes are not worth another order."""
    return round(((decision.guest.maximum or 0) - (decision.guest.actual or 0)) / MIB)


def _detail(
    decision: Decision,
    reason: Reason,
    target: int | None,
    outcome: Outcome | None,
    moved: LastMove | None,
) -> GuestDetail:
    guest = decision.guest
    return GuestDetail(
        uuid=name(guest.uuid),
        guest=name(guest.name),
        policy=None if decision.policy is None else name(decision.policy),
        actual=None if guest.actual is None else readable(guest.actual),
        target=None if target is None else readable(target),
        maximum=None if guest.maximum is None else readable(guest.maximum),
        reason=reason,
        message=bounded(_message(decision, reason, outcome), LONGEST_MESSAGE),
        last_move=moved,
    )


def _last_move(moved: Moved | None, before: GuestDetail | None) -> LastMove | None:
    """Return the last move; that of an agent before this one, where this one has made none."""
    if moved is None:
        return None if before is None else before.last_move
    sizes = {"before": readable(moved.before), "after": readable(moved.after)}
    return LastMove(reason=moved.reason, at=timestamp(moved.at), **sizes)


def _reason(decision: Decision, before: GuestDetail | None, *, short: bool) -> Reason:
    """Return the reason; what a guest wants wavers within the dead band, which is no news.

    To the law a guest that has what it needs is settled. To a person it is not while the host holds it below
    what it wants, or below its maximum because there is less than all guests need (``short``).
    """
    if decision.reason not in (Reason.SETTLED, Reason.SMALL_CHANGE):
        return decision.reason
    was_held = before is not None and before.reason == Reason.HOST_FULL
    return Reason.HOST_FULL if _held(decision, short=short, was_held=was_held) else Reason.SETTLED


def _held(decision: Decision, *, short: bool, was_held: bool) -> bool:
    """Whether the host cannot give the guest more; one that takes no part has no ``grow_to``."""
    terms, target = decision.terms, decision.target
    if not isinstance(decision, Stay) or terms is None or target is None or decision.grow_to is None:
        return False
    wish = terms.maximum if short else terms.want
    worth_telling = 0 if was_held else max(_HELD, terms.maximum // _HELD_PART)
    return decision.grow_to < wish and wish - target > worth_telling


def _message(decision: Decision, reason: Reason, outcome: Outcome | None) -> str:
    held = reason is Reason.HOST_FULL and decision.reason is not Reason.HOST_FULL
    parts = [_HELD_BACK if held else sentence(reason)]
    if decision.terms is not None and decision.terms.starved is not None and reason is not Reason.STARVED:
        parts.append(f"it is starved: {_STARVATION[decision.terms.starved]}")
    if waiting(decision):
        parts.append("it waits until the host has memory to spare")
    if outcome is not None:
        parts.append(f"not moved: {outcome.message}")
    return "; ".join(parts)
