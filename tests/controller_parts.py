"""Objects as the API server has them, and an API server of a few dictionaries: for the controller's tests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ballonet.api_kinds import HOSTS, NODES, POLICIES, Kind
from ballonet.apiserver import ApiServer, Json
from ballonet.errors import ApiServerRefused
from ballonet_operator.controller.host_facts import host_facts, node_facts
from ballonet_operator.controller.policy_facts import PolicyFacts, policy_facts
from ballonet_operator.controller.tally import Standing

NOON = 1_800_000_000.0
CREATED = "2026-01-31T12:00:00Z"
UNUSABLE: Json = {"priority": "high"}
UNUSABLE_BECAUSE = "spec.priority: 'high' is not a whole number: write for example priority: 10"


def policy_object(
    name: str = "web",
    *,
    generation: int = 1,
    uid: str = "",
    created: str = CREATED,
    spec: Json | None = None,
    status: Json | None = None,
) -> Json:
    """Return a BalloonPolicy; without a spec it is for all hosts and guests."""
    metadata = {"name": name, "uid": uid or f"uid-{name}", "generation": generation}
    return {
        "apiVersion": "ballonet.dev/v1alpha1",
        "kind": "BalloonPolicy",
        "metadata": {**metadata, "creationTimestamp": created},
        "spec": spec or {},
        **({"status": status} if status is not None else {}),
    }


def observed(policy: str = "web", generation: int = 1, **fields: Any) -> Json:
    """Return what an agent tells of a policy, as it writes it: without what says nothing."""
    return {"name": policy, "generation": generation, **fields}


def overruling(**guests: int) -> list[Json]:
    """Return who owns how many guests."""
    return [{"policy": policy, "guests": count} for policy, count in guests.items()]


def host_object(
    name: str = "kvm-1", *told: Json, connected: str | None = "True", uid: str = "", **status: Any
) -> Json:
    """Return a BalloonHost; ``connected`` is None where its agent has written nothing yet."""
    conditions = [{"type": "HypervisorConnected", "status": connected, "reason": "Any", "message": ""}]
    written = {"conditions": conditions, "observedPolicies": list(told), **status}
    return {
        "apiVersion": "ballonet.dev/v1alpha1",
        "kind": "BalloonHost",
        "metadata": {"name": name, "uid": uid or f"uid-{name}"},
        **({"status": written} if connected is not None else {}),
    }


def node_object(name: str = "kvm-1", uid: str = "", **labels: str) -> Json:
    """Return a Node."""
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "uid": uid, "labels": labels}}


def facts(name: str = "web", **fields: Any) -> PolicyFacts:
    """Return what the controller keeps of a policy."""
    return policy_facts(policy_object(name, **fields))


def standing(host: Json, **labels: str) -> Standing:
    """Return a host on a node with labels."""
    node = node_facts(node_object(host["metadata"]["name"], **labels))
    return Standing(host=host_facts(host), labels=node.labels)


@dataclass
class FakeServer(ApiServer):
    """An API server of a few dictionaries that knows status, uid preconditions and troubles.

    Attributes:
        objects: by kind and name.
        asked: verb and name of every request that writes.
        trouble: called before each request with its verb and name; raises what should go wrong.
    """

    objects: dict[Kind, dict[str, Json]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    trouble: Callable[[str, str], None] = lambda _verb, _name: None

    def put(self, *things: Json) -> None:
        """Make or replace objects."""
        kinds = {"BalloonPolicy": POLICIES, "BalloonHost": HOSTS, "Node": NODES}
        for thing in things:
            self.objects.setdefault(kinds[thing["kind"]], {})[thing["metadata"]["name"]] = thing

    def list(self, kind: Kind, *, namespace: str = "", **query: str) -> Iterator[Json]:  # noqa: ARG002
        self.trouble("list", kind.plural)
        name = query.get("fieldSelector", "").removeprefix("metadata.name=")
        things = self.objects.get(kind, {}).values()
        yield from (each for each in things if not name or each["metadata"]["name"] == name)

    def apply(self, kind: Kind, body: Json, *, manager: str, subresource: str = "") -> Json:
        name = body["metadata"]["name"]
        self._ask("apply", name)
        stored = self.objects.get(kind, {}).get(name)
        if stored is None:
            raise ApiServerRefused("not found", code=404)
        assert (manager, subresource) == ("ballonet-controller", "status")
        if body["metadata"].get("resourceVersion") != stored["metadata"].get("resourceVersion"):
            raise ApiServerRefused("the object has been modified", code=409)
        self.objects[kind][name] = {**stored, "status": body["status"]}
        return self.objects[kind][name]

    def create(self, kind: Kind, body: Json, *, namespace: str = "", manager: str = "") -> Json:  # noqa: ARG002
        name = body["metadata"]["name"]
        self._ask("create", name)
        if name in self.objects.setdefault(kind, {}):
            raise ApiServerRefused("already exists", code=409)
        self.objects[kind][name] = body
        return body

    def delete(self, kind: Kind, name: str, *, uid: str, namespace: str = "") -> bool:  # noqa: ARG002
        self._ask("delete", name)
        stored = self.objects.get(kind, {}).get(name)
        if stored is None or stored["metadata"]["uid"] != uid:
            return False
        del self.objects[kind][name]
        return True

    def _ask(self, verb: str, name: str) -> None:
        self.asked.append((verb, name))
        self.trouble(verb, name)

    def status(self, policy: str) -> Json:
        """Return a policy's status as it is stored."""
        return dict(self.objects[POLICIES][policy].get("status") or {})


def condition_of(status: Json, kind: str) -> tuple[str, str, str]:
    """Return status, reason and message of a condition."""
    (found,) = (each for each in status["conditions"] if each["type"] == kind)
    return found["status"], found["reason"], found["message"]
