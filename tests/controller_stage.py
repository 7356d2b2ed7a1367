"""A real API server with policies, nodes and what agents would write, for tests of the controller."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ballonet.api_kinds import HOSTS, POLICIES
from ballonet.apiserver import ApiServer, Json
from ballonet.manifests.conditions import carried, condition
from ballonet.manifests.v1alpha1_host import HostStatus, ObservedPolicy
from ballonet.manifests.v1alpha1_status import GuestCounts, Overruling
from ballonet_lab import eventually
from ballonet_lab.kubernetes import ControlPlane
from controller_parts import condition_of

AGENT = "ballonet-agent"


def told(
    policy: str, generation: int = 1, *, overruled_by: Json | None = None, **fields: Any
) -> ObservedPolicy:
    """Return what an agent tells of a policy; counts are keywords."""
    counts = {name: fields.pop(name) for name in list(fields) if name in GuestCounts.model_fields}
    losses = [Overruling(policy=owner, guests=guests) for owner, guests in (overruled_by or {}).items()]
    return ObservedPolicy(
        name=policy, generation=generation, guests=GuestCounts(**counts), overruled_by=tuple(losses), **fields
    )


@dataclass
class Stage:
    """What is on the API server, written and read as others than the controller do it."""

    plane: ControlPlane
    server: ApiServer = field(init=False)

    def __post_init__(self) -> None:
        self.server = ApiServer(self.plane.kubeconfig)

    def policy(self, name: str, **spec: Any) -> int:
        """Apply a policy as a person does; returns its generation."""
        document = {
            "apiVersion": "ballonet.dev/v1alpha1", "kind": "BalloonPolicy", "metadata": {"name": name},
            "spec": spec,
        }  # fmt: skip
        text = self.plane.kubectl(
            "apply", "--server-side", "-o", "json", "-f", "-", input=json.dumps(document)
        )
        return int(json.loads(text)["metadata"]["generation"])

    def host(self, name: str, observed: Sequence[ObservedPolicy] = (), *, connected: bool = True) -> None:
        """Write a BalloonHost as its agent does, but without an owner."""
        body: Json = {"apiVersion": HOSTS.api_version, "kind": "BalloonHost", "metadata": {"name": name}}
        self.server.apply(HOSTS, body, manager=AGENT)
        found = condition("HypervisorConnected", "Connected", holds=connected)
        status = HostStatus(
            conditions=carried((), [found], now=time.time()), observed_policies=tuple(observed)
        )
        self.server.apply(HOSTS, {**body, "status": status.document()}, manager=AGENT, subresource="status")

    def hosts(self) -> set[str]:
        """Return the names of the BalloonHosts."""
        return {each["metadata"]["name"] for each in self.server.list(HOSTS)}

    def status(self, policy: str) -> Json:
        """Return a policy's status; empty where it has none."""
        found = self.server.get(POLICIES, policy) or {}
        return dict(found.get("status") or {})

    def says(self, policy: str, reason: str, *, kind: str = "Ready", within: float = 15) -> str:
        """Wait until a condition has a reason; returns its message."""

        def look() -> str | None:
            status = self.status(policy)
            _, found, message = condition_of(status, kind) if status.get("conditions") else ("", "", "")
            return message if found == reason else None

        return eventually(look, f"{kind} of {policy} is {reason}", within=within) or ""

    def clear(self) -> None:
        """Remove everything that a test may have made."""
        for kind in ("blp", "blh", "nodes"):
            self.plane.kubectl("delete", kind, "--all")
        self.plane.kubectl("delete", "lease", "ballonet-controller", "-n", "ballonet", "--ignore-not-found")
        self.plane.kubectl("delete", "events", "-n", "default", "--all")
