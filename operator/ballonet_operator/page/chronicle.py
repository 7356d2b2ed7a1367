"""The last moves: of the host in order, and the last one of each guest. Bounded, and never on disk."""

from collections import deque
from collections.abc import Mapping
from typing import Final, NamedTuple

from ballonet.reason import Reason
from ballonet_operator.report import Report

RECENT: Final = 50


class Made(NamedTuple):
    """One move that was really made.

    Attributes:
        at: when its cycle began, seconds since the epoch.
    """

    at: float
    uuid: str
    guest: str
    policy: str | None
    before: int
    after: int
    reason: Reason

    @property
    def grown(self) -> bool:
        """Whether the guest got memory."""
        return self.after > self.before


class Chronicle:
    """Collects moves from reports. Not thread-safe: the board that holds it is."""

    def __init__(self) -> None:
        self._recent: deque[Made] = deque(maxlen=RECENT)
        self._last: dict[str, Made] = {}

    def record(self, report: Report) -> None:
        """Take note of a cycle's moves; what is known of guests that are gone is forgotten."""
        if report.plan is not None:
            there = {decision.guest.uuid for decision in report.decisions}
            self._last = {uuid: made for uuid, made in self._last.items() if uuid in there}
        for move in report.moves():
            made = Made(
                at=report.at,
                uuid=move.guest.uuid,
                guest=move.guest.name,
                policy=move.policy,
                before=move.current,
                after=move.target,
                reason=move.reason,
            )
            self._recent.append(made)
            self._last[made.uuid] = made

    def recent(self) -> tuple[Made, ...]:
        """Return the last moves, the newest first."""
        return tuple(reversed(self._recent))

    def last(self) -> Mapping[str, Made]:
        """Return the last move of each guest by uuid; the mapping is a copy."""
        return dict(self._last)
