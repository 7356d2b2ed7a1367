"""The controller's metrics: one table, from which the exposition and the documentation are made.

``python -m ballonet_operator.controller.metrics --markdown`` prints the table.
"""

import platform
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from ballonet.manifests.v1alpha1_status import Truth
from ballonet_operator.controller.policy_facts import ACCEPTED, READY
from ballonet_operator.controller.record import Deeds
from ballonet_operator.controller.world import World
from ballonet_operator.family import Family, Sample, table

_POLICY_CONDITIONS: Final = (ACCEPTED, READY)
_HOST_CONDITIONS: Final = ("HypervisorConnected", "MemoryPressure", "Settled")

Tallied = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that metrics are made from.

    Attributes:
        policies: how many have a condition in a status.
        hosts: the same of BalloonHosts.
        objects: how many are known, by kind.
        listed: when each kind was last listed, in seconds since the epoch.
        list_failures: lists that failed since the start.
    """

    leading: bool = False
    watching: bool = False
    policies: Tallied = field(default_factory=dict)
    hosts: Tallied = field(default_factory=dict)
    objects: Mapping[str, int] = field(default_factory=dict)
    listed: Mapping[str, float] = field(default_factory=dict)
    list_failures: int = 0
    deeds: Deeds = field(default_factory=Deeds)


def conditions_of_policies(world: World) -> Tallied:
    """Return how many policies have each condition in each status, as the API server has it."""
    every = (
        {each.type: str(each.status) for each in facts.status.conditions}
        for facts in world.policies.all().values()
    )
    return _tallied(_POLICY_CONDITIONS, every)


def conditions_of_hosts(world: World) -> Tallied:
    """Return how many hosts have each condition in each status, as their agents wrote it."""
    return _tallied(_HOST_CONDITIONS, (dict(facts.conditions) for facts in world.hosts.all().values()))


def _tallied(kinds: Iterable[str], every: Iterable[Mapping[str, str]]) -> Tallied:
    """Count; an object that does not have a condition counts as one where it is unknown."""
    counts: Counter[tuple[str, str]] = Counter({(kind, truth): 0 for kind in kinds for truth in Truth})
    for conditions in every:
        counts.update((kind, conditions.get(kind, Truth.UNKNOWN)) for kind in kinds)
    return counts


def _build(_: Snapshot) -> Iterable[Sample]:
    return [((version("ballonet"), platform.python_version()), 1)]


def _labelled(counts: Mapping[str, float]) -> Iterator[Sample]:
    return (((label,), value) for label, value in counts.items())


TABLE: Final[tuple[Family[Snapshot], ...]] = (
    Family(
        name="controller_build_info",
        help="The version of Ballonet and of Python; always 1.",
        labels=("version", "python_version"),
        samples=_build,
    ),
    Family(
        name="controller_leader",
        help="1 where this controller holds the lease and writes, 0 where it stands by.",
        samples=lambda snapshot: [((), snapshot.leading)],
    ),
    Family(
        name="controller_policies",
        help="BalloonPolicies by condition and its status; Unknown where it was not written yet.",
        labels=("condition", "status"),
        samples=lambda snapshot: snapshot.policies.items(),
    ),
    Family(
        name="controller_hosts",
        help="BalloonHosts by condition and its status; Unknown where their agent did not write it yet.",
        labels=("condition", "status"),
        samples=lambda snapshot: snapshot.hosts.items(),
    ),
    Family(
        name="controller_objects",
        help="Objects that the controller knows.",
        labels=("kind",),
        samples=lambda snapshot: _labelled(snapshot.objects),
    ),
    Family(
        name="controller_reconciles_total",
        help="Reconciles since the start: complete, failed because the API server was away or refused, or "
        "waiting, by one that does not lead or has not listed everything yet.",
        labels=("result",),
        samples=lambda snapshot: _labelled(snapshot.deeds.reconciles),
    ),
    Family(
        name="controller_reconcile_duration_seconds",
        help="How long the last reconcile took.",
        samples=lambda snapshot: [] if snapshot.deeds.duration is None else [((), snapshot.deeds.duration)],
    ),
    Family(
        name="controller_reconcile_last_success_timestamp_seconds",
        help="When the last complete reconcile ended; 0 before the first. One that has nothing to do is made "
        "every minute.",
        samples=lambda snapshot: [((), snapshot.deeds.succeeded)],
    ),
    Family(
        name="controller_writes_total",
        help="Statuses of policies and Events that were written or could not be, since the start.",
        labels=("kind", "result"),
        samples=lambda snapshot: snapshot.deeds.writes.items(),
    ),
    Family(
        name="controller_hosts_removed_total",
        help="BalloonHosts that were removed since the start because their node is gone.",
        samples=lambda snapshot: [((), snapshot.deeds.removed)],
    ),
    Family(
        name="controller_watching",
        help="1 while all watches are open, 0 while they begin anew because the API server was away.",
        samples=lambda snapshot: [((), snapshot.watching)],
    ),
    Family(
        name="controller_list_last_success_timestamp_seconds",
        help="When everything of a kind was last listed, which heals what a watch missed; absent before.",
        labels=("kind",),
        samples=lambda snapshot: _labelled(snapshot.listed),
    ),
    Family(
        name="controller_list_failures_total",
        help="Lists that failed since the start.",
        samples=lambda snapshot: [((), snapshot.list_failures)],
    ),
)


class ControllerCollector(Collector):
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
    """Return a registry with the controller's metrics and those of its process."""
    made = CollectorRegistry(auto_describe=False)
    made.register(ControllerCollector(snapshot))
    ProcessCollector(registry=made)
    return made


if __name__ == "__main__":
    sys.stdout.write(table(TABLE))
