"""Counts the guests by what is to be said of them; one guest may count in several lines."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from ballonet.decision import Decision, Resize
from ballonet.quantity import format_size
from ballonet.reason import Reason
from ballonet_operator.report import Report

_INELIGIBLE: Final = frozenset(
    {
        Reason.NO_BALLOON_DEVICE,
        Reason.HUGEPAGES,
        Reason.MEMORY_PINNED,
        Reason.EXEMPT,
        Reason.STATISTICS_IMPOSSIBLE,
    }
)
# A guest with one of these reasons takes part in the law: it stays where it is because it is right there.
_MOVABLE: Final = frozenset({Reason.SETTLED, Reason.SMALL_CHANGE, Reason.HOST_FULL, Reason.POLICY_REMOVED})


def _shrunk(decision: Decision) -> bool:
    guest = decision.guest
    return bool(_owned(decision) and guest.actual and guest.maximum and guest.actual < guest.maximum)


def _owned(decision: Decision) -> bool:
    return decision.policy is not None and decision.guest.active


def _stale(decision: Decision) -> bool:
    if decision.reason in (Reason.STATISTICS_STALE, Reason.STATISTICS_NEVER_SEEN):
        return True
    return isinstance(decision, Resize) and not decision.terms.fresh


STATES: Final[dict[str, Callable[[Decision], bool]]] = {
    "owned": _owned,
    "shrunk": _shrunk,
    "starved": lambda decision: decision.terms is not None and decision.terms.starved is not None,
    "stuck": lambda decision: decision.reason is Reason.STUCK,
    "stale": _stale,
    "unresponsive": lambda decision: decision.reason is Reason.UNRESPONSIVE,
    "ineligible": lambda decision: _owned(decision) and decision.reason in _INELIGIBLE,
}
"""What a guest can be, in the order in which it is shown."""


def census(report: Report) -> dict[str, int]:
    """Return how many guests of the last cycle are in each state."""
    return {state: sum(map(applies, report.decisions)) for state, applies in STATES.items()}


def reclaimed(report: Report) -> int:
    """Return the bytes that guests of policies have less than their maximum."""
    return sum(map(shrunk_by, report.decisions))


def shrunk_by(decision: Decision) -> int:
    """Return the bytes that a guest of a policy has less than its maximum."""
    guest = decision.guest
    return (guest.maximum or 0) - (guest.actual or 0) if _shrunk(decision) else 0


def immovable(report: Report) -> Mapping[Reason, int]:
    """Return the bytes behind guests that cannot or may not be moved, by why."""
    held: Counter[Reason] = Counter()
    for each in report.decisions:
        if each.guest.active and not isinstance(each, Resize) and each.reason not in _MOVABLE:
            held[each.reason] += _held(each)
    return held


def _held(decision: Decision) -> int:
    """Return the host memory behind a guest; all that it has where its memory is pinned or on huge pages."""
    guest, traits = decision.guest, decision.guest.traits
    size = guest.actual if guest.actual is not None else decision.target or 0
    if guest.resident is None or (traits is not None and (traits.pinned or traits.hugepages)):
        return size
    return min(size, guest.resident)


def status_line(report: Report) -> str:
    """Return the one line that ``systemctl status`` shows."""
    if report.lost:
        return f"waiting for libvirt: {' '.join(report.lost.split())}"
    if report.waiting:
        return f"waiting for {report.waiting}"
    counts = census(report)
    return (
        f"{counts['owned']} guests looked after, {counts['starved']} starved, {counts['stuck']} stuck, "
        f"{format_size(reclaimed(report))} reclaimed"
    )
