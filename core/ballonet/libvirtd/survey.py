"""One reading of all guests of a host: listing, facts, statistics, put together as values.

How the calls are made is the business of ``connection`` and ``bulk``; libvirt itself is not known here.
"""

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from ballonet.errors import BallonetError, DeadlineExceeded, GuestGone, HypervisorUnreachable, Refused
from ballonet.guest import Guest, Read, State
from ballonet.libvirtd.bulk import Answers, Bulk
from ballonet.libvirtd.connection import Connections
from ballonet.libvirtd.domain_stats import Record, guest_from
from ballonet.libvirtd.fact_book import FactBook
from ballonet.libvirtd.session import Domain, Identity, Session
from ballonet.libvirtd.workers import result_by

if TYPE_CHECKING:
    from concurrent.futures import Future

S = TypeVar("S", bound=Session)

# Incomplete reads in a row before a guest is called frozen: a healthy guest's job is held for a moment by
# anybody who changes something about it, so one incomplete read says little.
_FROZEN_AFTER: Final = 3

# The part of a read's time that is kept for guests which no statistics call has answered for by then.
_REST: Final = 0.1

_SILENT: Final = (
    "libvirt takes calls and answers none; it may be stopped or overloaded, "
    "its own log tells more: journalctl -u libvirtd"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Every guest of one host at one instant, active or not, and who answered."""

    guests: tuple[Guest, ...]
    hypervisor: str
    hypervisor_version: str
    libvirt_version: str
    host_name: str


class Surveyor(Generic[S]):
    """Reads all guests, and remembers what one reading must know of the ones before. Not thread-safe."""

    def __init__(self, connections: Connections[S], book: FactBook) -> None:
        self._connections = connections
        self._book = book
        self._bulk = Bulk(connections)
        self._listing: Future[tuple[list[Domain], Identity]] | None = None
        self._incomplete: dict[str, int] = {}
        self._states: dict[str, State] = {}

    def read(self, until: float) -> Survey:
        """Return all guests; some may be incomplete when time is up at the monotonic moment ``until``.

        Raises:
            HypervisorUnreachable: libvirt cannot be reached, does not answer or will not tell.
        """
        try:
            return self._survey(until)
        except HypervisorUnreachable:
            raise
        except BallonetError as error:
            raise HypervisorUnreachable(str(error)) from error

    def _survey(self, until: float) -> Survey:
        domains, identity = self._list(until)
        active = [domain for domain in domains if domain.running is not None]
        rest = max(0.0, until - time.monotonic()) * _REST
        self._book.refresh(self._connections, active, until)
        answers = self._bulk.read(active, until - rest)
        silent = [domain for domain in active if domain.uuid not in answers.settled]
        summaries = self._summaries(silent, until) if silent else {}
        guests = tuple(self._guest(domain, answers, summaries) for domain in domains)
        self._remember(guests)
        return Survey(guests=tuple(self._judged(guest) for guest in guests), **asdict(identity))

    def _list(self, until: float) -> tuple[list[Domain], Identity]:
        """Return all domains. A listing that hangs is waited for again by the next read, never repeated.

        While libvirtd is stopped every further attempt would leave a thread behind.
        """
        if self._listing is None or self._listing.done():
            self._listing = self._connections.start(_list, until)
        try:
            return result_by(self._listing, until, "listing the guests")
        except DeadlineExceeded:
            raise HypervisorUnreachable(_SILENT) from None

    def _guest(self, domain: Domain, answers: Answers, summaries: dict[str, Record]) -> Guest:
        uuid, name = domain.uuid, domain.name
        if domain.running is None:
            return Guest(uuid=uuid, name=name, state=State.SHUT_OFF)
        facts = self._book.of(domain)
        traits = facts.traits if facts is not None else None
        if uuid in answers.records:
            record = answers.records[uuid]
            return guest_from(record, uuid=uuid, name=name, facts=facts, now=time.time())
        if uuid in answers.settled:
            return Guest(uuid=uuid, name=name, state=State.UNKNOWN, read=Read.VANISHED)
        if uuid in summaries:
            known = guest_from(summaries[uuid], uuid=uuid, name=name, facts=facts, now=time.time())
            return replace(known, read=Read.DEADLINE)
        state = self._states.get(uuid, State.UNKNOWN)
        return Guest(uuid=uuid, name=name, state=state, read=Read.DEADLINE, traits=traits)

    def _summaries(self, domains: Iterable[Domain], until: float) -> dict[str, Record]:
        """Return what libvirt knows of guests without asking them, as far as the time suffices."""
        found: dict[str, Record] = {}

        def ask(session: Session) -> None:
            for domain in domains:
                if time.monotonic() > until:
                    return
                with suppress(GuestGone, Refused):
                    found[domain.uuid] = session.summary(domain)

        with suppress(DeadlineExceeded):
            self._connections.run(ask, until, "asking for the guests' sizes")
        return dict(found)

    def _remember(self, guests: Iterable[Guest]) -> None:
        """Note the states, and how many reads in a row were incomplete; what is not listed is forgotten."""
        guests = list(guests)
        self._states = {guest.uuid: guest.state for guest in guests}
        self._incomplete = {
            guest.uuid: self._incomplete.get(guest.uuid, 0) + 1
            for guest in guests
            if guest.read in (Read.BUSY, Read.DEADLINE)
        }

    def _judged(self, guest: Guest) -> Guest:
        frozen = self._incomplete.get(guest.uuid, 0) >= _FROZEN_AFTER
        return replace(guest, frozen=True) if frozen else guest


def _list(session: Session) -> tuple[list[Domain], Identity]:
    return session.domains(), session.identity
