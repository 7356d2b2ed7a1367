"""A guest that is a real Linux, seen from inside as well, over its serial line."""

from dataclasses import dataclass, field
from itertools import count
from typing import Final

from ballonet.quantity import KIB
from ballonet_lab.console import Console
from ballonet_lab.domain import GuestSpec
from ballonet_lab.errors import LabError
from ballonet_lab.load import Load, release, start_load
from ballonet_lab.patience import eventually
from ballonet_lab.qemu import Qemu

# A guest boots in 2 seconds on a quiet machine, six at once on two processors in 7; tests may press hard.
BOOT_PATIENCE: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestMemory:
    """A guest's own ``/proc/meminfo``, in bytes."""

    total: int
    free: int
    available: int
    swap_total: int
    swap_free: int


@dataclass(slots=True)
class LabGuest(Qemu):
    """A real Linux guest under QEMU."""

    spec: GuestSpec
    console: Console
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def run(self, command: str, *, timeout: float = 60) -> str:
        """Run a shell command in the guest and return everything it printed.

        Raises:
            LabError: its exit status is not 0, or the guest does not answer in time.
        """
        status, output = self.console.run(command, timeout)
        if status != 0:
            raise LabError(f"guest {self.name}: {command!r} ended with {status}: {output.strip()}")
        return output

    def wait_ready(self, timeout: float = BOOT_PATIENCE) -> None:
        """Wait until it takes commands and, where it will ever report statistics, has reported some.

        Raises:
            LabError: it does not within ``timeout`` seconds.
        """
        self.console.wait_ready(timeout)
        if self.spec.reports_statistics:
            reported = f"guest {self.name} reported statistics"
            eventually(lambda: "usable" in self.memory_statistics(), reported, within=timeout, every=0.2)

    def free(self) -> GuestMemory:
        """Return what the guest itself says about its memory."""
        lines = self.run("cat /proc/meminfo").splitlines()
        table = {
            name: int(rest.split()[0]) * KIB for name, _, rest in (line.partition(":") for line in lines)
        }
        return GuestMemory(
            total=table["MemTotal"],
            free=table["MemFree"],
            available=table["MemAvailable"],
            swap_total=table["SwapTotal"],
            swap_free=table["SwapFree"],
        )

    def kernel_log(self) -> str:
        """Return the guest's own kernel log."""
        return self.run("dmesg")

    def killed_for_memory(self) -> bool:
        """Whether the guest's OOM killer has ended a process since it booted."""
        return "Out of memory: Killed process" in self.kernel_log()

    def hold_memory(self, size: int, *, timeout: float = 300) -> Load:
        """Write so many bytes of the guest's memory and keep them; further calls take more.

        Raises:
            LabError: the guest has no memory for it, or takes longer than ``timeout`` seconds.
        """
        load = self.start_load(size)
        load.wait(timeout)
        return load

    def start_load(
        self, size: int, *, anonymous: bool = False, rate: int = 0, touched_every: float = 0
    ) -> Load:
        """Begin to take memory and return at once.

        Args:
            size: bytes to take.
            anonymous: the memory of a process, which the guest's OOM killer can end. Otherwise it belongs to
                a tmpfs, and no kill frees it.
            rate: bytes per second; 0 takes it as fast as the guest can, some 100 MiB/s without KVM.
            touched_every: seconds after which anonymous memory is used again and again, so that a guest
                that has swapped it out must bring it back; 0 never. Costs processor time.
        """
        return start_load(
            self.console,
            next(self._numbers),
            size,
            anonymous=anonymous,
            rate=rate,
            touched_every=touched_every,
        )

    def release_memory(self) -> None:
        """Give everything back that loads have taken."""
        release(self.console, "*")

    def destroy(self) -> None:
        """Turn it off, and forget it where libvirt keeps its definition."""
        self.console.close()
        Qemu.destroy(self)
        if self.name in self.virsh.guests("--all"):
            self.virsh.run("undefine", self.name)
