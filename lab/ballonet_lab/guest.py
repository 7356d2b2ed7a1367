"""One guest of the lab, seen from outside and, over its serial line, from inside."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet.quantity import KIB
from ballonet_lab.console import Console
from ballonet_lab.domain import GuestSpec
from ballonet_lab.errors import LabError
from ballonet_lab.virsh import Virsh

# Six guests that boot at once on two slow processors have taken 20 seconds.
BOOT_PATIENCE: Final = 120.0
_PATIENCE: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestMemory:
    """A guest's own ``/proc/meminfo``, in bytes."""

    total: int
    free: int
    available: int
    swap_total: int
    swap_free: int


@dataclass(slots=True)
class LabGuest:
    """A real Linux guest under QEMU."""

    spec: GuestSpec
    _virsh: Virsh
    _console: Console
    _pid_file: Path

    @property
    def name(self) -> str:
        """Its libvirt name."""
        return self.spec.name

    @property
    def pid(self) -> int:
        """The process id of its QEMU.

        Raises:
            LabError: it does not run.
        """
        try:
            return int(self._pid_file.read_text())
        except FileNotFoundError as error:
            raise LabError(f"guest {self.name} does not run") from error

    def run(self, command: str, *, timeout: float = _PATIENCE) -> str:
        """Run a shell command in the guest and return everything it printed.

        Raises:
            LabError: its exit status is not 0, or the guest does not answer in time.
        """
        status, output = self._console.run(command, timeout)
        if status != 0:
            raise LabError(f"guest {self.name}: {command!r} ended with {status}: {output.strip()}")
        return output

    def wait_ready(self, timeout: float = BOOT_PATIENCE) -> None:
        """Wait until it takes commands and, where it will ever report statistics, has reported some.

        Raises:
            LabError: it does not within ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        self._console.wait_ready(timeout)
        while self.spec.reports_statistics and "usable" not in self._virsh.memory_statistics(self.name):
            if time.monotonic() > deadline:
                raise LabError(f"guest {self.name} reported no statistics within {timeout:g} s")
            time.sleep(0.1)

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

    def freeze(self) -> None:
        """Stop its QEMU, as a storage that hangs does: libvirt's monitor gets no answer any more."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen QEMU go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Kill its QEMU, as the host's OOM killer does."""
        os.kill(self.pid, signal.SIGKILL)

    def destroy(self) -> None:
        """Turn it off, and forget it where libvirt keeps its definition."""
        self._console.close()
        self._virsh.run("destroy", self.name)
        if self.spec.persistent:
            self._virsh.run("undefine", self.name)
