"""The policies of one host as its agent knows them: in which generation, for which guests, overruled by whom.

Pure. Every policy is held against every guest here, which is why nobody does this in the cycle's thread.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ballonet.decision import Decision
from ballonet.manifests.v1alpha1_host import (
    LONGEST_ERROR,
    MOST_OVERRULING_HERE,
    MOST_POLICIES,
    ObservedPolicy,
)
from ballonet.manifests.v1alpha1_status import GuestCounts, Overruling
from ballonet.policy import Labels, Policy
from ballonet_operator.book import Entry, Page
from ballonet_operator.census import STATES, shrunk_by
from ballonet_operator.node.guest_details import readable
from ballonet_operator.node.untrusted import bounded, name

_COUNTED: Final = tuple(state for state in STATES if state in GuestCounts.model_fields)


def observed_policies(
    page: Page, decisions: Sequence[Decision], host: str, labels: Labels
) -> tuple[tuple[ObservedPolicy, ...], int]:
    """Return the policies that select this host, in the order of their names, and how many more do.

    One that was never good is among them, because nobody can tell which hosts it selects. Of too many,
    those that own guests or are refused are told.
    """
    accepted = {key: each for key, each in page.entries.items() if each.policy.hosts.accepts(host, labels)}
    active = [each for each in decisions if each.guest.active]
    owned = _by_owner(active)
    told = [
        _observed(entry, page.refused.get(key, ()), owned.get(entry.policy.name, ()), active)
        for key, entry in accepted.items()
    ]
    told += [_refused(key, why) for key, why in page.refused.items() if key not in page.entries]
    told.sort(key=lambda each: (not each.guests.owned and not each.error, each.name))
    kept = sorted(told[:MOST_POLICIES], key=lambda each: each.name)
    return tuple(kept), len(told) - len(kept)


def _by_owner(decisions: Iterable[Decision]) -> Mapping[str, Sequence[Decision]]:
    owned: defaultdict[str, list[Decision]] = defaultdict(list)
    for each in decisions:
        if each.policy is not None:
            owned[each.policy].append(each)
    return owned


def _observed(
    entry: Entry, refused: tuple[str, ...], owned: Sequence[Decision], active: Iterable[Decision]
) -> ObservedPolicy:
    policy = entry.policy
    selected = [each for each in active if policy.selects(each.guest)]
    counts = {state: sum(map(STATES[state], owned)) for state in _COUNTED}
    return ObservedPolicy(
        name=name(policy.name),
        generation=entry.generation,
        error=_error(refused),
        guests=GuestCounts(selected=len(selected), **counts),
        reclaimed=readable(sum(map(shrunk_by, owned))),
        overruled_by=_overruled(policy, selected),
    )


def _overruled(policy: Policy, selected: Iterable[Decision]) -> tuple[Overruling, ...]:
    """Return who owns guests that this policy selects, whoever owns most first."""
    owners = Counter(each.policy for each in selected if each.policy not in (None, policy.name))
    ordered = sorted(owners.items(), key=lambda pair: (-pair[1], pair[0] or ""))[:MOST_OVERRULING_HERE]
    return tuple(Overruling(policy=name(each or ""), guests=count) for each, count in ordered)


def _refused(key: str, why: tuple[str, ...]) -> ObservedPolicy:
    return ObservedPolicy(name=name(key), generation=0, error=_error(why))


def _error(reasons: tuple[str, ...]) -> str:
    return bounded("; ".join(reasons), LONGEST_ERROR)
