"""The hosts of a simulated fleet: their nodes as kubelets write them, their statuses as agents do.

The statuses go through the real models, so they are as large as real ones. No requests are made here.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ballonet.guest import Guest
from ballonet.manifests.conditions import carried, condition
from ballonet.manifests.v1alpha1_host import (
    MOST_DETAILS,
    MOST_OVERRULING_HERE,
    GuestDetail,
    HostGuestCounts,
    HostMemory,
    HostReserves,
    HostStatus,
    ObservedPolicy,
)
from ballonet.manifests.v1alpha1_status import GuestCounts, Overruling
from ballonet.policy import Policy, owner
from ballonet.quantity import GIB, MIB, format_size
from ballonet.reason import Reason, sentence
from fleet.policies import POOLS, RACKS, TENANTS, TIERS, ZONES

Json = dict[str, Any]

IMAGES: Final = 50
"""Images that a kubelet lists in its node's status (``nodeStatusMaxImages``); they are most of a node."""
_REASONS: Final = (
    *(9 * [Reason.SETTLED]), *(4 * [Reason.HOST_LOW]), *(2 * [Reason.SMALL_CHANGE]), Reason.BELOW_WANT,
    Reason.STATISTICS_STALE, Reason.STUCK, Reason.STARVED,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedGuest:
    """A guest, whom it belongs to, and how it is."""

    guest: Guest
    owner: Policy
    reason: Reason

    @property
    def reclaimed(self) -> int:
        return (self.guest.maximum or 0) - (self.guest.actual or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedHost:
    """A host: its name, its labels, the policies that select it by precedence, its guests."""

    name: str
    labels: dict[str, str]
    policies: tuple[Policy, ...]
    guests: tuple[HostedGuest, ...]


def simulated_host(number: int, policies: Sequence[Policy]) -> SimulatedHost:
    """Return the host of this number, always the same one. It has 10 to 60 guests, 30 most often."""
    dice = random.Random(number)
    name = f"kvm-{number:04}"
    labels = {
        "pool": POOLS[number % len(POOLS)],
        "zone": ZONES[number // len(POOLS) % len(ZONES)],
        "rack": f"r{number // 7 % RACKS:02}",
    }
    there = tuple(sorted(labels.items()))
    selecting = tuple(policy for policy in policies if policy.hosts.accepts(name, there))
    count = round(dice.triangular(10, 60, 25))
    guests = tuple(_guest(dice, f"{number:04}{place:02}", selecting) for place in range(count))
    return SimulatedHost(name=name, labels=labels, policies=selecting, guests=guests)


def _guest(dice: random.Random, suffix: str, policies: Sequence[Policy]) -> HostedGuest:
    last = "canary" if dice.random() < 0.05 else suffix
    maximum = dice.choice((2, 4, 8, 16)) * GIB
    actual = maximum if dice.random() < 0.35 else int(maximum * dice.uniform(0.4, 0.98)) // MIB * MIB
    guest = Guest(
        uuid=f"{dice.getrandbits(32):08x}-0000-4000-8000-{dice.getrandbits(48):012x}",
        name=f"{dice.choice(TIERS)}-t{dice.randrange(TENANTS):02}-{last}",
        actual=actual,
        maximum=maximum,
    )
    found = owner(guest, policies)
    assert found is not None, "the default policy owns the rest"
    return HostedGuest(guest=guest, owner=found, reason=dice.choice(_REASONS))


def node_object(host: SimulatedHost) -> Json:
    """Return the node as a kubelet writes it."""
    beat = {"lastHeartbeatTime": "2026-11-24T10:00:00Z", "lastTransitionTime": "2026-11-24T10:00:00Z"}
    kinds = ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready")
    conditions = [
        {**beat, "type": kind, "status": str(kind == "Ready"), "reason": f"Kubelet{kind}", "message": kind}
        for kind in kinds
    ]
    digest = "@sha256:" + 64 * "0"
    images = [
        {"names": [f"registry.example/team/image-{each}{digest}"], "sizeBytes": 123_456_789}
        for each in range(IMAGES)
    ]
    sizes = {"cpu": "64", "memory": "527988Ki", "pods": "110", "ephemeral-storage": "960Gi"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": host.name, "labels": {"kubernetes.io/hostname": host.name, **host.labels}},
        "status": {"conditions": conditions, "images": images, "capacity": sizes, "allocatable": sizes},
    }


def host_object(name: str, *, uid: str) -> Json:
    """Return the BalloonHost of a node without its status, as agents apply it."""
    reference = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid}
    return _balloon_host(name) | {"metadata": {"name": name, "ownerReferences": [reference]}}


def status_object(host: SimulatedHost, *, now: float) -> Json:
    """Return the BalloonHost with its status alone, as agents apply it."""
    return _balloon_host(host.name) | {"status": _status(host, now).document()}


def _balloon_host(name: str) -> Json:
    return {"apiVersion": "ballonet.dev/v1alpha1", "kind": "BalloonHost", "metadata": {"name": name}}


def _status(host: SimulatedHost, now: float) -> HostStatus:
    shown = [each for each in host.guests if each.reclaimed or each.reason is not Reason.SETTLED]
    total = 512 * GIB
    return HostStatus(
        conditions=carried((), _conditions(), now=now),
        version="0.1.0",
        memory=HostMemory(total=format_size(total), available=format_size(total // 12), pressure=0.53),
        reserves=HostReserves(grow="41Gi", reclaim="25.6Gi", critical="10.2Gi"),
        guests=HostGuestCounts(**_counts(host.guests).model_dump(), total=len(host.guests)),
        reclaimed=format_size(sum(each.reclaimed for each in host.guests)),
        details=tuple(_detail(each) for each in shown[:MOST_DETAILS]),
        details_omitted=max(0, len(shown) - MOST_DETAILS),
        observed_policies=tuple(_observed(policy, host) for policy in host.policies),
    )


def _conditions() -> tuple[Any, ...]:
    return (
        condition("HypervisorConnected", "Connected", "libvirt answers", holds=True),
        condition("MemoryPressure", "Enough", "42.7Gi are available, the reserve is 25.6Gi", holds=False),
        condition("Settled", "Settled", "every guest has what it should have", holds=True),
    )


def _detail(hosted: HostedGuest) -> GuestDetail:
    guest = hosted.guest
    return GuestDetail(
        uuid=guest.uuid,
        guest=guest.name,
        policy=hosted.owner.name,
        actual=format_size(guest.actual or 0),
        target=format_size(guest.actual or 0),
        maximum=format_size(guest.maximum or 0),
        reason=hosted.reason,
        message=sentence(hosted.reason),
    )


def _observed(policy: Policy, host: SimulatedHost) -> ObservedPolicy:
    selected = [each for each in host.guests if policy.selects(each.guest)]
    owned = [each for each in selected if each.owner is policy]
    owners = Counter(each.owner.name for each in selected if each.owner is not policy)
    return ObservedPolicy(
        name=policy.name,
        generation=1,
        guests=_counts(owned).model_copy(update={"selected": len(selected)}),
        reclaimed=format_size(sum(each.reclaimed for each in owned)),
        overruled_by=tuple(
            Overruling(policy=name, guests=count) for name, count in owners.most_common(MOST_OVERRULING_HERE)
        ),
    )


def _counts(guests: Sequence[HostedGuest]) -> GuestCounts:
    def having(reason: Reason) -> int:
        return sum(each.reason is reason for each in guests)

    return GuestCounts(
        selected=len(guests),
        owned=len(guests),
        shrunk=sum(each.reclaimed > 0 for each in guests),
        starved=having(Reason.STARVED),
        stuck=having(Reason.STUCK),
        stale=having(Reason.STATISTICS_STALE),
    )
