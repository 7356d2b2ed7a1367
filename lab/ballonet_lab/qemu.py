"""A guest seen from outside: a domain of libvirt and the QEMU process behind it."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ballonet_lab.errors import LabError
from ballonet_lab.virsh import Virsh


@dataclass(slots=True)
class Qemu:
    """A running guest, whatever runs in it."""

    name: str
    virsh: Virsh
    pid_file: Path

    @property
    def pid(self) -> int:
        """The process id of its QEMU.

        Raises:
            LabError: it does not run.
        """
        try:
            return int(self.pid_file.read_text())
        except FileNotFoundError as error:
            raise LabError(f"guest {self.name} does not run") from error

    def freeze(self) -> None:
        """Stop its QEMU, as a storage that hangs does: libvirt's monitor gets no answer any more."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen QEMU go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Kill its QEMU, as the host's OOM killer does."""
        os.kill(self.pid, signal.SIGKILL)

    def set_memory(self, size: int) -> None:
        """Ask its balloon for another size, in bytes, as ``virsh setmem`` does."""
        self.virsh.set_memory(self.name, size)

    def memory_statistics(self) -> dict[str, int]:
        """Return what ``virsh dommemstat`` says about it; sizes are in KiB, as virsh prints them."""
        return self.virsh.memory_statistics(self.name)

    def destroy(self) -> None:
        """Turn it off, where it still runs. A guest that is not persistent ceases to exist."""
        with suppress(LabError, ProcessLookupError):
            self.thaw()  # A stopped QEMU does not hear libvirt's polite request.
        try:
            if self.name in self.virsh.guests():
                self.virsh.run("destroy", self.name)
        except LabError:
            if self.name in self.virsh.guests():  # Otherwise it ended by itself in between.
                raise
