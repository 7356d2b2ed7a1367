"""Real guests on a private libvirtd: for the demo, the tests and the benchmarks."""

from ballonet_lab.domain import GuestSpec
from ballonet_lab.errors import LabError
from ballonet_lab.guest import GuestMemory, LabGuest
from ballonet_lab.lab import Boot, Lab
from ballonet_lab.load import Load
from ballonet_lab.patience import eventually
from ballonet_lab.qemu import Qemu
from ballonet_lab.small_host import small_host

__all__ = [
    "Boot",
    "GuestMemory",
    "GuestSpec",
    "Lab",
    "LabError",
    "LabGuest",
    "Load",
    "Qemu",
    "eventually",
    "small_host",
]
