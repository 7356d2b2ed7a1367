"""libvirt by its own command line, so that the lab shares no code with what it tests."""

from dataclasses import dataclass

from ballonet.quantity import KIB
from ballonet_lab.programs import run_program


@dataclass(frozen=True, slots=True)
class Virsh:
    """Commands to one libvirtd."""

    uri: str

    def run(self, *arguments: str, timeout: float = 60) -> str:
        """Run ``virsh`` and return what it printed.

        Raises:
            LabError: it failed.
        """
        return run_program("virsh", "--quiet", "--connect", self.uri, *arguments, timeout=timeout)

    def guests(self, *which: str) -> list[str]:
        """Return the names of the guests that run, or of others, as the options of ``virsh list`` say."""
        return self.run("list", "--name", *which).split("\n")

    def memory_statistics(self, guest: str) -> dict[str, int]:
        """Return what ``virsh dommemstat`` says about a guest, sizes as it prints them, in KiB."""
        lines = self.run("dommemstat", guest).splitlines()
        return {name: int(value) for name, _, value in (line.partition(" ") for line in lines if line)}

    def set_memory(self, guest: str, size: int) -> None:
        """Ask a running guest for another balloon size, in bytes."""
        self.run("setmem", guest, str(size // KIB), "--live")
