"""Following a guest to its target, without a clock of its own: readings in, a verdict out."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from ballonet.quantity import MIB

# Closer than this is there: drivers stop within a few pages of what they were asked.
CLOSE: Final = MIB
# As the agent calls a guest stuck (control law): no progress for 10 s. QEMU updates the size once a second.
PATIENCE: Final = 10.0


class Verdict(Enum):
    """How the pursuit stands."""

    MOVING = "moving"
    REACHED = "reached"
    STUCK = "stuck"
    LATE = "late"
    GONE = "gone"


@dataclass(slots=True, kw_only=True)
class Pursuit:
    """One guest on its way from ``start`` to ``target``; sizes in bytes, times in seconds of one clock.

    Attributes:
        deadline: the moment at which the person no longer wants to wait.
    """

    start: int
    target: int
    begun: float
    deadline: float
    _nearest: int = field(init=False)
    _progressed_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._nearest = abs(self.start - self.target)
        self._progressed_at = self.begun

    def observe(self, actual: int | None, now: float) -> Verdict:
        """Take one reading (None: this one did not say) and return how the pursuit stands."""
        if actual is not None:
            distance = abs(actual - self.target)
            if distance <= CLOSE:
                return Verdict.REACHED
            if distance < self._nearest:
                self._nearest, self._progressed_at = distance, now
        if now - self._progressed_at >= PATIENCE:
            return Verdict.STUCK
        return Verdict.LATE if now >= self.deadline else Verdict.MOVING

    def fraction(self, actual: int) -> float:
        """Return how much of the way lies behind the guest, 0 to 1."""
        way = abs(self.start - self.target)
        return 1.0 if way == 0 else min(1.0, max(0.0, 1 - abs(actual - self.target) / way))
