"""The only module that imports libvirt: reading every guest in one bulk call, and moving memory."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final, TypeVar, cast

import libvirt

from ballonet.domain_stats import Record, guest_from
from ballonet.domain_xml import Facts, facts_from
from ballonet.errors import DeadlineExceeded, HypervisorUnreachable, Refused
from ballonet.guest import Guest, Overrides, State
from ballonet.quantity import KIB
from ballonet.workers import Workers, result_by

T = TypeVar("T")
_PAGE: Final = 4 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Every guest of one host at one instant, and whom we asked."""

    guests: tuple[Guest, ...]
    hypervisor: str
    hypervisor_version: str
    libvirt_version: str
    host_name: str


libvirt.registerErrorHandler(lambda *_: None, None)


def _version(number: int) -> str:
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


class Hypervisor:
    """A connection to one host's libvirt."""

    def __init__(self, uri: str, *, read_only: bool, deadline: float = 1.0) -> None:
        self._uri = uri
        self._read_only = read_only
        self._deadline = deadline
        self._workers = Workers()
        self._lock = threading.Lock()
        self._connection: libvirt.virConnect | None = None
        self._facts: dict[tuple[str, int], Facts] = {}

    def read(self, deadline: float | None = None) -> Survey:
        """Read every guest."""
        return self._run(self._survey, deadline, "reading the guests")

    def set_memory(self, guest: Guest, size: int) -> None:
        """Set the guest's balloon."""
        if self._read_only:
            raise Refused(f"cannot resize {guest.name}: the connection is read-only", cause="read_only")
        kib = size // _PAGE * 4
        self._run(
            lambda: self._open().lookupByUUIDString(guest.uuid).setMemoryFlags(kib, 1),
            None,
            f"resizing {guest.name}",
        )

    def set_statistics_period(self, guest: Guest, seconds: int) -> None:
        """Set how often the guest's driver reports."""
        self._run(
            lambda: self._open().lookupByUUIDString(guest.uuid).setMemoryStatsPeriod(seconds, 1),
            None,
            f"setting the statistics period of {guest.name}",
        )
        self._facts.clear()

    def set_overrides(self, guest: Guest, overrides: Overrides) -> None:
        """Write the guest's metadata."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run(self, call: Callable[[], T], deadline: float | None, what: str) -> T:
        until = time.monotonic() + (deadline or self._deadline)
        future: Future[T] = self._workers.start(call)
        try:
            return result_by(future, until, what)
        except DeadlineExceeded as error:
            raise HypervisorUnreachable(str(error)) from error
        except libvirt.libvirtError as error:
            self._connection = None
            raise HypervisorUnreachable(f"{what}: {error}") from error

    def _open(self) -> libvirt.virConnect:
        with self._lock:
            if self._connection is None:
                opener = libvirt.openReadOnly if self._read_only else libvirt.open
                self._connection = opener(self._uri)
            return self._connection

    def _survey(self) -> Survey:
        connection = self._open()
        domains = connection.listAllDomains(0)
        active = [domain for domain in domains if domain.ID() != -1]
        records = connection.domainListGetStats(active, 5, 1 << 29) if active else []
        guests = [self._guest(domain, cast("Record", record)) for domain, record in records]
        guests += [
            Guest(uuid=domain.UUIDString(), name=domain.name(), state=State.SHUT_OFF)
            for domain in domains
            if domain.ID() == -1
        ]
        return Survey(
            guests=tuple(guests),
            hypervisor=str(connection.getType()),
            hypervisor_version=_version(connection.getVersion()),
            libvirt_version=_version(connection.getLibVersion()),
            host_name=str(connection.getHostname()),
        )

    def _guest(self, domain: libvirt.virDomain, record: Record) -> Guest:
        key = (str(domain.UUIDString()), int(domain.ID()))
        if key not in self._facts:
            self._facts[key] = facts_from(str(domain.XMLDesc(0)))
        return guest_from(record, uuid=key[0], name=domain.name(), facts=self._facts[key], now=time.time())
