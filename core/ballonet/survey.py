"""One reading of all guests of a host: listing, facts, statistics, put together as values.

It goes through one connection at a time and knows nothing of libvirt itself.
"""

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from ballonet.bulk import Answers, Bulk
from ballonet.connection import REQUESTS, Connection, Connections
from ballonet.domain_stats import Record, guest_from
from ballonet.errors import BallonetError, DeadlineExceeded, GuestGone, HypervisorUnreachable, Refused
from ballonet.fact_book import FactBook
from ballonet.guest import Guest, Read, State
from ballonet.session import Domain, Session

# Incomplete reads in a row before a guest is called frozen: a healthy guest's job is held for a moment by
# anybody who changes something about it, so one incomplete read says little.
_FROZEN_AFTER: Final = 3

# The part of a read's time that is kept for guests which no statistics call has answered for by then.
_REST: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Every guest of one host at one instant, active or not, and who answered."""

    guests: tuple[Guest, ...]
    hypervisor: str
    hypervisor_version: str
    libvirt_version: str
    host_name: str


@dataclass(slots=True)
class Surveyor:
    """Reads all guests, and remembers what one reading must know of the ones before. Not thread-safe."""

    connections: Connections[Session]
    book: FactBook
    _bulk: Bulk = field(default_factory=Bulk)
    _incomplete: dict[str, int] = field(default_factory=dict)
    _states: dict[str, State] = field(default_factory=dict)

    def read(self, until: float) -> Survey:
        """Return all guests; some may be incomplete when time is up at the monotonic moment ``until``.

        Raises:
            HypervisorUnreachable: libvirt cannot be reached, does not answer or will not tell.
        """
        try:
            return self.connections.retrying(partial(self._survey, until=until), until)
        except DeadlineExceeded:
            raise self.connections.silent() from None
        except HypervisorUnreachable:
            raise
        except BallonetError as error:
            raise HypervisorUnreachable(str(error)) from error

    def _survey(self, connection: Connection[Session], until: float) -> Survey:
        domains = connection.domains(until)
        active = [domain for domain in domains if domain.running is not None]
        rest = max(0.0, until - time.monotonic()) * _REST
        self.book.refresh(connection, active, until)
        answers = self._bulk.read(connection, active, until - rest, self.connections.hung)
        silent = [domain for domain in active if domain.uuid not in answers.settled]
        summaries = _summaries(connection, silent, until) if silent else {}
        guests = tuple(self._guest(domain, answers, summaries) for domain in domains)
        self._remember(guests)
        identity = connection.identity
        return Survey(
            guests=tuple(self._judged(guest) for guest in guests),
            hypervisor=identity.hypervisor,
            hypervisor_version=identity.hypervisor_version,
            libvirt_version=identity.libvirt_version,
            host_name=identity.host_name,
        )

    def _guest(self, domain: Domain, answers: Answers, summaries: dict[str, Record]) -> Guest:
        uuid, name = domain.uuid, domain.name
        if domain.running is None:
            return Guest(uuid=uuid, name=name, state=State.SHUT_OFF)
        facts = self.book.of(domain)
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


def _summaries(connection: Connection[Session], domains: Iterable[Domain], until: float) -> dict[str, Record]:
    """Return what libvirt knows of guests without asking them, as far as the time suffices."""
    found: dict[str, Record] = {}

    def ask(session: Session) -> None:
        for domain in domains:
            if time.monotonic() > until:
                return
            with suppress(GuestGone, Refused):
                found[domain.uuid] = session.summary(domain)

    if connection.hung < REQUESTS:
        with suppress(DeadlineExceeded):
            connection.run(ask, until, "asking for the guests' sizes")
    return dict(found)
