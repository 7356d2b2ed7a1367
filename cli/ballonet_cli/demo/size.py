"""How large the demo is: the textbook's sizes where the machine allows them, halved as often as it does not."""

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
# A busy guest takes this much of its maximum; with its kernel's own it then needs four fifths.
_LOAD_PERCENT: Final = 70
# No balloon can follow a load that outruns the cycle. An idle guest rests at a quarter of its maximum, of which
# a good half is usable, and a cycle and a statistics period pass before it can grow: 4 seconds and a half.
_SECONDS_OF_LOAD: Final = 22


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
        return self.maximum * _LOAD_PERCENT // 100 // MIB * MIB

    @property
    def needed(self) -> int:
        """What the machine must have available before it starts."""
        return int(self.budget * _BESIDE)

    def rate(self, *, emulated: bool) -> int:
        """Return the bytes per second at which a load grows; 0: as fast as the guest can.

        An emulated guest of the textbook's size writes some 85 MiB/s and is not slowed down further.
        """
        return 0 if emulated and self.maximum >= LARGEST else self.load // _SECONDS_OF_LOAD


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
                f"the smallest demo needs {format_size(size.needed)} of available memory, and this machine has"
                f" {format_size(available)}: end something else, or run it on a larger machine"
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
    size = Size(
        maximum=maximum // MIB * MIB, why="--guest-memory says so" if maximum < LARGEST else ""
    )
    if size.needed > available:
        raise ConfigError(
            f"guests of {format_size(maximum)} need {format_size(size.needed)} of available memory, and this"
            f" machine has {format_size(available)}: name a smaller --guest-memory, or none"
        )
    return size
