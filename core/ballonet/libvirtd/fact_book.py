"""The facts of every guest's XML, read once and again when something may have changed.

libvirt's events say when: a guest that starts, gets a device or new metadata is read again. Some changes have
no event (a statistics period that somebody else sets), and events are lost with their connection; therefore
everything is read again after a reconnect, and in each read a few of the oldest facts besides.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from ballonet.errors import BallonetError, DeadlineExceeded
from ballonet.libvirtd.connection import Connections
from ballonet.libvirtd.domain_xml import Facts, facts_from
from ballonet.libvirtd.libvirt_errors import ConnectionLost
from ballonet.libvirtd.session import Domain, Session

S = TypeVar("S", bound=Session)

# Facts older than this are worth reading again, at most so many in one read: 0.1 ms each.
_OLD_SECONDS: Final = 60.0
_HEALED: Final = 2


@dataclass(frozen=True, slots=True)
class _Entry:
    running: int | None  # The libvirt id, which changes when the guest is started again.
    facts: Facts
    read_at: float


@dataclass(slots=True)
class FactBook:
    """Facts by guest. Thread-safe: events come on a thread of their own."""

    clock: Callable[[], float] = time.monotonic
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _stale: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, domain: Domain) -> Facts | None:
        """Return the facts of a running guest; None while its XML could not be read."""
        with self._lock:
            entry = self._entries.get(domain.uuid)
        return entry.facts if entry is not None and entry.running == domain.running else None

    def distrust(self, uuid: str) -> None:
        """Read this guest's XML again next time; its old facts serve until then."""
        with self._lock:
            self._stale.add(uuid)

    def distrust_all(self) -> None:
        """Read every guest's XML again next time: events may have been missed."""
        with self._lock:
            self._stale.update(self._entries)

    def refresh(self, connections: Connections[S], domains: Sequence[Domain], until: float) -> None:
        """Read what is missing, distrusted or old, for at most half of the time until ``until``.

        Raises:
            HypervisorUnreachable: libvirt was lost.
        """
        due = self._due(domains)
        if not due:
            return
        half = (time.monotonic() + until) / 2
        # What is not read by then comes with the next read: the call goes on, or its guests are due again.
        with suppress(DeadlineExceeded):
            connections.run(partial(self._read, due), half, "reading the guests' XML")

    def _due(self, domains: Sequence[Domain]) -> list[Domain]:
        """Return the guests whose XML must be read, and drop those that are gone."""
        with self._lock:
            listed = {domain.uuid for domain in domains}
            self._entries = {uuid: entry for uuid, entry in self._entries.items() if uuid in listed}
            self._stale &= listed
            return [*self._unknown(domains), *self._oldest(domains)]

    def _unknown(self, domains: Iterable[Domain]) -> list[Domain]:
        return [domain for domain in domains if not self._is_current(domain)]

    def _oldest(self, domains: Iterable[Domain]) -> list[Domain]:
        before = self.clock() - _OLD_SECONDS
        known = [domain for domain in domains if self._is_current(domain)]
        old = [domain for domain in known if self._entries[domain.uuid].read_at < before]
        return sorted(old, key=lambda domain: self._entries[domain.uuid].read_at)[:_HEALED]

    def _is_current(self, domain: Domain) -> bool:
        entry = self._entries.get(domain.uuid)
        return entry is not None and entry.running == domain.running and domain.uuid not in self._stale

    def _read(self, domains: Iterable[Domain], session: Session) -> None:
        for domain in domains:
            # Before reading, so that a change while it is read makes it stale again.
            with self._lock:
                self._stale.discard(domain.uuid)
            try:
                facts = facts_from(session.xml(domain))
            except ConnectionLost:
                self.distrust(domain.uuid)
                raise
            except (BallonetError, ValueError):
                # It vanished, or is not ours to see: it stays without facts.
                self.distrust(domain.uuid)
                continue
            with self._lock:
                self._entries[domain.uuid] = _Entry(domain.running, facts, self.clock())
