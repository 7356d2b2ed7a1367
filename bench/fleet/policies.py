"""The policies of a simulated fleet: a default, and ever narrower ones above it, as large users write them.

Ownership and selection are not imitated: they are what ``ballonet.policy`` says.
"""

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ballonet.manifests.v1alpha1 import BalloonPolicy
from ballonet.policy import Policy, by_precedence

Json = dict[str, Any]

POOLS: Final = ("general", "database", "batch", "gpu", "edge")
ZONES: Final = tuple("abcdefgh")
RACKS: Final = 100
TIERS: Final = ("web", "db", "ci", "app")
TENANTS: Final = 10


def policy_objects(count: int) -> list[Json]:
    """Return that many BalloonPolicies; the order is from the widest to the narrowest."""
    return list(itertools.islice(_objects(), count))


def read_policies(objects: list[Json]) -> tuple[Policy, ...]:
    """Return policies as agents read them, the first that selects a guest owns it."""
    documents = (BalloonPolicy.model_validate_json(json.dumps(each)) for each in objects)
    return tuple(by_precedence(document.to_policy() for document in documents))


def _objects() -> Iterator[Json]:
    yield _object("default", 0, {}, {})
    for pool, tier in itertools.product(POOLS, TIERS):
        yield _object(f"{pool}-{tier}", 10, _labelled("pool", pool), {"names": [f"{tier}-*"]})
    for zone, tenant in itertools.product(ZONES, range(TENANTS)):
        expression = {"key": "zone", "operator": "In", "values": [zone]}
        hosts: Json = {"selector": {"matchExpressions": [expression]}}
        yield _object(f"zone-{zone}-t{tenant:02}", 20, hosts, {"names": [f"*-t{tenant:02}-*"]})
    for rack in range(RACKS):
        yield _object(f"rack-{rack:02}", 30, _labelled("rack", f"r{rack:02}"), {"names": ["*-canary"]})
    for number in itertools.count():
        hosts = {"names": [f"kvm-{number:04}"]}
        yield _object(f"host-{number:04}", 40, hosts, {"names": [f"special-{number}-*"]})


def _labelled(key: str, value: str) -> Mapping[str, Any]:
    return {"selector": {"matchLabels": {key: value}}}


def _object(name: str, priority: int, hosts: Mapping[str, Any], guests: Mapping[str, Any]) -> Json:
    spec = {
        "priority": priority,
        "hosts": dict(hosts),
        "guests": dict(guests),
        "memory": {"floor": "30%", "weight": 100 + priority, "headroom": "20%"},
        "thresholds": {"host": {"growAbove": "8%", "reclaimBelow": "5%", "criticalBelow": "2%"}},
    }
    return {
        "apiVersion": "ballonet.dev/v1alpha1",
        "kind": "BalloonPolicy",
        "metadata": {"name": name},
        "spec": spec,
    }
