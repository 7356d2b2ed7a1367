"""Conditions by Kubernetes' API conventions: when a status changed stays, whatever else is said anew."""

from collections.abc import Iterable
from datetime import UTC, datetime

from ballonet.manifests.v1alpha1_status import LONGEST_MESSAGE, Condition, Truth


def timestamp(now: float) -> str:
    """Return seconds since the epoch as Kubernetes writes a moment: UTC, whole seconds."""
    return datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def condition(
    kind: str, reason: str, message: str = "", *, holds: bool | None, generation: int | None = None
) -> Condition:
    """Return a condition that has no transition time yet; ``holds`` is None where it is unknown."""
    truths = {True: Truth.TRUE, False: Truth.FALSE, None: Truth.UNKNOWN}
    return Condition(
        type=kind,
        status=truths[holds],
        observed_generation=generation,
        last_transition_time="",
        reason=reason,
        message=message[:LONGEST_MESSAGE],
    )


def carried(before: Iterable[Condition], found: Iterable[Condition], *, now: float) -> tuple[Condition, ...]:
    """Return what was found, each with the time of its last change of status.

    Args:
        before: the conditions as last written.
        found: the conditions as they are, without times.
        now: seconds since the epoch.
    """
    known = {each.type: each for each in before}
    return tuple(
        each.model_copy(update={"last_transition_time": _since(known.get(each.type), each, now)})
        for each in found
    )


def _since(old: Condition | None, new: Condition, now: float) -> str:
    same = old is not None and old.status == new.status and old.last_transition_time
    return same or timestamp(now)
