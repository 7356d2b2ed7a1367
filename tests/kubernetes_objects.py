"""BalloonHosts and BalloonPolicies as a Kubernetes API server answers them, for tests of what reads them."""

from typing import Any

from ballonet.manifests.conditions import condition, timestamp
from ballonet.manifests.v1alpha1_host import (
    GuestDetail,
    HostGuestCounts,
    HostMemory,
    HostReserves,
    HostStatus,
    ObservedPolicy,
)
from ballonet.manifests.v1alpha1_status import Condition, GuestCounts, Overruling, PolicyStatus
from herd import HOSTILE
from worlds import NOW

API_VERSION = "ballonet.dev/v1alpha1"
Json = dict[str, Any]


def since(found: Condition, seconds: float) -> Condition:
    return found.model_copy(update={"last_transition_time": timestamp(NOW - seconds)})


def host_conditions(
    *, connected: str = "Connected", pressure: str = "Enough", settled: str = "Settled"
) -> tuple[Condition, ...]:
    return (
        since(condition("HypervisorConnected", connected, holds=connected == "Connected"), 7200),
        since(condition("MemoryPressure", pressure, holds=pressure != "Enough"), 60),
        since(condition("Settled", settled, f"said of {settled}", holds=settled == "Settled"), 90),
    )


def calm_status() -> HostStatus:
    return HostStatus(
        conditions=host_conditions(),
        version="0.1.0",
        memory=HostMemory(total="64Gi", available="12.5Gi", pressure=0.3),
        reserves=HostReserves(grow="3.8Gi", reclaim="2.6Gi", critical="1.3Gi"),
        guests=HostGuestCounts(total=12, selected=12, owned=12),
        observed_policies=(ObservedPolicy(name="web", generation=3, guests=GuestCounts(owned=12)),),
    )


def troubled_status() -> HostStatus:
    return HostStatus(
        conditions=host_conditions(connected="Connected", pressure="Critical", settled="Overcommitted"),
        version="0.1.0",
        memory=HostMemory(total="32Gi", available="600Mi", pressure=25.5),
        reserves=HostReserves(grow="3.2Gi", reclaim="2.5Gi", critical="655.4Mi", raised=True),
        guests=HostGuestCounts(
            total=20, unresponsive=1, selected=20,
            owned=18, shrunk=16, starved=2, stuck=1, stale=3, ineligible=4,
        ),
        reclaimed="9.5Gi",
        overcommitted="1.5Gi",
        details=(
            GuestDetail(
                uuid="uuid-1", guest="web-1", policy="web", actual="1Gi", target="1.5Gi", maximum="2Gi",
                reason="starved", message="it shows that it has too little",
            ),
            GuestDetail(uuid="uuid-2", guest=HOSTILE, actual="512Mi", maximum="nonsense", reason="unowned"),
        ),
        details_omitted=5,
        observed_policies=(
            ObservedPolicy(
                name="web", generation=3, reclaimed="9.5Gi",
                guests=GuestCounts(selected=18, owned=16, shrunk=16),
                overruled_by=(Overruling(policy="urgent", guests=2),),
            ),
            ObservedPolicy(name="broken", error="spec.memory.floor: is missing"),
        ),
    )  # fmt: skip


def host(name: str, status: HostStatus | None = None, *, age: float = 3 * 86400) -> Json:
    metadata = {"name": name, "creationTimestamp": timestamp(NOW - age), "uid": "7", "managedFields": [{}]}
    item: Json = {"apiVersion": API_VERSION, "kind": "BalloonHost", "metadata": metadata}
    return item if status is None else item | {"status": status.document()}


def some_hosts() -> list[Json]:
    """Return a host of every kind, in no order."""
    unreachable = HostStatus(conditions=host_conditions(connected="Unreachable", settled="Moving"))
    return [
        host("node-2", troubled_status()),
        host("node-10", unreachable, age=90),
        host("node-1", calm_status()),
        host("node-3"),
        host("node-4") | {"status": {"guests": {"total": "many"}}},
    ]


def policy(
    name: str,
    *,
    status: PolicyStatus | None = None,
    generation: int = 1,
    age: float = 3600,
    **spec: Any,
) -> Json:
    metadata = {"name": name, "generation": generation, "creationTimestamp": timestamp(NOW - age)}
    item: Json = {"apiVersion": API_VERSION, "kind": "BalloonPolicy", "metadata": metadata, "spec": spec}
    return item if status is None else item | {"status": status.document()}


def policy_status(
    accepted: str = "Accepted", ready: str = "InForce", *, generation: int = 1, **fields: Any
) -> PolicyStatus:
    said = (
        since(condition("Accepted", accepted, holds=accepted == "Accepted"), 3600),
        since(condition("Ready", ready, f"said of {ready}", holds=ready == "InForce"), 30),
    )
    return PolicyStatus(observed_generation=generation, conditions=said, **fields)


def some_policies() -> list[Json]:
    """Return a policy of every kind, in no order."""
    counts = GuestCounts(selected=30, owned=28, shrunk=16, starved=2, stuck=1)
    by = (Overruling(policy="urgent", guests=2),)
    behind = policy_status(
        ready="HostsBehind",
        hosts=3,
        hosts_in_force=2,
        guests=counts,
        reclaimed="9.5Gi",
        overruled_by=by,
    )
    refused = policy_status("Invalid", "NotAccepted", hosts=3)
    return [
        policy("web", status=behind, guests={"names": ["web-*"]}),
        policy("all", status=policy_status(hosts=3, hosts_in_force=3, guests=GuestCounts(owned=4)), age=7200),
        policy("urgent", priority=10, status=policy_status(generation=1), generation=2),
        policy("fresh", mode="Observe", priority=-5, age=5),
        policy("wrong", priority=1, status=refused, memory={"floor": "200%"}),
    ]
