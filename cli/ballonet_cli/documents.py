"""Guests and decisions as documents for other programs: ``-o json`` and ``-o yaml``.

The keys are an interface: ``keys.py`` says what each means, and a test holds the two together. Every size
is a whole number of bytes under a key that ends in ``_bytes``; every time is in seconds, moments since the
epoch. What was not reported is null, never zero and never missing.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import yaml

from ballonet.decision import Decision, Plan, Resize, Terms
from ballonet.guest import Guest, Overrides, Sample, Traits, is_fresh
from ballonet.host import Host
from ballonet.policy import Reserves
from ballonet.reason import sentence

Value: TypeAlias = "str | int | float | bool | Document | Sequence[Value] | None"
Document: TypeAlias = Mapping[str, Value]


def render(document: Document, form: str) -> str:
    """Return the document as text; both forms are plain ASCII, so that no name can harm a terminal."""
    if form == "json":
        return json.dumps(document, indent=2)
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=False).rstrip("\n")


def guest_document(guest: Guest, now: float) -> Document:
    """Return everything that is known about one guest."""
    return {
        "name": guest.name,
        "uuid": guest.uuid,
        "state": guest.state.value,
        "read": guest.read.value,
        "actual_bytes": guest.actual,
        "maximum_bytes": guest.maximum,
        "resident_bytes": guest.resident,
        "migrating": guest.migrating,
        "frozen": guest.frozen,
        "dropped": list(guest.dropped),
        "statistics": _statistics(guest.sample, fresh=is_fresh(guest, now)),
        "traits": _traits(guest.traits) if guest.traits else None,
        "overrides": _overrides(guest.traits.overrides) if guest.traits else None,
    }


def _statistics(sample: Sample | None, *, fresh: bool) -> Document | None:
    if sample is None:
        return None
    return {
        "timestamp": sample.timestamp,
        "fresh": fresh,
        "total_bytes": sample.total,
        "usable_bytes": sample.usable,
        "unused_bytes": sample.unused,
        "disk_caches_bytes": sample.disk_caches,
        "swap_in_bytes": sample.swap_in,
        "swap_out_bytes": sample.swap_out,
        "major_faults": sample.major_faults,
        "minor_faults": sample.minor_faults,
        "hugetlb_allocations": sample.hugetlb_allocations,
        "hugetlb_failures": sample.hugetlb_failures,
    }


def _traits(traits: Traits) -> Document:
    return {
        "balloon_model": traits.balloon_model,
        "statistics_period": traits.statistics_period,
        "autodeflate": traits.autodeflate,
        "free_page_reporting": traits.free_page_reporting,
        "hugepages": traits.hugepages,
        "locked": traits.locked,
        "host_devices": traits.host_devices,
        "virtio_mem": traits.virtio_mem,
        "confidential": traits.confidential,
    }


def _overrides(overrides: Overrides) -> Document:
    hold = overrides.hold
    return {
        "floor": str(overrides.floor) if overrides.floor else None,
        "weight": overrides.weight,
        "exempt": overrides.exempt,
        "hold": {"until": hold.until, "size_bytes": hold.size} if hold else None,
    }


def plan_document(plan: Plan, host: Host) -> Document:
    """Return a whole plan: the host, what is in force, and one decision per guest."""
    return {
        "host": _host(host),
        "pool_bytes": plan.pool,
        "overcommitted_bytes": plan.overcommitted,
        "pressed": plan.pressed,
        "reserves": {policy: _reserves(reserves) for policy, reserves in plan.reserves.items()},
        "decisions": [decision_document(decision) for decision in plan.decisions],
    }


def _host(host: Host) -> Document:
    return {
        "name": host.name,
        "total_bytes": host.total,
        "available_bytes": host.available,
        "budget_bytes": host.budget,
        "pressure_some_avg10": host.some.avg10 if host.some else None,
    }


def _reserves(reserves: Reserves) -> Document:
    return {
        "grow_bytes": reserves.grow,
        "reclaim_bytes": reserves.reclaim,
        "critical_bytes": reserves.critical,
    }


def decision_document(decision: Decision) -> Document:
    """Return one decision with its reason and, where there are any, the numbers behind it.

    ``action`` is what an agent would do: ``grow`` and ``shrink`` set ``target_bytes``, ``stay`` does not.
    """
    return {
        "guest": decision.guest.name,
        "uuid": decision.guest.uuid,
        "policy": decision.policy,
        "action": action(decision),
        "reason": decision.reason.value,
        "because": sentence(decision.reason),
        "actual_bytes": decision.guest.actual,
        "maximum_bytes": decision.guest.maximum,
        "current_target_bytes": (decision.current if isinstance(decision, Resize) else decision.target),
        "target_bytes": decision.target,
        "grow_to_bytes": decision.grow_to,
        "shrink_to_bytes": decision.shrink_to,
        "would_bytes": None if isinstance(decision, Resize) else decision.would,
        "terms": _terms(decision.terms) if decision.terms else None,
    }


def action(decision: Decision) -> str:
    """Return what the decision does, as one word."""
    if isinstance(decision, Resize):
        return "grow" if decision.grows else "shrink"
    return "stay"


def _terms(terms: Terms) -> Document:
    return {
        "use_bytes": terms.use,
        "margin_bytes": terms.margin,
        "slope_bytes_per_second": terms.slope,
        "need_bytes": terms.need,
        "peak_bytes": round(terms.peak),
        "want_bytes": terms.want,
        "floor_bytes": terms.floor,
        "maximum_bytes": terms.maximum,
        "weight": terms.weight,
        "fresh": terms.fresh,
        "starved": terms.starved.value if terms.starved else None,
    }
