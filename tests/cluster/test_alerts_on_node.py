"""An agent of a node: its policies' rules about alerts, its Node's addresses, its BalloonHost's condition."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ballonet_lab import GuestSpec, Lab, eventually
from ballonet_lab.kubernetes import ControlPlane
from ballonet_lab.monitoring import Alertmanager
from cluster_agent import NODE, agent_kubeconfig, apply, cluster_agent, policy, prepare

ADDRESS = "10.9.8.7"
RULES = [{"matchLabels": {"alertname": "HostMemoryFillingUp"}, "action": "Reclaim"}]


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    return prepare(control_plane)


@pytest.fixture
def alertmanager() -> Iterator[Alertmanager]:
    with Alertmanager.launch() as launched:
        yield launched


def condition(plane: ControlPlane) -> dict[str, Any]:
    """Return what the BalloonHost says of Alertmanager; nothing where there is no such condition."""
    found = json.loads(plane.kubectl("get", "balloonhosts", "-o", "json"))["items"]
    conditions = [each for host in found for each in host.get("status", {}).get("conditions", [])]
    return next((each for each in conditions if each["type"] == "AlertmanagerReachable"), {})


def is_now(plane: ControlPlane, status: str, reason: str, part: str = "") -> bool:
    found = condition(plane)
    return (found.get("status"), found.get("reason")) == (status, reason) and part in found["message"]


def test_a_host_tells_in_kubernetes_whether_alerts_can_act_and_which_do(
    plane: ControlPlane, lab: Lab, tmp_path: Path, alertmanager: Alertmanager
) -> None:
    addresses = {"status": {"addresses": [{"type": "InternalIP", "address": ADDRESS}]}}
    plane.kubectl("patch", "node", NODE, "--subresource=status", "--type=merge", "-p", json.dumps(addresses))
    flags = (
        "--alertmanager.url", alertmanager.url, "--alertmanager.interval", "1s",
        "--alertmanager.expiry", "3s", "--kubernetes.status-interval", "1s",
    )  # fmt: skip
    alertmanager.post_alerts([{"alertname": "HostMemoryFillingUp", "instance": f"{ADDRESS}:9100"}])
    lab.guests([GuestSpec(name="web-1")])
    with cluster_agent(tmp_path, lab.uri, agent_kubeconfig(plane), *flags) as agent:
        eventually(lambda: is_now(plane, "Unknown", "NotAsked"), "no policy has rules")
        apply(plane, policy("web", alerts=RULES))
        named = "HostMemoryFillingUp (Reclaim by web)"
        eventually(lambda: is_now(plane, "True", "Reachable", named), "the alert is told of")
        assert agent.said("alert in force", policy="web", action="Reclaim")
        eventually(lambda: raised(plane), "the reserves are told to be raised")
        alertmanager.kill()
        eventually(lambda: is_now(plane, "False", "Unreachable", alertmanager.url), "it is missed")
        eventually(lambda: not raised(plane), "the reserves are told to be usual")
    with cluster_agent(tmp_path, lab.uri, agent_kubeconfig(plane)):
        eventually(lambda: condition(plane) == {}, "an agent without an Alertmanager says nothing of one")


def raised(plane: ControlPlane) -> bool:
    """Whether the BalloonHost says that something has raised its reserves."""
    (found,) = json.loads(plane.kubectl("get", "balloonhosts", "-o", "json"))["items"]
    return bool(found["status"]["reserves"].get("raised"))
