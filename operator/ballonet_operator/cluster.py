"""What the agent has to do with Kubernetes: it learns policies and its Node's labels, and tells of its host.

Everything here goes on in threads of its own. The cycle only looks at what was last seen, so it goes on
however long the API server is away. Only an agent with a node name imports this module, because the clients
below it cost memory.
"""

import logging
from dataclasses import replace
from typing import Final

from ballonet.api_kinds import NODES, POLICIES
from ballonet.apiserver import ApiServer
from ballonet.policy import Labels
from ballonet_operator.board import Standing
from ballonet_operator.book import Page
from ballonet_operator.node.own_node import OwnNode
from ballonet_operator.node.reporter import HostReporter
from ballonet_operator.policy_objects import PolicyObjects
from ballonet_operator.relist import Relist
from ballonet_operator.report import Report
from ballonet_operator.settings import AgentKubernetes
from ballonet_operator.watch import Subscription, Watch

log = logging.getLogger(__name__)

_ENDING: Final = 1.0
"""Seconds that each part gets to end; a pod is given thirty for everything."""
_NO_NODE: Final = "Kubernetes has none of this name; `kubectl get nodes` lists those for --node-name"


class Cluster:
    """The cluster as the agent of one node sees it, from ``start`` to ``stop``.

    Raises:
        ConfigError: there are no credentials, or they cannot be used.
    """

    def __init__(self, node: str, options: AgentKubernetes) -> None:
        server = ApiServer(options.kubeconfig, context=options.context)
        self._node, self._policies = OwnNode(node), PolicyObjects()
        inventory = self._policies.inventory
        self._watch = Watch(
            server,
            [
                Subscription(kind=POLICIES, seen=inventory.seen, gone=inventory.gone),
                Subscription(
                    kind=NODES,
                    seen=self._node.seen,
                    gone=self._node.gone,
                    field_selector=f"metadata.name={node}",
                ),
            ],
        )
        self._relist = Relist(
            server,
            [(POLICIES, inventory)],
            interval=options.relist_interval,
            connected=self._watch.connected,
        )
        self._reporter = HostReporter(
            server, self._node, interval=options.status_interval, connected=self._watch.connected
        )
        self._waiting = ""

    def start(self) -> None:
        """Begin to watch, to list and to tell; none of it is waited for."""
        self._watch.start()
        self._relist.start()
        self._reporter.start()

    def look(self) -> Page:
        """Return the policies as last seen, or what is missing to know which of them are in force here."""
        page, waiting = self._policies.look(), self._missing()
        if waiting != self._waiting:
            self._say(waiting)
        self._waiting = waiting
        return replace(page, waiting=waiting) if waiting else page

    def _missing(self) -> str:
        if not self._policies.inventory.complete:
            return "the policies: the API server has not listed them yet"
        if self._node.labels() is not None:
            return ""
        if self._watch.connected():
            return f"the Node {self._node.name}: {_NO_NODE}"
        return f"the labels of the Node {self._node.name}: the API server has not told them yet"

    def _say(self, waiting: str) -> None:
        if waiting:
            level = logging.WARNING if waiting.endswith(_NO_NODE) else logging.INFO
            log.log(level, "no guest is moved yet", extra={"waiting_for": waiting})
        else:
            log.info("policies and labels known", extra={"policies": len(self._policies.inventory)})
            if not self._policies.look().entries:
                log.warning("no policy in force, no guest is moved")

    def labels(self) -> Labels:
        """Return the labels of the Node as last seen."""
        return self._node.labels() or ()

    def addresses(self) -> tuple[str, ...]:
        """Return the addresses and further names of the Node as last seen."""
        return self._node.addresses()

    def hurry(self) -> None:
        """Do nothing: what changes is known at once."""

    def record(self, report: Report) -> None:
        """Take note of a cycle."""
        self._reporter.record(report)

    def standing(self) -> Standing:
        """Return how it goes with the API server, for the metrics."""
        return Standing(
            connected=self._watch.connected(),
            listed_at=self._relist.succeeded.get(POLICIES.plural, 0.0),
            requests=self._reporter.counts(),
        )

    def dead(self) -> tuple[str, ...]:
        """Return the parts that have ended by themselves, by an error that nobody foresaw."""
        living = {
            "watch": self._watch.alive(),
            "lists": self._relist.alive(),
            "host status": self._reporter.alive(),
        }
        return tuple(name for name, alive in living.items() if not alive)

    def stop(self) -> None:
        """Tell the last status, as far as that can be done at once, and end."""
        self._reporter.stop(_ENDING)
        self._watch.stop(_ENDING)
        self._relist.stop(_ENDING / 10)
