"""Hosts and policies as documents for other programs, in the way of the other commands' documents.

Every size is a whole number of bytes, every moment in seconds since the epoch; what was not reported is null.
"""

from collections.abc import Iterable

from ballonet.manifests.v1alpha1_host import GuestDetail, HostGuestCounts, HostStatus, ObservedPolicy
from ballonet.manifests.v1alpha1_status import Condition, GuestCounts, Overruling, PolicyStatus
from ballonet_cli.cluster.objects import FoundHost, FoundPolicy, moment, size_of
from ballonet_cli.documents import Document


def host_document(host: FoundHost) -> Document:
    """Return everything that an agent has told of its host."""
    status = host.status
    return {
        "name": host.name,
        "created": host.created or None,
        "status": None if status is None else _host_status(status),
    }


def _host_status(status: HostStatus) -> Document:
    return {
        "version": status.version,
        "conditions": _conditions(status.conditions),
        "memory": {
            "total_bytes": size_of(status.memory.total),
            "available_bytes": size_of(status.memory.available),
            "pressure_some_avg10": status.memory.pressure,
        },
        "reserves": {
            "grow_bytes": size_of(status.reserves.grow),
            "reclaim_bytes": size_of(status.reserves.reclaim),
            "critical_bytes": size_of(status.reserves.critical),
            "raised": status.reserves.raised,
        },
        "guests": _counts(status.guests),
        "reclaimed_bytes": size_of(status.reclaimed),
        "overcommitted_bytes": size_of(status.overcommitted),
        "details": [_detail(each) for each in status.details],
        "details_omitted": status.details_omitted,
        "policies": [_observed(each) for each in status.observed_policies],
    }


def _conditions(conditions: Iterable[Condition]) -> Document:
    return {
        each.type: {
            "status": each.status.value,
            "reason": each.reason,
            "message": each.message,
            "since": moment(each.last_transition_time),
        }
        for each in conditions
    }


def _counts(guests: GuestCounts) -> Document:
    counts: dict[str, int] = {
        "selected": guests.selected,
        "owned": guests.owned,
        "shrunk": guests.shrunk,
        "starved": guests.starved,
        "stuck": guests.stuck,
        "stale": guests.stale,
        "ineligible": guests.ineligible,
    }
    if isinstance(guests, HostGuestCounts):
        counts |= {"total": guests.total, "unresponsive": guests.unresponsive}
    return counts


def _detail(detail: GuestDetail) -> Document:
    return {
        "guest": detail.guest,
        "uuid": detail.uuid,
        "policy": detail.policy,
        "actual_bytes": size_of(detail.actual),
        "target_bytes": size_of(detail.target),
        "maximum_bytes": size_of(detail.maximum),
        "reason": detail.reason,
        "message": detail.message,
    }


def _observed(policy: ObservedPolicy) -> Document:
    return {
        "name": policy.name,
        "generation": policy.generation,
        "error": policy.error or None,
        "guests": _counts(policy.guests),
        "reclaimed_bytes": size_of(policy.reclaimed),
        "overruled_by": _overruling(policy.overruled_by),
    }


def _overruling(overruling: Iterable[Overruling]) -> list[Document]:
    return [{"policy": each.policy, "guests": each.guests} for each in overruling]


def policy_document(found: FoundPolicy) -> Document:
    """Return what a policy is, and what became of it."""
    return {
        "name": found.policy.name,
        "created": found.policy.created or None,
        "generation": found.generation,
        "mode": found.policy.mode.value,
        "priority": found.policy.priority,
        "mistakes": list(found.mistakes),
        "status": None if found.status is None else _policy_status(found.status),
    }


def _policy_status(status: PolicyStatus) -> Document:
    return {
        "observed_generation": status.observed_generation,
        "conditions": _conditions(status.conditions),
        "hosts": status.hosts,
        "hosts_in_force": status.hosts_in_force,
        "guests": _counts(status.guests),
        "reclaimed_bytes": size_of(status.reclaimed),
        "overruled_by": _overruling(status.overruled_by),
    }
