"""The exporter's readings as a collector of ``prometheus_client``, for another program's registry.

::

    from prometheus_client import REGISTRY
    from ballonet_exporter.embedding import connect

    REGISTRY.register(connect("qemu:///system"))
"""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import Metric
from prometheus_client.registry import Collector

from ballonet.hypervisor import Hypervisor
from ballonet.machine import read_host
from ballonet_exporter.collector import GuestCollector, HostCollector, Scraper
from ballonet_exporter.exposition import Family, Reading
from ballonet_exporter.metrics import FAMILIES


class BallonetCollector(Collector):
    """Yields fresh metric objects for every scrape."""

    def __init__(self, scrape: Callable[[], Iterable[Reading]]) -> None:
        self._scrape = scrape

    def collect(self) -> Iterator[Metric]:
        """Read and yield; a family without series is left out."""
        return (_metric(reading) for reading in self._scrape() if reading.series)

    def describe(self) -> Iterator[Metric]:
        """Yield what there may be, so that registering reads nothing."""
        return (_empty(family) for family in FAMILIES)


def connect(uri: str = "qemu:///system", deadline: float = 3.0) -> BallonetCollector:
    """Return a collector of this host's guests and memory."""
    hypervisor = Hypervisor(uri, read_only=True, deadline=deadline)
    scraper = Scraper([GuestCollector(hypervisor.read), HostCollector(read_host)])
    return BallonetCollector(lambda: scraper.scrape(deadline))


def _empty(family: Family) -> Metric:
    return Metric(family.base, family.help, family.kind.value, family.unit)


def _metric(reading: Reading) -> Metric:
    metric = _empty(reading.family)
    for labels, value in reading.series:
        metric.add_sample(reading.family.name, labels.pairs, value)
    return metric
