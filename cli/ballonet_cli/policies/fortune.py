"""What became of a policy in Kubernetes, in sentences: conditions, hosts, guests, and who overrules it."""

from collections.abc import Iterator

from ballonet.manifests.v1alpha1_status import PolicyStatus
from ballonet_cli.cluster.cells import size
from ballonet_cli.cluster.host_card import condition_lines, guest_words, overruling_words
from ballonet_cli.cluster.objects import FoundPolicy


def fortune(found: FoundPolicy, now: float) -> list[str]:
    """Return the lines about the policy's status."""
    if found.status is None:
        return ["No controller has said anything about it yet."]
    return [*_judgement(found), *_numbers(found.status), *condition_lines(found.status.conditions, now)]


def _judgement(found: FoundPolicy) -> Iterator[str]:
    if found.judged or found.status is None:
        return
    yield (
        f"What follows is about generation {found.status.observed_generation or 0} of it; the controller has "
        f"not looked at generation {found.generation} yet."
    )


def _numbers(status: PolicyStatus) -> Iterator[str]:
    if status.hosts:
        yield f"Hosts: {status.hosts} selected, in force on {status.hosts_in_force} of them."
    else:
        yield "Hosts: it selects none."
    counts = [f"{status.guests.selected} selected", *guest_words(status.guests)]
    yield f"Guests: {', '.join(counts)}; they have {size(status.reclaimed)} less than their maximum."
    if status.overruled_by:
        yield f"Guests that it selects are owned by {overruling_words(status.overruled_by)}."
