"""Whether a host's status is worth a write, and when.

Pure. Thousands of agents write into one etcd, so an agent at rest writes nothing, and one at work what a
person can still read.
"""

from dataclasses import dataclass, replace
from typing import Final

from ballonet.errors import ConfigError
from ballonet.manifests.v1alpha1_host import HostMemory, HostStatus
from ballonet.quantity import parse_size

_AVAILABLE: Final = 20
"""Available memory is news when it moved by more than this part of the total: it never stands still."""
_OVERCOMMITTED: Final = 50
"""What guests need changes with every sample of theirs; less than this part of the total is no news."""
_SAVED: Final = 3.0
"""Writes that may come early, before the interval is over; each is made up for later, one per interval."""


def differs(now: HostStatus, written: HostStatus) -> bool:
    """Whether the status differs from the one last written in what matters."""
    if _exact(now) != _exact(written):
        return True
    total = _bytes(now.memory.total)
    was, has = _bytes(written.overcommitted), _bytes(now.overcommitted)
    if abs(has - was) * _OVERCOMMITTED > total or bool(has) != bool(was):
        return True
    return abs(_bytes(now.memory.available) - _bytes(written.memory.available)) * _AVAILABLE > total


def _exact(status: HostStatus) -> HostStatus:
    """Return what has to be the same to the letter."""
    memory = HostMemory(total=status.memory.total)
    return status.model_copy(update={"memory": memory, "overcommitted": "0"})


def _bytes(text: str) -> int:
    """Return the bytes of a size in a status, which may have been written by something else."""
    negative = text.startswith("-")
    try:
        size = parse_size(text.removeprefix("-"))
    except ConfigError:
        return 0
    return -size if negative else size


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """When the next write may come. All times are of one steady clock, in seconds.

    In any stretch of time there are at most as many writes as it has intervals, and ``_SAVED`` more.

    Attributes:
        interval: between two looks, and so between two writes, while no condition changes.
        looked_at: when the status was last compared or written; None before.
        saved: how many writes may come at once, at ``counted_at``.
    """

    interval: float
    looked_at: float | None = None
    saved: float = _SAVED
    counted_at: float = 0.0

    def delay(self, now: float, *, early: bool) -> float:
        """Return for how long to wait before the next look; 0 when the time has come."""
        lacking = max(0.0, (1.0 - self._saved(now)) * self.interval)
        if early or self.looked_at is None:
            return lacking
        return max(lacking, self.looked_at + self.interval - now)

    def looked(self, now: float) -> "Pace":
        """Return the pace after a look that found nothing to write."""
        return replace(self, looked_at=now)

    def written(self, now: float) -> "Pace":
        """Return the pace after a write."""
        return replace(self, looked_at=now, saved=self._saved(now) - 1.0, counted_at=now)

    def _saved(self, now: float) -> float:
        return min(_SAVED, self.saved + (now - self.counted_at) / self.interval)
