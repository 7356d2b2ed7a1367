"""What the host's kernel said about its memory, as a value. All sizes are bytes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure:
    """One line of /proc/pressure/memory: the percentage of time that tasks waited for memory.

    https://docs.kernel.org/accounting/psi.html; ``total`` is in seconds here.
    """

    avg10: float
    avg60: float
    avg300: float
    total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The host at one instant.

    Attributes:
        total: MemTotal.
        available: MemAvailable.
        some, full: memory pressure; None where the kernel has no PSI.
        swapped_out: bytes written to swap since boot (pswpout); None where unknown.
        budget: the most that guests together may use of this host; None: all of it.
    """

    name: str
    total: int
    available: int
    some: Pressure | None = None
    full: Pressure | None = None
    swapped_out: int | None = None
    budget: int | None = None

    @property
    def memory(self) -> int:
        """What percentages of host memory refer to: the budget where there is one."""
        return min(self.total, self.budget) if self.budget is not None else self.total
