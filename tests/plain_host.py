"""A plain Debian host with systemd, the project's package and a guest of the lab."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ballonet.quantity import KIB
from ballonet_lab import Lab, LabGuest, eventually
from ballonet_lab.debian import Machine

EXPORTER, AGENT = "ballonet-exporter", "ballonet-agent"
PORTS = {EXPORTER: 19177, AGENT: 19178}
_GET = """
import sys, urllib.request
try:
    with urllib.request.urlopen(sys.argv[1], timeout=10) as answer:
        sys.stdout.write(answer.read().decode())
except OSError as error:
    sys.stdout.write(f"{error}")
"""


@dataclass(frozen=True)
class PlainHost:
    """The host. Its libvirt is the lab's, whose sockets belong to whom they belong to on Debian."""

    machine: Machine
    lab: Lab
    guest: LabGuest
    bare: frozenset[str]

    def install(self, package: Path) -> str:
        """Install a package as an admin does, and say what dpkg said."""
        shutil.copy(package, self.machine.root / "srv/ballonet.deb")
        return self.machine.run("dpkg", "--force-confold", "--install", "/srv/ballonet.deb", timeout=120)

    def open_libvirt(self) -> None:
        """Give the writable socket to the group, and let libvirtd know the users of this host by name."""
        socket = self.lab.directory / "libvirt-sock"
        os.chown(socket, 0, int(self.machine.run("getent", "group", "libvirt").split(":")[2]))
        socket.chmod(0o770)
        process = self.lab._daemon._process
        assert process is not None
        for name in ("passwd", "group"):
            names = self.lab.directory / name
            names.write_text(self.machine.run("cat", f"/etc/{name}"))
            inside = ["nsenter", "--target", str(process.pid), "--mount"]
            subprocess.run([*inside, "mount", "--bind", names, f"/etc/{name}"], check=True)

    def get(self, unit: str, path: str = "/metrics") -> str:
        """Return a page of a service, or why it cannot be had."""
        url = f"http://127.0.0.1:{PORTS[unit]}{path}"
        return self.machine.run(sys.executable, "-I", "-c", _GET, url, outside=True)

    def settings(self, unit: str, *lines: str) -> None:
        """Add lines to the service's environment file."""
        with self.file(f"etc/default/{unit}").open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def file(self, name: str) -> Path:
        """Return a file of the host."""
        return self.machine.root / name

    def sees_the_guest(self) -> bool:
        """Whether the exporter reads it."""
        return f'ballonet_guest_balloon_actual_bytes{{guest="{self.guest.name}"}}' in self.get(EXPORTER)

    def size(self) -> int:
        """Return the guest's balloon as QEMU tells it."""
        return self.guest.memory_statistics()["actual"] * KIB

    def log(self, unit: str) -> list[dict[str, str]]:
        """Return the entries of the journal that a service wrote."""
        words = ("--no-pager", "--output", "json", "--unit", unit)
        return [json.loads(line) for line in self.machine.run("journalctl", *words).splitlines()]

    def await_active(self, unit: str) -> int:
        """Wait until a service is active, and return its process as it is numbered there."""
        eventually(
            lambda: self.machine.systemctl("is-active", unit, check=False) == "active", f"{unit} is active"
        )
        return int(self.machine.shows(unit, "MainPID"))


def files(root: Path) -> frozenset[str]:
    """Return what is there, but for what no package leaves alone: logs, caches, dpkg's own notes."""
    own = ("var/log", "var/cache", "var/lib/dpkg", "var/lib/systemd", "srv", "tmp", "var/tmp")
    apart = (*own, "proc", "sys", "dev", "run", ".outside")
    found: set[str] = set()
    for directory, names, leaves in os.walk(root):
        place = Path(directory).relative_to(root)
        names[:] = [name for name in names if str(place / name) not in apart]
        found |= {str(place / name) for name in (*names, *leaves)}
    return frozenset(found)
