"""The agent's metrics: one table, from which the exposition and the documentation are made.

All families are built anew for each scrape from the last cycle, so a guest or policy that is gone leaves
no series behind. ``python -m ballonet_operator.metrics --markdown`` prints the table.
"""

import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from ballonet_operator.alerts.alert_metrics import ALERTS
from ballonet_operator.board import Snapshot, Standing
from ballonet_operator.census import census
from ballonet_operator.family import Family, Sample, of_report, per_terms, table
from ballonet_operator.host_metrics import HOST
from ballonet_operator.report import Report
from ballonet_operator.thresholds import THRESHOLDS


def _decisions(report: Report) -> Iterator[Sample]:
    for each in report.decisions:
        yield (each.guest.name, each.policy or "", each.reason), 1


def _guests(report: Report) -> Iterator[Sample]:
    return (((state,), count) for state, count in census(report).items())


def _policies(snapshot: Snapshot) -> Iterator[Sample]:
    entries = snapshot.report.page.entries.values() if snapshot.report else ()
    for entry in entries:
        policy = entry.policy
        yield (policy.name, policy.mode, str(policy.priority), entry.origin), 1


def _rejected(snapshot: Snapshot) -> Iterator[Sample]:
    return (((origin,), 1.0) for origin in (snapshot.report.page.refused if snapshot.report else ()))


def _standing(value: Callable[[Standing], Iterable[Sample]]) -> Callable[[Snapshot], Iterable[Sample]]:
    return lambda snapshot: value(snapshot.standing) if snapshot.standing is not None else ()


def _build(_: Snapshot) -> Iterable[Sample]:
    return [((version("ballonet"), platform.python_version()), 1)]


TABLE: Final[tuple[Family[Snapshot], ...]] = (
    Family(
        name="agent_build_info",
        help="The version of Ballonet and of Python; always 1.",
        labels=("version", "python_version"),
        samples=_build,
    ),
    Family(
        name="guest_target_bytes",
        help="What the agent last asked the guest's balloon to leave it, or the size it found and adopted.",
        labels=("guest",),
        samples=of_report(lambda report: (((guest.name,), size) for guest, size in report.targets())),
    ),
    Family(
        name="guest_proposed_bytes",
        help="What would have been set, were the guest's policy not only observing, or this no dry run.",
        labels=("guest",),
        samples=of_report(lambda report: (((each.guest.name,), size) for each, size in report.proposals())),
    ),
    Family(
        name="guest_need_bytes",
        help="What the guest cannot give up, plus a margin.",
        labels=("guest",),
        samples=per_terms(lambda terms: terms.need),
    ),
    Family(
        name="guest_want_bytes",
        help="The guest's need plus headroom, or its recent peak where that is more.",
        labels=("guest",),
        samples=per_terms(lambda terms: terms.want),
    ),
    Family(
        name="guest_floor_bytes",
        help="The least that the guest's policy leaves it.",
        labels=("guest",),
        samples=per_terms(lambda terms: terms.floor),
    ),
    Family(
        name="guest_limit_bytes",
        help="The most that the guest can have, its maximum.",
        labels=("guest",),
        samples=per_terms(lambda terms: terms.maximum),
    ),
    Family(
        name="guest_starved",
        help="1 while the guest shows that it has too little, by the thresholds of its policy or by an "
        "alert; otherwise 0.",
        labels=("guest",),
        samples=per_terms(lambda terms: terms.starved is not None),
    ),
    Family(
        name="guest_decision",
        help="What the last cycle decided for the guest, and for which policy (empty: none); always 1.",
        labels=("guest", "policy", "reason"),
        samples=of_report(_decisions),
    ),
    Family(
        name="moves_total",
        help="Balloons set since the start.",
        labels=("direction", "reason"),
        samples=lambda snapshot: snapshot.moves.items(),
    ),
    Family(
        name="moved_bytes_total",
        help="Bytes by which balloons were set to grow or reclaim since the start.",
        labels=("direction",),
        samples=lambda snapshot: (((direction,), value) for direction, value in snapshot.moved.items()),
    ),
    Family(
        name="set_memory_failures_total",
        help="Balloons that should have been set and were not, by cause.",
        labels=("cause",),
        samples=lambda snapshot: (((cause,), value) for cause, value in snapshot.failures.items()),
    ),
    *HOST,
    Family(
        name="guests",
        help="Guests by state; one guest may be in several.",
        labels=("state",),
        samples=of_report(_guests),
    ),
    Family(
        name="policy_info",
        help="A policy in force and the file or object that it came from; always 1.",
        labels=("policy", "mode", "priority", "origin"),
        samples=_policies,
    ),
    *THRESHOLDS,
    *ALERTS,
    Family(
        name="policy_rejected",
        help="A policy file or object that cannot be used (the log says why); its last good version is in "
        "force. Absent once it is mended.",
        labels=("file",),
        samples=_rejected,
    ),
    Family(
        name="cycles_total",
        help="Cycles since the start: complete, lost because libvirt could not be reached, or waiting "
        "because the policies are not known yet.",
        labels=("result",),
        samples=lambda snapshot: (((result,), value) for result, value in snapshot.cycles.items()),
    ),
    Family(
        name="cycle_duration_seconds",
        help="How long the last cycle took.",
        samples=lambda snapshot: [((), snapshot.report.duration)] if snapshot.report else (),
    ),
    Family(
        name="cycle_last_success_timestamp_seconds",
        help="When the last complete cycle began; 0 before the first.",
        samples=lambda snapshot: [((), snapshot.complete.at if snapshot.complete else 0)],
    ),
    Family(
        name="kubernetes_watch_connected",
        help="Whether policies and Node are watched right now: 1 or 0. An API server that hangs is noticed "
        "within 90 s. Kubernetes only, as the next ones.",
        samples=_standing(lambda standing: [((), standing.connected)]),
    ),
    Family(
        name="kubernetes_list_last_success_timestamp_seconds",
        help="When the policies were last listed completely; 0 before the first time.",
        samples=_standing(lambda standing: [((), standing.listed_at)]),
    ),
    Family(
        name="kubernetes_writes_total",
        help="Writes of the host's status and of Events, by how they ended.",
        labels=("result",),
        samples=_standing(
            lambda standing: (((result,), count) for result, count in standing.requests.items())
        ),
    ),
)


class AgentCollector(Collector):
    """Builds every family of the table from one snapshot."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot

    def describe(self) -> Iterable[Metric]:
        """Return nothing: names need not be claimed, the registry is ours alone."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the families."""
        snapshot = self._snapshot()
        for family in TABLE:
            yield family.metric(snapshot)


def registry(snapshot: Callable[[], Snapshot]) -> CollectorRegistry:
    """Return a registry with the agent's metrics and those of its process."""
    made = CollectorRegistry(auto_describe=False)
    made.register(AgentCollector(snapshot))
    ProcessCollector(registry=made)
    return made


if __name__ == "__main__":
    sys.stdout.write(table(TABLE))
