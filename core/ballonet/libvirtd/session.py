"""What reading needs of a connection to libvirt, as a protocol, and the values that cross it.

``hypervisor`` has the one implementation; everything else that reads knows only this.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ballonet.libvirtd.domain_stats import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One domain of a listing; ``running`` is its libvirt id, None where it has no process."""

    uuid: str
    name: str
    running: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom a session talks to: for example ``QEMU``, and on which host."""

    hypervisor: str
    hypervisor_version: str
    libvirt_version: str
    host_name: str


class Session(Protocol):
    """The libvirt calls that reading needs. Each blocks for as long as libvirt wants."""

    @property
    def identity(self) -> Identity:
        """Whom it talks to, asked once when it was opened."""

    def domains(self) -> list[Domain]:
        """Return all domains, active and inactive."""

    def statistics(self, domains: Sequence[Domain]) -> dict[str, Record]:
        """Return the state and balloon records by uuid; a vanished guest has none."""

    def summary(self, domain: Domain) -> Record:
        """Return what libvirt knows of one guest without asking its QEMU, in the same form."""

    def xml(self, domain: Domain) -> str:
        """Return the domain's XML."""

    def close(self) -> None:
        """Close it; no call may be running."""


def version_text(number: int) -> str:
    """Return a version as people write it; libvirt packs 9.0.0 into 9000000."""
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
