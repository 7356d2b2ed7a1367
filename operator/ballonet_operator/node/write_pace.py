"""Whether a host's status is worth a write, and when.

Pure. Thousands of agents write into one etcd, so an agent at rest writes nothing, and one at work what a
person can still read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from ballonet.errors import ConfigError
from ballonet.manifests.v1alpha1_host import HostStatus
from ballonet.quantity import MIB, parse_size

_AVAILABLE: Final = 20
"""Available memory is news when it moved by more than this part of the total: it never stands still."""
_SUM: Final = 50
"""What guests need and gave together wavers; less than this part of the total is no news."""
_GUEST: Final = 16 * MIB
"""A guest's size wavers where its balloon cannot reach its target; as much as a move would have to make."""
_NO_NEWS: Final = {"actual": None, "last_move": None}
"""Of a guest: its size may move a little, and a move comes with another target or reason anyway."""
_SAVED: Final = 3.0
"""Writes that may come early, before the interval is over; each is made up for later, one per interval."""


class _Size(NamedTuple):
    """A size that may move a little.

    Attributes:
        slack: by how much.
        appears: that there is any at all is news as well.
    """

    size: int
    slack: float
    appears: bool = True


def differs(now: HostStatus, written: HostStatus) -> bool:
    """Whether the status differs from the one last written in what matters."""
    if _exact(now) != _exact(written):
        return True
    before = dict(_sizes(written))
    return any(_moved(size, before[key]) for key, size in _sizes(now))


def _exact(status: HostStatus) -> tuple[object, ...]:
    """Return what has to be the same to the letter; guests are in the order of sizes, which is no news."""
    rest: dict[str, object] = {"memory": status.memory.total, "reclaimed": "", "overcommitted": ""}
    policies = [each.model_copy(update={"reclaimed": ""}) for each in status.observed_policies]
    guests = {each.uuid: each.model_copy(update=_NO_NEWS) for each in status.details}
    return status.model_copy(update=rest | {"details": (), "observed_policies": ()}), policies, guests


def _sizes(status: HostStatus) -> Iterator[tuple[tuple[str, str], _Size]]:
    total = _bytes(status.memory.total)
    yield ("available", ""), _Size(_bytes(status.memory.available), total / _AVAILABLE, appears=False)
    yield ("overcommitted", ""), _Size(_bytes(status.overcommitted), total / _SUM)
    yield ("reclaimed", ""), _Size(_bytes(status.reclaimed), total / _SUM)
    for policy in status.observed_policies:
        yield ("policy", policy.name), _Size(_bytes(policy.reclaimed), total / _SUM)
    for guest in status.details:
        yield ("guest", guest.uuid), _Size(_bytes(guest.actual or "0"), _GUEST)


def _moved(now: _Size, before: _Size) -> bool:
    appeared = now.appears and bool(now.size) != bool(before.size)
    return appeared or abs(now.size - before.size) > now.slack


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
