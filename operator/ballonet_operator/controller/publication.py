"""When a status is worth a write. Pure: the time is an argument."""

from dataclasses import dataclass
from typing import Final

from ballonet.manifests.v1alpha1_status import PolicyStatus

SHORTEST: Final = 2.0
"""Seconds from one write of a policy's status to the next, whatever changes."""
CALM: Final = 15.0
"""Seconds from one write to the next where only numbers and sentences changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Our last write of a policy's status.

    Attributes:
        at: when, by the clock of ``due``.
        sent: what we asked for.
        stored: what the API server made of it; an older CRD drops fields that it does not know.
    """

    at: float
    sent: PolicyStatus
    stored: PolicyStatus


def due(seen: PolicyStatus, found: PolicyStatus, written: Written | None) -> float | None:
    """Return when a status is to be written; None where the API server has it already.

    Args:
        seen: the status as last seen on the API server.
        found: the status as it should be.
        written: our last write; None means never.
    """
    if seen == found:
        return None
    if written is None:
        return float("-inf")
    if (seen, found) == (written.stored, written.sent):
        return None
    return written.at + (CALM if _shape(seen) == _shape(found) else SHORTEST)


def _shape(status: PolicyStatus) -> object:
    """Return what a program would act on, and what people wait for."""
    conditions = {
        (each.type, each.status, each.reason, each.observed_generation) for each in status.conditions
    }
    return status.observed_generation, conditions
