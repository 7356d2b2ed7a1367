"""How large the demo is: the textbook's sizes where the machine allows them, smaller ones where not."""

from dataclasses import dataclass
from typing import Final

from ballonet.errors import ConfigError
from ballonet.quantity import GIB, MIB, format_size

# The textbook: six guests that were promised 12 GiB share 8; three of them are busy at any time.
NAMES: Final = ("A", "B", "C", "D", "E", "F")
EARLY: Final = ("D", "E", "F")  # Busy first,
LATE: Final = ("A", "B", "C")  # and after the roles have swapped.
LARGEST: Final = 2 * GIB
SMALLEST: Final = 512 * MIB  # A guest with less has no room for a load that is worth showing.
_GUESTS_PER_BUDGET: Final = 4  # 8 GiB for guests of 2 GiB.
# The machine's own needs, QEMU's overhead, and the programs of the demo.
_BESIDE: Final = 1.25
# What the host holds for a guest that has done nothing but boot: its kernel, and QEMU.
_BOOTED: Final = 256 * MIB
# A busy guest takes so much of its maximum, and an idle one keeps so much. A kernel takes a larger part of a
# small guest, and what an idle guest has left must last until the agent has seen that it works.
_LOAD_PERCENT, _FLOOR_PERCENT = 70, 25
_SMALL_LOAD_PERCENT, _SMALL_FLOOR_PERCENT = 50, 40
# No balloon can follow a load that outruns the cycle.
_SECONDS_OF_LOAD: Final = 35


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The demo's sizes, in bytes.

    Attributes:
        maximum: what each guest was promised.
        why: why it is not the textbook's, a part of a sentence; empty where it is.
    """

    maximum: int
    why: str = ""

    @property
    def budget(self) -> int:
        """What all guests together may use of the host."""
        return _GUESTS_PER_BUDGET * self.maximum

    @property
    def promised(self) -> int:
        """What the guests were promised together."""
        return len(NAMES) * self.maximum

    @property
    def load(self) -> int:
        """What a busy guest takes and keeps."""
        percent = _SMALL_LOAD_PERCENT if self.small else _LOAD_PERCENT
        return self.maximum * percent // 100 // MIB * MIB

    @property
    def small(self) -> bool:
        """Whether it is smaller than the textbook's."""
        return self.maximum < LARGEST

    @property
    def floor_percent(self) -> int:
        """What an idle guest keeps of its maximum, by the policy."""
        return _SMALL_FLOOR_PERCENT if self.small else _FLOOR_PERCENT

    @property
    def touched(self) -> int:
        """What an idle guest uses once, before there is an agent that keeps the budget."""
        room = (self.budget - len(NAMES) * _BOOTED) * 9 // 10
        return min(self.load, room // len(LATE) // MIB * MIB)

    @property
    def needed(self) -> int:
        """What the machine must have available before it starts."""
        return int(self.budget * _BESIDE)

    @property
    def rate(self) -> int:
        """The bytes per second at which a load grows: what a squeezed guest without swap can stand."""
        return self.load // _SECONDS_OF_LOAD


def fitting(available: int, processors: int) -> Size:
    """Return the largest size that the machine can show within five minutes.

    Raises:
        ConfigError: not even the smallest one fits.
    """
    size = Size(maximum=LARGEST)
    if processors < 2:
        size = Size(maximum=LARGEST // 2, why="this machine has only one processor")
    while size.needed > available:
        if size.maximum == SMALLEST:
            raise ConfigError(
                f"the smallest demo needs {format_size(size.needed)} of available memory, and this machine"
                f" has {format_size(available)}: end something else, or run it on a larger machine"
            )
        size = Size(
            maximum=size.maximum // 2, why=f"this machine has only {format_size(available)} available"
        )
    return size


def chosen(maximum: int, available: int) -> Size:
    """Return the size that a person asked for.

    Raises:
        ConfigError: it is out of range, or the machine has not enough memory available.
    """
    if not SMALLEST <= maximum <= LARGEST:
        raise ConfigError(
            f"--guest-memory {format_size(maximum)} is out of range:"
            f" use {format_size(SMALLEST)} to {format_size(LARGEST)}"
        )
    size = Size(maximum=maximum // MIB * MIB, why="--guest-memory says so" if maximum < LARGEST else "")
    if size.needed > available:
        raise ConfigError(
            f"guests of {format_size(maximum)} need {format_size(size.needed)} of available memory, and this"
            f" machine has {format_size(available)}: name a smaller --guest-memory, or none"
        )
    return size
