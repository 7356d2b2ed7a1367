"""What the controller keeps of a BalloonHost and of a Node: little, because there may be thousands of each.

The rest of a BalloonHost is for people. What the API server's schema has checked is not checked again, but
nothing here fails on a status that an agent of another version wrote.
"""

import sys
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Final

from ballonet.apiserver import Json
from ballonet.errors import ConfigError
from ballonet.manifests.v1alpha1_status import GuestCounts
from ballonet.policy import Labels
from ballonet.quantity import parse_size
from ballonet_operator.node.untrusted import bounded

CONNECTED: Final = "HypervisorConnected"
COUNTED: Final = tuple(GuestCounts.model_fields)
"""The fields of a policy's guests, in the order in which counts are kept here."""
_LONGEST_ERROR: Final = 400
"""Characters of what an agent says; it is quoted in a message that has more to say."""
_NOTHING: Final = (0,) * len(COUNTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one host tells of one policy; the fields are those of ``ObservedPolicy``."""

    policy: str
    generation: int = 0
    error: str = ""
    counts: tuple[int, ...] = _NOTHING
    reclaimed: int = 0
    overruled_by: tuple[tuple[str, int], ...] = ()


_POLICY: Final = attrgetter("policy")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """A BalloonHost.

    Attributes:
        conditions: the status of each condition by its type.
        observed: what it tells of each policy that selects it, sorted by its name.
        omits: whether it has more policies than it can tell of.
    """

    name: str
    uid: str
    conditions: tuple[tuple[str, str], ...] = ()
    observed: tuple[Observation, ...] = ()
    omits: bool = False

    @property
    def healthy(self) -> bool:
        """Whether its agent reaches the hypervisor; one that tells nothing yet does not count as ill."""
        return all(status == "True" for kind, status in self.conditions if kind == CONNECTED)

    def observation(self, policy: str) -> Observation | None:
        """Return what it tells of one policy."""
        place = bisect_left(self.observed, policy, key=_POLICY)
        found = self.observed[place] if place < len(self.observed) else None
        return found if found is not None and found.policy == policy else None

    def observations(self) -> dict[str, Observation]:
        """Return what it tells by policy."""
        return {each.policy: each for each in self.observed}


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """A Node."""

    name: str
    labels: Labels = ()


def host_facts(thing: Json, _: HostFacts | None = None) -> HostFacts:
    """Return what is kept of a BalloonHost."""
    metadata, status = thing["metadata"], thing.get("status") or {}
    conditions = ((each["type"], each["status"]) for each in status.get("conditions") or ())
    observed = (_observation(each) for each in status.get("observedPolicies") or ())
    return HostFacts(
        name=sys.intern(metadata["name"]),
        uid=metadata.get("uid") or "",
        conditions=_shared(tuple(sorted(conditions))),
        observed=tuple(sorted(observed, key=_POLICY)),
        omits=_count(status.get("policiesOmitted")) > 0,
    )


def node_facts(thing: Json, _: NodeFacts | None = None) -> NodeFacts:
    """Return what is kept of a Node."""
    metadata = thing["metadata"]
    labels = sorted((metadata.get("labels") or {}).items())
    return NodeFacts(
        name=sys.intern(metadata["name"]),
        labels=tuple((sys.intern(key), sys.intern(value)) for key, value in labels),
    )


@lru_cache(maxsize=1024)
def _shared(conditions: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return the one copy of what most hosts have in common."""
    return conditions


@lru_cache(maxsize=4096)
def _quiet(policy: str, generation: int) -> Observation:
    """Return the one copy of what most hosts tell of most policies: that they know it, and no more."""
    return Observation(policy=sys.intern(policy), generation=generation)


def _observation(told: Json) -> Observation:
    policy, generation = told["name"], _count(told.get("generation"))
    if told.keys() <= {"name", "generation"}:
        return _quiet(policy, generation)
    guests = told.get("guests") or {}
    overruling = (
        (sys.intern(each["policy"]), _count(each["guests"])) for each in told.get("overruledBy") or ()
    )
    return Observation(
        policy=sys.intern(policy),
        generation=generation,
        error=bounded(told.get("error") or "", _LONGEST_ERROR),
        counts=tuple(_count(guests.get(name)) for name in COUNTED),
        reclaimed=_bytes(told.get("reclaimed")),
        overruled_by=tuple(sorted(overruling)),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _bytes(text: object) -> int:
    try:
        return parse_size(text) if isinstance(text, str) else 0
    except ConfigError:
        return 0
