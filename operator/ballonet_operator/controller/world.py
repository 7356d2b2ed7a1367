"""Policies, hosts and nodes as last seen, and the sums over them: all that the controller knows."""

from collections.abc import Callable
from typing import Final

from ballonet.api_kinds import HOSTS, NODE_METADATA, POLICIES, Kind
from ballonet.policy import Policy
from ballonet_operator.controller.host_facts import HostFacts, NodeFacts, host_facts, node_facts
from ballonet_operator.controller.ledger import Ledger
from ballonet_operator.controller.policy_facts import PolicyFacts, policy_facts
from ballonet_operator.controller.tally import Standing, Tally
from ballonet_operator.inventory import Inventory
from ballonet_operator.relist import Source

KINDS: Final[tuple[Kind, ...]] = (POLICIES, HOSTS, NODE_METADATA)


class World:
    """The inventories are filled by others, in their threads; the sums belong to the reconciling thread.

    Args:
        changed: called after every change of an inventory.
    """

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self.policies: Inventory[PolicyFacts] = Inventory(policy_facts, changed)
        self.hosts: Inventory[HostFacts] = Inventory(host_facts, changed)
        self.nodes: Inventory[NodeFacts] = Inventory(node_facts, changed)
        self._ledger = Ledger()

    @property
    def sources(self) -> tuple[Source, ...]:
        """The inventories by kind. Nodes come first: a host without its node would be one without labels."""
        return (NODE_METADATA, self.nodes), (POLICIES, self.policies), (HOSTS, self.hosts)

    @property
    def complete(self) -> bool:
        """Whether everything has been listed, ever; before that no sum is worth anything."""
        return self.policies.complete and self.hosts.complete and self.nodes.complete

    def settle(self) -> set[str]:
        """Bring the sums up to date; returns the policies whose status may differ now."""
        touched: set[str] = set()
        for name in self.policies.changes():
            changed = self._ledger.put_policy(name, self.policies.get(name))
            # What one policy says of another hangs on both their priorities.
            touched |= set(self._ledger.tallies) if changed else {name}
        for name in self.hosts.changes() | self.nodes.changes():
            touched |= self._ledger.put_host(name, self._standing(name))
        return touched & self._ledger.tallies.keys()

    def _standing(self, name: str) -> Standing | None:
        host, node = self.hosts.get(name), self.nodes.get(name)
        return None if host is None else Standing(host=host, labels=node.labels if node else ())

    def tally(self, policy: str) -> Tally | None:
        """Return the sums of one policy."""
        return self._ledger.tallies.get(policy)

    def policy(self, name: str) -> Policy | None:
        """Return a policy that exists and can be used."""
        facts = self.policies.get(name)
        return None if facts is None else facts.policy

    def names(self) -> set[str]:
        """Return the names of all policies."""
        return set(self._ledger.tallies)

    def homeless(self) -> dict[str, HostFacts]:
        """Return the hosts whose node does not exist."""
        return {name: host for name, host in self.hosts.all().items() if self.nodes.get(name) is None}
