"""How many Kubernetes Events an agent makes: each trouble of a guest seldom, and all together few.

Pure. Events are stored in etcd for an hour, and thousands of agents may have something to tell at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ballonet_operator.node.host_events import HostEvent

SELDOM: Final = 600.0
"""Seconds between two Events of one reason and guest."""
_BURST: Final = 10.0
_REFILL: Final = 60.0
"""Seconds per Event in the long run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRate:
    """Which Events are let through. Times are those of the Events, seconds since the epoch.

    Attributes:
        told: when an Event of this reason and guest was let through.
        open: troubles that were told and whose end was not.
        left: how many may follow at once, at ``counted_at``.
        dropped: how many were held back since the last one was let through.
    """

    told: Mapping[tuple[str, str], float] = field(default_factory=dict)
    open: frozenset[tuple[str, str]] = frozenset()
    left: float = _BURST
    counted_at: float | None = None
    dropped: int = 0

    def admit(self, event: HostEvent) -> "tuple[EventRate, HostEvent | None]":
        """Return the rate after this Event, and the Event unless it is held back."""
        if event.recovery_of and (event.recovery_of, event.subject) not in self.open:
            return self, None  # The trouble was not told, so that its end would only confuse.
        left = self._left(event.at)
        if left < 1 or not self._due(event):
            return self._after(event, left, passed=False), None
        return self._after(event, left - 1, passed=True), event._replace(message=self._message(event))

    def _left(self, at: float) -> float:
        passed = 0.0 if self.counted_at is None else max(0.0, at - self.counted_at)
        return min(_BURST, self.left + passed / _REFILL)

    def _due(self, event: HostEvent) -> bool:
        if event.recovery_of:
            return True
        told = self.told.get((event.reason, event.subject))
        return told is None or abs(event.at - told) >= SELDOM

    def _after(self, event: HostEvent, left: float, *, passed: bool) -> "EventRate":
        told = {key: at for key, at in self.told.items() if abs(event.at - at) < SELDOM}
        trouble = (event.recovery_of or event.reason, event.subject)
        still = self.open
        if event.recovery_of:
            still = still - {trouble}
        elif passed:
            still, told = still | {trouble}, told | {trouble: event.at}
        dropped = 0 if passed else self.dropped + 1
        return EventRate(told=told, open=still, left=left, counted_at=event.at, dropped=dropped)

    def _message(self, event: HostEvent) -> str:
        if not self.dropped:
            return event.message
        return f"{event.message} ({self.dropped} earlier ones were left out, to tell not too much)"
