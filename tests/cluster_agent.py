"""An agent that has its policies from a real API server, and guests below it."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ballonet.quantity import GIB, KIB, MIB
from ballonet_lab import LabGuest, eventually
from ballonet_lab.kubernetes import ControlPlane
from running_agent import RunningAgent, running_agent

DEPLOY: Final = Path(__file__).resolve().parents[1] / "deploy" / "kubernetes"
NODE: Final = "kvm-1"
LEFT: Final = 1536 * MIB
"""What a policy leaves to all guests together."""


def policy(name: str, **spec: Any) -> str:
    """Return a BalloonPolicy that leaves guests 1.5 GiB on a budget of 4 GiB, on which 2 GiB fit without."""
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


def prepare(plane: ControlPlane) -> ControlPlane:
    """Give a control plane the agent's rights and its node."""
    plane.install(DEPLOY)
    plane.add_node(NODE, {"zone": "north"})
    return plane


def calm(plane: ControlPlane, guests: Sequence[LabGuest]) -> None:
    """Leave no policy, and guests that do nothing and have all their memory."""
    plane.kubectl("delete", "balloonpolicies", "--all", "--wait=true")
    for guest in guests:
        guest.release_memory()
        guest.set_memory(GIB)
    eventually(lambda: sizes(guests) == [GIB] * len(guests), "the guests have all their memory")


def sizes(guests: Sequence[LabGuest]) -> list[int]:
    """Return the guests' sizes in bytes; QEMU says them."""
    return [guest.memory_statistics()["actual"] * KIB for guest in guests]


def settled(guests: Sequence[LabGuest]) -> bool:
    """Whether the guests fit into what the policy leaves them, but for what is not worth moving."""
    return sum(sizes(guests)) <= LEFT + len(guests) * 16 * MIB + 64 * MIB


def agent_kubeconfig(plane: ControlPlane, server: str | None = None, node: str = NODE) -> Path:
    """Return the kubeconfig of an agent: its service account's token, bound to its node."""
    return plane.kubeconfig_of(plane.token("ballonet-agent", node=node), server=server)


@contextmanager
def cluster_agent(
    directory: Path, uri: str, kubeconfig: Path, *flags: str, node: str = NODE
) -> Iterator[RunningAgent]:
    """Start an agent on a node."""
    given = ("--node-name", node, "--kubernetes.kubeconfig", str(kubeconfig), "--host.budget", "4Gi", *flags)
    with running_agent(directory, uri, None, *given) as agent:
        yield agent
