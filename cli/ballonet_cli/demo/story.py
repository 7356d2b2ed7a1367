"""What happened in the demo, as it is told afterwards. No I/O, no clock."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ballonet.errors import BallonetError
from ballonet.quantity import format_size
from ballonet_cli.demo.picture import Picture


class Unmet(BallonetError):  # noqa: N818 - named for the state, as the errors of the core are.
    """Something that the demo shows did not happen; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One of the pictures that the final table keeps, and which guests were busy then."""

    name: str
    picture: Picture
    busy: frozenset[str]


@dataclass(slots=True, kw_only=True)
class Wait:
    """How long a guest that began to work waited for memory, in seconds.

    Attributes:
        began: by the monotonic clock.
        wrote: from the beginning until all of its load was written; None: it never was.
        served: from the beginning until it had what it needs, seen in a report of its driver that is younger
            than the end of its write, and in a decision of the agent that is.
        short: time in which it had less than the agent said it needs.
    """

    guest: str
    began: float
    wrote: float | None = None
    served: float | None = None
    short: float = 0.0


@dataclass(slots=True, kw_only=True)
class Story:
    """All of it.

    Attributes:
        highest: the largest sum of min(resident, actual) that was seen.
        looks: how often the sum was complete.
        killed: guests whose OOM killer acted; None where nobody looked.
        failure: why it did not work; empty where it did.
    """

    budget: int
    moments: list[Moment] = field(default_factory=list)
    waits: dict[str, Wait] = field(default_factory=dict)
    highest: int = 0
    looks: int = 0
    killed: tuple[str, ...] | None = None
    failure: str = ""
    _last: Picture | None = None

    def watch(self, picture: Picture) -> None:
        """Take note of a picture.

        Raises:
            Unmet: the guests use more than the budget.
        """
        self._add_shortage(picture)
        self._last = picture
        if picture.held is None:
            return
        self.looks += 1
        self.highest = max(self.highest, picture.held)
        over = picture.held - self.budget
        if over > 0:
            raise Unmet(
                f"the guests use {format_size(picture.held)} of the host (sum of min(resident, actual)),"
                f" {format_size(over)} more than the budget of {format_size(self.budget)}"
            )

    def _add_shortage(self, picture: Picture) -> None:
        if self._last is None:
            return
        for name in self._waiting():
            guest = picture.guests[name]
            if guest.need is not None and guest.actual is not None and guest.actual < guest.need:
                self.waits[name].short += picture.at - self._last.at

    def _waiting(self) -> Iterable[str]:
        return (name for name, wait in self.waits.items() if wait.served is None)

    def keep(self, name: str, picture: Picture, busy: Iterable[str]) -> None:
        """Keep a picture for the final table."""
        self.moments.append(Moment(name=name, picture=picture, busy=frozenset(busy)))

    def lacking(self) -> list[str]:
        """Return a phrase for every guest that was busy in the last moment and had not what it needs."""
        if not self.moments:
            return []
        last = self.moments[-1]
        guests = (last.picture.guests[name] for name in sorted(last.busy))
        return [
            f"{guest.name} has {_size(guest.actual)} of the {_size(guest.need)} that it needs"
            for guest in guests
            if not guest.satisfied
        ]

    def conclusion(self) -> str:
        """Return why it did not work, in one line; empty where it did."""
        if self.killed:
            return f"the OOM killer acted inside {' '.join(self.killed)}: the memory came too late"
        return self.failure or "; ".join(self.lacking())


def _size(size: int | None) -> str:
    return "an unknown part" if size is None else format_size(size)
