"""What a metric of the agent or controller is: a row of a table, and how it reads a snapshot."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ballonet.decision import Terms
from ballonet_operator.board import Snapshot
from ballonet_operator.report import Report

Sample = tuple[tuple[str, ...], float]
PREFIX: Final = "ballonet_"

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family(Generic[S]):
    """One row of the table; ``S`` is what the samples are made from.

    Attributes:
        name: without the prefix; of a counter with its ``_total``.
        samples: label values and value of each series; none where nothing is known.
    """

    name: str
    help: str
    samples: Callable[[S], Iterable[Sample]]
    labels: tuple[str, ...] = ()

    @property
    def counter(self) -> bool:
        """Whether the value only ever rises."""
        return self.name.endswith("_total")

    def metric(self, snapshot: S) -> Metric:
        """Return the family as prometheus_client wants it."""
        make = CounterMetricFamily if self.counter else GaugeMetricFamily
        family = make(f"{PREFIX}{self.name}", self.help, labels=self.labels)
        for labels, value in self.samples(snapshot):
            family.add_metric(labels, value)
        return family


def table(families: Iterable[Family[S]]) -> str:
    """Return the table in Markdown."""
    rows = (
        f"| `{PREFIX}{family.name}` | {'counter' if family.counter else 'gauge'} "
        f"| {', '.join(f'`{label}`' for label in family.labels)} | {family.help} |\n"
        for family in families
    )
    return "| metric | type | labels | meaning |\n|---|---|---|---|\n" + "".join(rows)


def of_report(function: Callable[[Report], Iterable[Sample]]) -> Callable[[Snapshot], Iterable[Sample]]:
    """Return how to read the last cycle; it says nothing of guests when libvirt was out of reach."""

    def samples(snapshot: Snapshot) -> Iterable[Sample]:
        report = snapshot.report
        return function(report) if report is not None and report.plan is not None else ()

    return samples


def per_terms(value: Callable[[Terms], float]) -> Callable[[Snapshot], Iterable[Sample]]:
    """Return how to read a number of the law for each guest that has one."""

    def samples(report: Report) -> Iterator[Sample]:
        return (((each.guest.name,), value(each.terms)) for each in report.decisions if each.terms)

    return of_report(samples)
