"""The only module that imports libvirt: reading every guest of a host, and moving memory.

How a read survives guests and daemons that hang is told in ``bulk`` and ``connection``. KiB are turned into
bytes, and libvirt's untyped objects into values, here and in ``domain_stats``; neither goes any further.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, cached_property
from typing import Any, Final

import libvirt

from ballonet.errors import HypervisorUnreachable, Refused
from ballonet.guest import Guest, Overrides
from ballonet.libvirtd.changes import Changes, balloon_size
from ballonet.libvirtd.connection import Connections
from ballonet.libvirtd.domain_stats import Record
from ballonet.libvirtd.domain_xml import NAMESPACE, PREFIX, xml_from
from ballonet.libvirtd.fact_book import FactBook
from ballonet.libvirtd.libvirt_errors import LibvirtError, failure, one_line, unreachable
from ballonet.libvirtd.session import Domain, Identity, version_text
from ballonet.libvirtd.survey import Survey, Surveyor
from ballonet.libvirtd.workers import Workers
from ballonet.quantity import KIB, format_size

__all__ = ["Hypervisor", "Survey"]

_STATISTICS: Final = libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_BALLOON
_NOWAIT: Final = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT

# Events after which a guest's XML may say something else. Its balloon has an event too, and the XML shows the
# balloon's size, but nothing that is read from there.
_CHANGES: Final = (
    libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE,
    libvirt.VIR_DOMAIN_EVENT_ID_METADATA_CHANGE,
    libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_ADDED,
    libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
    libvirt.VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE,
)


@cache
def _prepare() -> None:
    """Start libvirt's event loop, once per process and before the first connection, as libvirt wants it.

    Keepalive and events need it. Errors reach us as exceptions; without a handler of ours libvirt would
    print each of them as well.
    """

    def loop() -> None:
        while True:
            with suppress(libvirt.libvirtError):
                libvirt.virEventRunDefaultImpl()

    libvirt.registerErrorHandler(lambda *_: None, None)
    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=loop, name="libvirt-events", daemon=True).start()


class _LibvirtSession:
    """One libvirt connection as a ``Session``, and the calls that change a guest; every call blocks."""

    def __init__(self, uri: str, *, read_only: bool, changed: Callable[[str], None]) -> None:
        _prepare()
        self._uri = uri
        self._changed = changed
        self._handles: dict[str, Any] = {}
        try:
            self._libvirt: Any = (libvirt.openReadOnly if read_only else libvirt.open)(uri or None)
        except libvirt.libvirtError as error:
            raise unreachable(_error(error), uri) from error
        with suppress(libvirt.libvirtError):  # libvirt's test driver has none.
            # A call to a daemon that is silent for three times five seconds ends with an error.
            self._libvirt.setKeepAlive(5, 3)
        self._callbacks = [number for event in _CHANGES for number in self._subscribe(event)]

    def domains(self) -> list[Domain]:
        with self.doing("list the guests"):
            self._handles = {str(handle.UUIDString()): handle for handle in self._libvirt.listAllDomains(0)}
            return [_domain(uuid, handle) for uuid, handle in self._handles.items()]

    def statistics(self, domains: Sequence[Domain]) -> dict[str, Record]:
        if any(domain.uuid not in self._handles for domain in domains):
            self.domains()  # One listing costs as much as looking up four guests.
        handles = [self._handles[domain.uuid] for domain in domains if domain.uuid in self._handles]
        with self.doing("read the guests' statistics"):
            records = self._libvirt.domainListGetStats(handles, _STATISTICS, _NOWAIT) if handles else []
            return {str(handle.UUIDString()): record for handle, record in records}

    def summary(self, domain: Domain) -> Record:
        with self.doing(f"read {one_line(domain.name)}"):
            state, maximum, actual, *_ = self._handle(domain).info()
        return {"state.state": state, "balloon.maximum": maximum, "balloon.current": actual}

    def xml(self, domain: Domain) -> str:
        with self.doing(f"read the XML of {one_line(domain.name)}"):
            return str(self._handle(domain).XMLDesc(0))

    def set_memory(self, guest: Guest, size: int) -> None:
        self._handle(guest).setMemoryFlags(size // KIB, libvirt.VIR_DOMAIN_AFFECT_LIVE)

    def set_statistics_period(self, guest: Guest, seconds: int) -> None:
        self._handle(guest).setMemoryStatsPeriod(seconds, libvirt.VIR_DOMAIN_AFFECT_LIVE)

    def set_metadata(self, guest: Guest, xml: str | None) -> None:
        handle = self._handle(guest)
        live = libvirt.VIR_DOMAIN_AFFECT_LIVE if handle.isActive() else 0
        kept = libvirt.VIR_DOMAIN_AFFECT_CONFIG if handle.isPersistent() else 0
        handle.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, xml, PREFIX, NAMESPACE, live | kept)

    def close(self) -> None:
        """Close it. A subscription that is left would keep it open inside libvirt."""
        for number in self._callbacks:
            with suppress(libvirt.libvirtError):
                self._libvirt.domainEventDeregisterAny(number)
        self._handles = {}
        with suppress(libvirt.libvirtError):
            self._libvirt.close()

    def _handle(self, guest: Guest | Domain) -> Any:
        handle = self._handles.get(guest.uuid)
        return handle if handle is not None else self._libvirt.lookupByUUIDString(guest.uuid)

    def _subscribe(self, event: int) -> Iterator[int]:
        def changed(_connection: object, handle: Any, *_details: object) -> None:
            self._changed(str(handle.UUIDString()))

        with suppress(libvirt.libvirtError):  # An older libvirt lacks some; reading again by age covers them.
            yield int(self._libvirt.domainEventRegisterAny(None, event, changed, None))

    @cached_property
    def identity(self) -> Identity:
        with self.doing("ask for libvirt's version"):
            return Identity(
                hypervisor=str(self._libvirt.getType()),
                hypervisor_version=version_text(int(self._libvirt.getVersion())),
                libvirt_version=version_text(int(self._libvirt.getLibVersion())),
                host_name=str(self._libvirt.getHostname()),
            )

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Turn libvirt's errors into ours; ``what`` completes "cannot ..."."""
        try:
            yield
        except libvirt.libvirtError as error:
            raise failure(_error(error), what, self._uri) from error


