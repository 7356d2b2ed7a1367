"""What the planner remembers of earlier cycles, as immutable values.

Nothing here is needed to be right: after a restart every field is rediscovered from what the guests show
(the target is what a guest has, the peak is its need). That is why there is no state file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ballonet.guest import Guest


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What ``balloon.current`` said at one moment."""

    at: float
    actual: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one statistics sample came to: ``use`` in balloon units, and the counters behind the rates."""

    timestamp: float
    use: int
    major_faults: int | None
    swap_in: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One guest's past.

    Attributes:
        target: what was last asked of the guest, or adopted from what it had.
        reached: the guest has been at this target.
        ceiling: a size that somebody set by hand; no spare memory is given beyond it.
        managed: a policy has owned the guest, so its removal lets it grow back.
        trail: the last few readings of the balloon, oldest first.
        at_rest: (actual, total) of the last sample that was taken while the balloon stood still.
        share: actual - total at rest, once it is known that the guest's total follows the balloon.
        report, previous: the last two distinct samples.
        peak, peak_at: the decaying peak and when it was computed.
        distance, progressed_at: the smallest distance to the target so far, and when it last shrank.
        stuck_until, patience: left out until then; the next time for this many seconds.
    """

    target: int
    reached: bool = True
    ceiling: int | None = None
    managed: bool = False
    trail: tuple[Reading, ...] = ()
    at_rest: tuple[int, int] | None = None
    share: int | None = None
    report: Report | None = None
    previous: Report | None = None
    peak: float = 0.0
    peak_at: float = 0.0
    distance: int = 0
    progressed_at: float = 0.0
    stuck_until: float = 0.0
    patience: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The past of every guest that is still listed, by uuid, and the host's swap counter."""

    guests: Mapping[str, Past] = field(default_factory=dict)
    swapped_out: int | None = None
    seen_at: float = 0.0

    def commanded(self, guest: Guest, target: int, now: float) -> "History":
        """Return the history after ``target`` was really set for the guest."""
        past = self.guests[guest.uuid]
        distance = abs((guest.actual if guest.actual is not None else target) - target)
        ceiling = None if past.ceiling is not None and target > past.ceiling else past.ceiling
        moved = replace(
            past, target=target, reached=False, distance=distance, progressed_at=now, ceiling=ceiling
        )
        return replace(self, guests={**self.guests, guest.uuid: moved})
