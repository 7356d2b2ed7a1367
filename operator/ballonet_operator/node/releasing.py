"""Guests that no policy owns any more and that have not got all of their memory back.

Pure. A guest that somebody else made small was never managed, and is none of these.
"""

from collections.abc import Sequence
from typing import Final

from ballonet.decision import Decision
from ballonet.quantity import MIB, format_size
from ballonet.reason import Reason

_LEAST: Final = 16 * MIB
_PART: Final = 100
"""A guest has its maximum when less than this, or less than this part of it, is missing: below this dead band
of the law nothing is moved."""


def releasing(decision: Decision) -> bool:
    """Whether the guest is still growing back after its policy was removed."""
    return decision.reason is Reason.POLICY_REMOVED and _missing(decision, decision.guest.actual)


def waiting(decision: Decision) -> bool:
    """Whether it has not even been told to take all of it, because the host cannot spare so much."""
    return releasing(decision) and _missing(decision, decision.target)


def _missing(decision: Decision, size: int | None) -> bool:
    maximum = decision.guest.maximum or 0
    return maximum - (size or 0) >= max(_LEAST, maximum // _PART)


def progress(decisions: Sequence[Decision]) -> str:
    """Return how it goes with these guests that grow back; the text is the same while nothing is moved."""
    late = [each for each in decisions if waiting(each)]
    if not late:
        return f"{_guests(decisions)} whose policy was removed: growing back to the maximum"
    lacks = sum((each.guest.maximum or 0) - (each.target or 0) for each in late)
    size = format_size(round(lacks / MIB) * MIB)
    return f"{_guests(late)} whose policy was removed: waiting until the host can spare {size} more"


def _guests(decisions: Sequence[Decision]) -> str:
    return f"{len(decisions)} guest{'' if len(decisions) == 1 else 's'}"
