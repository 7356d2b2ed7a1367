"""An agent that has its policies from a real API server, and a guest below it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ballonet.quantity import KIB
from ballonet_lab import LabGuest
from ballonet_lab.kubernetes import ControlPlane
from running_agent import RunningAgent, running_agent

DEPLOY: Final = Path(__file__).resolve().parents[1] / "deploy" / "kubernetes"
NODE: Final = "kvm-1"
ROOMY: Final = ("--host.budget", "3Gi")
"""Room for a guest of 1 GiB, unless a policy wants 2.5 GiB left free."""


def policy(name: str, **spec: Any) -> str:
    """Return a BalloonPolicy that leaves a guest of 1 GiB on a budget of 3 GiB some 550 MiB."""
    host = {"growAbove": "2560Mi", "reclaimBelow": "2496Mi", "criticalBelow": "64Mi"}
    document = {
        "apiVersion": "ballonet.dev/v1alpha1",
        "kind": "BalloonPolicy",
        "metadata": {"name": name},
        "spec": {"thresholds": {"host": host}, **spec},
    }
    return json.dumps(document)


def apply(plane: ControlPlane, text: str) -> None:
    """Apply a manifest as an administrator does."""
    plane.kubectl("apply", "-f", "-", input=text)


def remove_policies(plane: ControlPlane) -> None:
    """Delete all policies."""
    plane.kubectl("delete", "balloonpolicies", "--all", "--wait=true")


def actual(guest: LabGuest) -> int:
    """Return a guest's size in bytes; QEMU says it."""
    return guest.memory_statistics()["actual"] * KIB


def agent_kubeconfig(plane: ControlPlane, server: str | None = None, node: str = NODE) -> Path:
    """Return the kubeconfig of an agent: its service account's token, bound to its node."""
    return plane.kubeconfig_of(plane.token("ballonet-agent", node=node), server=server)


@contextmanager
def cluster_agent(
    directory: Path, uri: str, kubeconfig: Path, *flags: str, node: str = NODE
) -> Iterator[RunningAgent]:
    """Start an agent on a node."""
    given = ("--node-name", node, "--kubernetes.kubeconfig", str(kubeconfig), *ROOMY, *flags)
    with running_agent(directory, uri, None, *given) as agent:
        yield agent
