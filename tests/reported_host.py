"""A host of a real cluster and what its agent tells of it, for the tests in ``tests/cluster``."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ballonet.apiserver import ApiServer
from ballonet.decision import Decision
from ballonet.quantity import GIB
from ballonet_lab.kubernetes import ControlPlane, Wire
from ballonet_operator.node.own_node import OwnNode
from ballonet_operator.node.reporter import HostReporter
from ballonet_operator.report import Report
from host_reports import report, stay
from worlds import guest

DEPLOY = Path(__file__).resolve().parents[1] / "deploy" / "kubernetes"
ACCOUNT = "ballonet-agent"
CALM = stay(guest("web", actual=GIB // 2))
_NUMBERS = itertools.count()


@dataclass
class Host:
    """One node of the cluster, and what is asked of the API server on its behalf."""

    plane: ControlPlane
    name: str
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    def node(self) -> OwnNode:
        """Return what the agent knows of its node, as the watch tells it."""
        known = OwnNode(self.name)
        known.seen(self.node_object())
        return known

    def node_object(self) -> dict[str, Any]:
        return self._json("node", self.name)

    def uid(self) -> str:
        return str(self.node_object()["metadata"]["uid"])

    def _json(self, *what: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.plane.kubectl("get", *what, "-o", "json"))
        return found

    def exists(self) -> bool:
        return bool(self.plane.kubectl("get", "blh", self.name, "--ignore-not-found", "-o", "name"))

    def object(self) -> dict[str, Any]:
        return self._json("blh", self.name)

    def reclaimed(self) -> str:
        return self.plane.kubectl(
            "get", "blh", self.name, "--ignore-not-found", "-o", "jsonpath={.status.reclaimed}"
        )

    def conditions(self) -> dict[str, dict[str, str]]:
        return {each["type"]: each for each in self.object()["status"]["conditions"]}

    def events(self) -> list[dict[str, Any]]:
        found = self._json("events", "--field-selector", f"involvedObject.name={self.name}")
        items: list[dict[str, Any]] = found["items"]
        return sorted(items, key=lambda each: str(each["metadata"]["creationTimestamp"]))

    def asked(self) -> list[str]:
        """Return the agent's requests that were answered, each as verb and what."""
        requests = self.plane.requests(user=ACCOUNT, since=self.since)
        return [
            f"{each.verb} {each.resource}{'/' if each.subresource else ''}{each.subresource}"
            for each in requests
            if self.name in (each.name, each.node)
        ]

    def writes(self) -> int:
        return self.asked().count("patch balloonhosts/status")


def give_rights(plane: ControlPlane) -> ControlPlane:
    """Let agents do what they may."""
    plane.install(DEPLOY / "agent-rights.yaml", DEPLOY / "agent-admission.yaml")
    return plane


@contextmanager
def new_host(plane: ControlPlane) -> Iterator[Host]:
    """Make a node that no other test knows; it is gone afterwards."""
    name = f"node-{next(_NUMBERS)}"
    plane.add_node(name)
    yield Host(plane, name)
    plane.kubectl("delete", "node,blh", name, "--ignore-not-found")


@contextmanager
def agent(
    host: Host,
    *,
    node: OwnNode | None = None,
    kubeconfig: Path | None = None,
    interval: float = 1.0,
    connected: Callable[[], bool] = lambda: True,
) -> Iterator[HostReporter]:
    """Run what an agent tells Kubernetes with, until the end of the block."""
    known = node or host.node()
    own = kubeconfig or host.plane.kubeconfig_of(host.plane.token(ACCOUNT, host.name))
    with closing(ApiServer(own)) as server:
        reporter = HostReporter(server, known, interval=interval, connected=connected)
        reporter.start()
        try:
            yield reporter
        finally:
            reporter.stop(10)


def through(wire: Wire, host: Host) -> Path:
    return host.plane.kubeconfig_of(host.plane.token(ACCOUNT, host.name), server=wire.server)


def now(decision: Decision = CALM, **fields: Any) -> Report:
    """Return a cycle that ends at this moment."""
    return report(decision, at=time.time(), **fields)


def reclaiming(size: int) -> Report:
    return now(stay(guest("web", actual=GIB - size)))


def says(lines: pytest.LogCaptureFixture, message: str) -> int:
    return sum(message in record.getMessage() for record in lines.records)
