"""What the planner remembers of earlier cycles, as immutable values.

Nothing here is needed to be right: after a restart every field is rediscovered from what the guests show
(the target is what a guest has, the peak is its need). That is why there is no state file.

What is made anew for every guest in every cycle is a named tuple, which costs a third of a frozen dataclass.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ballonet.guest import Guest


class Reading(NamedTuple):
    """What ``balloon.current`` said at one moment."""

    at: float
    actual: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a guest follows its target.

    Attributes:
        target: what was last asked of the guest, or adopted from what it had.
        reached: the guest has been at this target.
        asked: the last size that Ballonet itself set, and when; None before the first.
        ceiling: a size that somebody set by hand; no spare memory is given beyond it.
        distance: the smallest distance to the target so far.
        progressed_at: when that distance last shrank.
        stuck_until: left out until then.
        patience: how long it will be left out the next time it is stuck, in seconds.
    """

    target: int
    reached: bool = True
    asked: int | None = None
    asked_at: float = 0.0
    ceiling: int | None = None
    distance: int = 0
    progressed_at: float = 0.0
    stuck_until: float = 0.0
    patience: float = 60.0


class Report(NamedTuple):
    """What one statistics sample came to.

    Attributes:
        use: what the guest could not give up, in balloon units.
        exact: ``use`` is right, not merely an upper bound because the balloon was moving.
        slope: by how many bytes per second use grows, or lately grew.
        major_faults, swap_in: the counters behind the rates.
    """

    timestamp: float
    use: int
    exact: bool
    slope: float
    major_faults: int | None
    swap_in: int | None


class Demand(NamedTuple):
    """What a guest's statistics have shown so far.

    Attributes:
        report, previous: the last two distinct samples.
        at_rest: (actual, total) of the last sample that was taken while the balloon stood still.
        follows: whether the guest's total follows its balloon; None until the balloon has moved.
        peak, peak_at: the decaying peak, and when it was computed.
    """

    report: Report | None = None
    previous: Report | None = None
    at_rest: tuple[int, int] | None = None
    follows: bool | None = None
    peak: float = 0.0
    peak_at: float = 0.0


class Past(NamedTuple):
    """One guest's past.

    Attributes:
        trail: the last few readings of the balloon, oldest first.
        resident: the last known resident size, for the cycles in which it cannot be read.
        managed: a policy has owned the guest, so the policy's removal lets it grow back.
    """

    course: Course
    demand: Demand = Demand()
    trail: tuple[Reading, ...] = ()
    resident: int | None = None
    managed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The past of every guest that is still listed, by uuid, and the host's swap counter."""

    guests: Mapping[str, Past] = field(default_factory=dict)
    swapped_out: int | None = None
    seen_at: float = 0.0

    def attempted(self, guest: Guest, target: int) -> "History":
        """Return the history after a call for ``target`` was given up, which libvirt may still carry out.

        If the guest comes to be there, nobody else has set it.
        """
        past = self.guests[guest.uuid]
        asked = past._replace(course=replace(past.course, asked=target))
        return replace(self, guests={**self.guests, guest.uuid: asked})

    def commanded(self, guest: Guest, target: int, now: float) -> "History":
        """Return the history after ``target`` was really set for the guest."""
        past = self.guests[guest.uuid]
        course = past.course
        has = guest.actual if guest.actual is not None else target
        outgrown = course.ceiling is not None and target > course.ceiling
        moved = replace(
            course,
            target=target,
            reached=False,
            asked=target,
            asked_at=now,
            ceiling=None if outgrown else course.ceiling,
            distance=abs(has - target),
            progressed_at=now,
        )
        return replace(self, guests={**self.guests, guest.uuid: past._replace(course=moved)})
