"""Running sums of what all hosts tell of one policy.

Every part can be taken back exactly as it was put in, so the sums never depend on the order of events; a test
compares them with sums made from nothing.
"""

from collections import Counter
from dataclasses import dataclass, field

from ballonet.policy import Labels
from ballonet_operator.controller.host_facts import COUNTED, HostFacts, Observation
from ballonet_operator.controller.policy_facts import PolicyFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A host with the labels of its node; one without a node has none."""

    host: HostFacts
    labels: Labels = ()


@dataclass(slots=True, kw_only=True)
class Tally:
    """The sums of one policy in one generation.

    Attributes:
        hosts: how many it is for; of a policy that cannot be used, how many know an earlier version. What
            other hosts tell of it counts nowhere: an agent could claim guests for any policy.
        in_force: on how many of these this generation is in force.
        counts: its guests on these hosts, in the order of ``COUNTED``.
        reclaimed: bytes, on the same hosts.
        overruled_by: by policy, the guests that this one selects and that one owns.
        behind: the hosts where this generation is not in force, with what they say is wrong with it.
        unknown: the hosts that have more policies than they can tell of, and do not tell of this one.
        unhealthy: the hosts where it is in force, but nothing moves.
    """

    facts: PolicyFacts
    hosts: int = 0
    in_force: int = 0
    counts: list[int] = field(default_factory=lambda: [0] * len(COUNTED))
    reclaimed: int = 0
    overruled_by: Counter[str] = field(default_factory=Counter)
    behind: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    unhealthy: set[str] = field(default_factory=set)

    def add(self, standing: Standing, told: Observation | None) -> None:
        """Count a host in."""
        if not self._meant(standing, told):
            return
        if told is not None:
            self._sum(told, 1)
        name, error = standing.host.name, told.error if told else ""
        self.hosts += 1
        if told is None and standing.host.omits:
            self.unknown.add(name)
            return
        if not self._knows(told):
            self.behind[name] = error
            return
        self.in_force += 1
        if not standing.host.healthy:
            self.unhealthy.add(name)

    def remove(self, standing: Standing, told: Observation | None) -> None:
        """Take a host out again, with what it was counted in with."""
        if not self._meant(standing, told):
            return
        if told is not None:
            self._sum(told, -1)
        self.hosts -= 1
        if self._knows(told):
            self.in_force -= 1
        self.behind.pop(standing.host.name, None)
        self.unknown.discard(standing.host.name)
        self.unhealthy.discard(standing.host.name)

    def _meant(self, standing: Standing, told: Observation | None) -> bool:
        """Whether the policy is for this host; one that cannot be used is for those that know it."""
        policy = self.facts.policy
        if policy is None:
            return told is not None and told.generation > 0
        return policy.hosts.accepts(standing.host.name, standing.labels)

    def _knows(self, told: Observation | None) -> bool:
        return told is not None and told.generation == self.facts.generation

    def _sum(self, told: Observation, sign: int) -> None:
        if any(told.counts):
            self.counts = [mine + sign * more for mine, more in zip(self.counts, told.counts, strict=True)]
        self.reclaimed += sign * told.reclaimed
        for policy, guests in told.overruled_by:
            self.overruled_by[policy] += sign * guests
            if not self.overruled_by[policy]:
                del self.overruled_by[policy]
