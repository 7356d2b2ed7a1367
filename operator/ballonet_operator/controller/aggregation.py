"""From sums to the status of a BalloonPolicy: conditions, reasons, and sentences for people. Pure."""

from collections.abc import Callable, Iterable, Mapping
from heapq import nsmallest
from typing import Final

from ballonet.manifests.conditions import carried, condition
from ballonet.manifests.v1alpha1_host import MOST_POLICIES
from ballonet.manifests.v1alpha1_status import (
    MOST_OVERRULING,
    Condition,
    GuestCounts,
    Overruling,
    PolicyStatus,
)
from ballonet.policy import Policy
from ballonet.quantity import format_size
from ballonet_operator.controller.host_facts import COUNTED
from ballonet_operator.controller.ledger import counted
from ballonet_operator.controller.policy_facts import ACCEPTED, READY, PolicyFacts
from ballonet_operator.controller.tally import Standing, Tally

Known = Callable[[str], Policy | None]

_NAMED: Final = 3
"""So many hosts or policies are named in a message; the others are counted."""


def statuses(
    policies: Iterable[PolicyFacts], hosts: Iterable[Standing], *, now: float
) -> Mapping[str, PolicyStatus]:
    """Return the status of each policy, made from nothing but what is given."""
    tallies = counted(policies, hosts)
    known = {name: tally.facts.policy for name, tally in tallies.items()}
    return {name: status_of(tally, known.get, now=now) for name, tally in tallies.items()}


def status_of(tally: Tally, known: Known, *, now: float) -> PolicyStatus:
    """Return the status of one policy.

    Args:
        tally: its sums, and its status as last seen, from which times are carried.
        known: the other policies by name; None for one that does not exist or cannot be used.
        now: seconds since the epoch.
    """
    facts = tally.facts
    found = (_accepted(facts), _ready(tally, known))
    return PolicyStatus(
        observed_generation=facts.generation,
        conditions=carried(facts.status.conditions, found, now=now),
        hosts=tally.hosts,
        hosts_in_force=tally.in_force,
        guests=GuestCounts(**dict(zip(COUNTED, tally.counts, strict=True))),
        reclaimed=format_size(tally.reclaimed),
        overruled_by=tuple(Overruling(policy=name, guests=guests) for name, guests in _overruling(tally)),
    )


def _accepted(facts: PolicyFacts) -> Condition:
    if facts.policy is None:
        message = "; ".join(facts.refused)
        return condition(ACCEPTED, "Invalid", message, holds=False, generation=facts.generation)
    return condition(ACCEPTED, "Accepted", "it can be used", holds=True, generation=facts.generation)


def _ready(tally: Tally, known: Known) -> Condition:
    reason, message = _readiness(tally)
    message = "; ".join((message, *_ownership(tally, known)))
    holds = None if reason == "HostsUnknown" else reason == "InForce"
    return condition(READY, reason, message, holds=holds, generation=tally.facts.generation)


def _readiness(tally: Tally) -> tuple[str, str]:
    """Return the reason and the sentence of the first thing that is wrong."""
    hosts, generation = tally.hosts, tally.facts.generation
    if tally.facts.policy is None:
        earlier = f"an earlier one stays in force on {_hosts(hosts)}" if hosts else "it is in force nowhere"
        return "NotAccepted", f"generation {generation} cannot be used, see Accepted: {earlier}"
    if not hosts:
        return "NoHosts", "no BalloonHost is selected: look at spec.hosts, and whether agents run there"
    if tally.behind:
        where = f"{len(tally.behind)} of {_hosts(hosts)}: {_names(tally.behind)}"
        return "HostsBehind", f"generation {generation} is not in force on {where}{_complaint(tally)}"
    if tally.unhealthy:
        ill = f"{len(tally.unhealthy)} of {_hosts(hosts)} cannot reach the hypervisor"
        return "HostsUnhealthy", f"in force, but {ill}: {_names(tally.unhealthy)}"
    if tally.unknown:
        silent = (
            f"{len(tally.unknown)} of {_hosts(hosts)} cannot tell, having more than {MOST_POLICIES} policies"
        )
        return "HostsUnknown", f"{silent}: {_names(tally.unknown)}"
    return "InForce", f"in force on {_all(hosts)}"


def _ownership(tally: Tally, known: Known) -> Iterable[str]:
    """Yield a sentence for the first policies that own guests which this one selects."""
    selected = tally.counts[COUNTED.index("selected")]
    for name, guests in _overruling(tally)[:_NAMED]:
        why = _precedence(tally.facts.policy, known(name))
        yield f"{guests} of its {selected} guests {_are(guests)} owned by {name}{why}"
    more = len(tally.overruled_by) - _NAMED
    if more > 0:
        yield f"others are owned by {more} more {'policy' if more == 1 else 'policies'}"


def _overruling(tally: Tally) -> list[tuple[str, int]]:
    """Return who owns guests that the policy selects, who owns the most first."""
    return nsmallest(MOST_OVERRULING, tally.overruled_by.items(), key=lambda entry: (-entry[1], entry[0]))


def _precedence(loser: Policy | None, owner: Policy | None) -> str:
    """Return why one policy goes before another; nothing where a host goes by older versions of them."""
    if loser is None or owner is None:
        return ""
    if owner.priority != loser.priority:
        return ", which has a higher priority" if owner.priority > loser.priority else ""
    if owner.created != loser.created:
        return ", which is older" if owner.created < loser.created else ""
    return ", whose name comes first" if owner.name < loser.name else ""


def _complaint(tally: Tally) -> str:
    """Return what the first host that refuses this generation says of it."""
    refusing = nsmallest(1, (name for name, error in tally.behind.items() if error))
    return "".join(f"; {name} says: {tally.behind[name]}" for name in refusing)


def _names(hosts: Iterable[str]) -> str:
    named = nsmallest(_NAMED, hosts)
    more = sum(1 for _ in hosts) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _hosts(count: int) -> str:
    return f"{count} {'host' if count == 1 else 'hosts'}"


def _all(count: int) -> str:
    return "its one host" if count == 1 else f"all {count} hosts"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
