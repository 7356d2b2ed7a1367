"""From libvirt and the kernel to readings, at the moment of a scrape.

A collector that fails takes nothing with it: its success is 0, ``ballonet_up`` says whether libvirt answered,
and the rest of the page is complete.
"""

import logging
import platform
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, Protocol

from ballonet.errors import BallonetError, DeadlineExceeded
from ballonet.guest import Guest, Read
from ballonet.host import Host
from ballonet_exporter import metrics
from ballonet_exporter.exposition import NO_LABELS, LabelBook, Labels, Reading
from ballonet_exporter.single_flight import SingleFlight

if TYPE_CHECKING:
    from ballonet.hypervisor import Survey

log = logging.getLogger(__name__)


class Collector(Protocol):
    """Reads one source."""

    @property
    def name(self) -> str:
        """The name in flags, in ``collect[]`` and in labels."""

    def collect(self, deadline: float) -> list[Reading]:
        """Read the source within ``deadline`` seconds; raises BallonetError when it cannot be read."""

    def failed(self) -> list[Reading]:
        """Return what there is to say when it could not be read."""


class GuestCollector:
    """Every guest, from one reading of the hypervisor."""

    name: Final = "guest"

    def __init__(
        self,
        read: "Callable[[float], Survey]",
        *,
        selects: Callable[[str], object] = lambda _: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._read = read
        self._selects = selects
        self._clock = clock
        self._book = LabelBook()

    def collect(self, deadline: float) -> list[Reading]:
        """Return ``up``, the versions, and the guests that the flags select."""
        survey = self._read(deadline)
        now = self._clock()
        guests = sorted((guest for guest in survey.guests if self._selects(guest.name)), key=_by_name)
        about = Labels(
            libvirt_version=survey.libvirt_version,
            hypervisor=survey.hypervisor,
            hypervisor_version=survey.hypervisor_version,
            host=survey.host_name,
        )
        head = [Reading(metrics.UP, ((NO_LABELS, 1.0),)), Reading(metrics.LIBVIRT_INFO, ((about, 1.0),))]
        return head + self._guests(guests, now)

    def _guests(self, guests: list[Guest], now: float) -> list[Reading]:
        self._book.turn()
        present = [guest for guest in guests if guest.read is not Read.VANISHED]
        labelled = [(guest, self._book.labels({"guest": guest.name})) for guest in present]
        return [
            self._facts(metrics.READ_STATUS, guests),
            *(self._facts(fact, present) for fact in metrics.GUEST_FACTS),
            *(_values(value, labelled, now) for value in metrics.GUEST_VALUES),
        ]

    def _facts(self, fact: metrics.GuestFact, guests: Iterable[Guest]) -> Reading:
        return Reading(fact.family, tuple((self._book.labels(fact.read(guest)), 1.0) for guest in guests))

    def failed(self) -> list[Reading]:
        """Say that libvirt did not answer."""
        return [Reading(metrics.UP, ((NO_LABELS, 0.0),))]


def _by_name(guest: Guest) -> str:
    return guest.name


def _values(value: metrics.GuestValue, guests: Iterable[tuple[Guest, Labels]], now: float) -> Reading:
    read = value.read
    found = ((labels, read(guest, now)) for guest, labels in guests)
    return Reading(value.family, tuple((labels, amount) for labels, amount in found if amount is not None))


class HostCollector:
    """The host's memory and pressure."""

    name: Final = "host"

    def __init__(self, read: Callable[[], Host]) -> None:
        self._read = read

    def collect(self, deadline: float) -> list[Reading]:
        """Return the host's values; reading /proc cannot hang, so the deadline is of no use here."""
        del deadline
        host = self._read()
        return [
            Reading(value.family, tuple((Labels(**labels), amount) for labels, amount in value.read(host)))
            for value in metrics.HOST_VALUES
        ]

    def failed(self) -> list[Reading]:
        """Say nothing more than that it failed."""
        return []


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of a collector came to."""

    readings: list[Reading]
    seconds: float
    success: bool


class Scraper:
    """Runs the collectors for a scrape and adds what there is to say about that."""

    def __init__(self, collectors: Iterable[Collector]) -> None:
        self._collectors = {collector.name: collector for collector in collectors}
        self._flights = {
            name: SingleFlight(partial(self._run, collector)) for name, collector in self._collectors.items()
        }
        self._failing: set[str] = set()
        self._build = Reading(metrics.BUILD_INFO, ((_build(), 1.0),))

    @property
    def names(self) -> Collection[str]:
        """The collectors that there are."""
        return self._flights.keys()

    def scrape(self, deadline: float, names: Collection[str] | None = None) -> list[Reading]:
        """Return the readings of these collectors (all), each read within ``deadline`` seconds."""
        chosen = [name for name in self._flights if names is None or name in names]
        outcomes = {name: self._outcome(name, deadline) for name in chosen}
        readings = [reading for outcome in outcomes.values() for reading in outcome.readings]
        own = {name: Labels(collector=name) for name in outcomes}
        seconds = tuple((own[name], outcome.seconds) for name, outcome in outcomes.items())
        success = tuple((own[name], float(outcome.success)) for name, outcome in outcomes.items())
        return [
            *readings,
            Reading(metrics.COLLECTOR_DURATION, seconds),
            Reading(metrics.COLLECTOR_SUCCESS, success),
            self._build,
        ]

    def _outcome(self, name: str, deadline: float) -> Outcome:
        try:
            return self._flights[name](deadline)
        except DeadlineExceeded:
            return Outcome(self._collectors[name].failed(), deadline, success=False)

    def _run(self, collector: Collector, deadline: float) -> Outcome:
        started = time.perf_counter()
        try:
            readings, success = collector.collect(deadline), True
        except BallonetError as error:
            readings, success = collector.failed(), False
            self._note_failure(collector.name, error)
        else:
            self._note_success(collector.name)
        return Outcome(readings, time.perf_counter() - started, success)

    def _note_failure(self, name: str, error: BallonetError) -> None:
        """Log the first failure of a row; a scrape every few seconds would fill the disk."""
        if name not in self._failing:
            self._failing.add(name)
            log.error("collector fails", extra={"collector": name, "error": str(error)})

    def _note_success(self, name: str) -> None:
        if name in self._failing:
            self._failing.discard(name)
            log.info("collector works again", extra={"collector": name})


def _build() -> Labels:
    return Labels(version=version("ballonet"), python_version=platform.python_version())