def _domain(uuid: str, handle: Any) -> Domain:
    number = int(handle.ID())
    return Domain(uuid=uuid, name=str(handle.name()), running=number if number >= 0 else None)


def _error(error: libvirt.libvirtError) -> LibvirtError:
    text = error.get_error_message() or str(error)
    return LibvirtError(int(error.get_error_code() or 1), int(error.get_error_domain() or 0), str(text))


class Hypervisor:
    """One host's libvirt. Thread-safe; it opens its connection when needed, and again when it is lost.

    Whatever changes a guest raises ``Refused`` with its cause, ``GuestGone``, ``DeadlineExceeded`` where the
    guest hangs (at once for as long as an earlier change hangs in it), or ``HypervisorUnreachable``.
    """

    def __init__(self, uri: str, *, read_only: bool, deadline: float = 1.0) -> None:
        """Remember where to connect; nothing is opened before the first call.

        Args:
            uri: libvirt's connection URI; empty: libvirt's default.
            read_only: use the read-only socket; every change is refused.
            deadline: seconds after which a call is no longer waited for.
        """
        self._uri = uri
        self._read_only = read_only
        self._deadline = deadline
        self._workers = Workers()
        self._book = FactBook()
        self._connections = Connections(self._open, self._book.distrust_all, self._workers)
        self._surveyor = Surveyor(self._connections, self._book)
        self._reading = threading.Lock()
        self._changes = Changes()

    def read(self, deadline: float | None = None) -> Survey:
        """Return every guest, as complete as ``deadline`` seconds allow.

        Raises:
            HypervisorUnreachable: libvirt cannot be reached or does not answer.
        """
        until = time.monotonic() + (self._deadline if deadline is None else deadline)
        if not self._reading.acquire(timeout=max(0.0, until - time.monotonic())):
            raise HypervisorUnreachable("another reading of the guests still waits for libvirt")
        try:
            return self._surveyor.read(until)
        finally:
            self._reading.release()

    def reread(self, guest: Guest) -> None:
        """Read the guest's XML anew in the next read: another connection has changed what has no event."""
        self._book.distrust(guest.uuid)

    def set_memory(self, guest: Guest, size: int) -> None:
        """Ask the guest's balloon to leave it ``size`` bytes, rounded down to pages of 4 KiB.

        Success means that libvirt passed it on; whether the guest follows shows in later reads.
        """
        pages = balloon_size(guest, size)
        what = f"resize {one_line(guest.name)} to {format_size(size)}"
        self._change(guest, what, lambda session: session.set_memory(guest, pages))

    def set_statistics_period(self, guest: Guest, seconds: int) -> None:
        """Let the guest's driver report every ``seconds``, 0 for never; it lasts until the guest ends."""
        what = f"set the statistics period of {one_line(guest.name)}"
        self._change(guest, what, lambda session: session.set_statistics_period(guest, seconds))

    def set_overrides(self, guest: Guest, overrides: Overrides) -> None:
        """Write the guest's own terms into its metadata; terms that say nothing remove what was there.

        Where libvirt keeps the guest's definition they are kept with it, so that they outlive a restart.
        """
        what = f"write the metadata of {one_line(guest.name)}"
        self._change(guest, what, lambda session: session.set_metadata(guest, xml_from(overrides)))

    def close(self) -> None:
        """Close the connection and end the threads; one that hangs ends when its call returns."""
        self._connections.close(time.monotonic() + self._deadline)
        self._workers.stop()

    def _open(self) -> _LibvirtSession:
        return _LibvirtSession(self._uri, read_only=self._read_only, changed=self._book.distrust)

    def _change(self, guest: Guest, what: str, call: Callable[[_LibvirtSession], None]) -> None:
        if self._read_only:
            raise Refused(f"cannot {what}: the connection is read-only", cause="read_only")

        def change(session: _LibvirtSession) -> None:
            with session.doing(what):
                call(session)

        once = self._changes.once(guest, what, change)
        until = time.monotonic() + self._deadline
        self._connections.run(once, until, what)
        self._book.distrust(guest.uuid)
