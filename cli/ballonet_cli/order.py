"""The orders in which the live view can list its guests; each has the key that asks for it."""

from collections.abc import Iterable
from enum import StrEnum

from ballonet_cli.scene import Gauge


class Order(StrEnum):
    """What comes first."""

    NAME = "name"
    NEED = "need"
    ACTUAL = "actual"
    MAXIMUM = "maximum"
    SHORT = "short"  # Of what it needs.

    @property
    def key(self) -> str:
        """The key that sorts by it."""
        return "e" if self is Order.NEED else self.value[0]


def ordered(guests: Iterable[Gauge], order: Order) -> list[Gauge]:
    """Return the guests with the largest first, or by name; equal ones always by name, so that none jumps."""
    by_name = sorted(guests, key=lambda guest: guest.name)
    match order:
        case Order.NAME:
            return by_name
        case Order.ACTUAL:
            return sorted(by_name, key=lambda guest: -(guest.actual or 0))
        case Order.NEED:
            return sorted(by_name, key=lambda guest: -(guest.need or 0))
        case Order.SHORT:
            return sorted(by_name, key=lambda guest: -guest.gap)
        case Order.MAXIMUM:
            return sorted(by_name, key=lambda guest: -(guest.maximum or 0))
