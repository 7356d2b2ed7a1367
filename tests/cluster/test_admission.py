"""An agent writes the BalloonHost of the node that its token is bound to, and no other."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ballonet.api_kinds import HOSTS
from ballonet.apiserver import ApiServer, Json
from ballonet.errors import ApiServerRefused
from ballonet_lab import LabError, eventually
from ballonet_lab.kubernetes import ControlPlane

DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
AGENT = "ballonet-agent"
NODES = ("north", "south")
# RBAC lets no agent delete anything: here it may, so that it is the policy that answers.
MAY_DELETE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: may-delete}
rules: [{apiGroups: [ballonet.dev], resources: [balloonhosts], verbs: [delete, deletecollection]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: may-delete}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: may-delete}
subjects: [{kind: ServiceAccount, name: ballonet-agent, namespace: ballonet}]
"""
NORTH_ONLY = "the agent on node north may write only the BalloonHost of that name, not south"


@pytest.fixture(scope="module")
def guarded(control_plane: ControlPlane) -> ControlPlane:
    """The control plane with all of deploy/kubernetes in force."""
    control_plane.install(DEPLOY)
    control_plane.kubectl("apply", "-f", "-", input=MAY_DELETE)
    for node in NODES:
        control_plane.add_node(node)
    agent = ApiServer(control_plane.kubeconfig_of(control_plane.token(AGENT, node="north")))
    # A new policy and new rights are in force a little later.
    eventually(lambda: "may write only" in refused(agent, host(control_plane, "probe")), "it is in force")
    return control_plane


@pytest.fixture
def plane(guarded: ControlPlane) -> Iterator[ControlPlane]:
    """The same, without BalloonHosts at the end."""
    yield guarded
    guarded.kubectl("delete", "balloonhosts", "--all")


@pytest.fixture(scope="module")
def north(guarded: ControlPlane) -> ApiServer:
    """The agent on the node north, to the API server."""
    return ApiServer(guarded.kubeconfig_of(guarded.token(AGENT, node="north")))


def uid_of(plane: ControlPlane, node: str) -> str:
    try:
        return plane.kubectl("get", "node", node, "-o", "jsonpath={.metadata.uid}")
    except LabError:
        return "00000000-0000-0000-0000-000000000000"


def owner(plane: ControlPlane, node: str, **other: str) -> dict[str, str]:
    return {"apiVersion": "v1", "kind": "Node", "name": node, "uid": uid_of(plane, node), **other}


def host(plane: ControlPlane, name: str, *, owners: list[dict[str, str]] | None = None) -> Json:
    owners = [owner(plane, name)] if owners is None else owners
    metadata: dict[str, Any] = {"name": name, "ownerReferences": owners}
    return {"apiVersion": HOSTS.api_version, "kind": "BalloonHost", "metadata": metadata}


def status(name: str, reclaimed: str) -> Json:
    return {
        "apiVersion": HOSTS.api_version,
        "kind": "BalloonHost",
        "metadata": {"name": name},
        "status": {"reclaimed": reclaimed},
    }


def apply(agent: ApiServer, body: Json) -> Json:
    return agent.apply(HOSTS, body, manager=AGENT, subresource="status" if "status" in body else "")


def refused(agent: ApiServer, body: Json) -> str:
    """Return why the API server refuses it; empty where it does not."""
    try:
        apply(agent, body)
    except ApiServerRefused as error:
        return str(error)
    return ""


def made_by_admin(plane: ControlPlane, name: str) -> None:
    plane.kubectl("apply", "--server-side", "-f", "-", input=json.dumps(host(plane, name)))


def test_an_agent_makes_and_reports_on_the_host_of_its_own_node(
    plane: ControlPlane, north: ApiServer
) -> None:
    apply(north, host(plane, "north"))
    apply(north, status("north", "1Gi"))
    apply(north, status("north", "2Gi"))
    assert json.loads(plane.kubectl("get", "balloonhost", "north", "-o", "json"))["status"] == {
        "reclaimed": "2Gi"
    }


def test_an_agent_cannot_make_the_host_of_another_node(plane: ControlPlane, north: ApiServer) -> None:
    assert NORTH_ONLY in refused(north, host(plane, "south"))
    with pytest.raises(ApiServerRefused, match=NORTH_ONLY):
        north.create(HOSTS, host(plane, "south"))
    nameless = host(plane, "north") | {"metadata": {"generateName": "north"}}
    with pytest.raises(ApiServerRefused, match="may write only the BalloonHost of that name"):
        north.create(HOSTS, nameless)


def test_an_agent_cannot_change_or_report_on_the_host_of_another_node(
    plane: ControlPlane, north: ApiServer
) -> None:
    made_by_admin(plane, "south")
    assert NORTH_ONLY in refused(north, host(plane, "south") | {"metadata": {"name": "south", "labels": {}}})
    assert NORTH_ONLY in refused(north, status("south", "1Gi"))
    assert "status" not in json.loads(plane.kubectl("get", "balloonhost", "south", "-o", "json"))


def test_an_agent_cannot_delete_the_host_of_another_node_even_where_it_may_delete(
    plane: ControlPlane, north: ApiServer
) -> None:
    made_by_admin(plane, "south")
    with pytest.raises(ApiServerRefused, match=NORTH_ONLY):
        north.delete(HOSTS, "south", uid=uid_of_host(plane, "south"))
    made_by_admin(plane, "north")
    assert north.delete(HOSTS, "north", uid=uid_of_host(plane, "north"))


def uid_of_host(plane: ControlPlane, name: str) -> str:
    return plane.kubectl("get", "balloonhost", name, "-o", "jsonpath={.metadata.uid}")


def test_an_agent_cannot_delete_all_hosts_at_once(plane: ControlPlane) -> None:
    for node in NODES:
        made_by_admin(plane, node)
    agent = str(plane.kubeconfig_of(plane.token(AGENT, node="north")))
    complaint = plane.refusal("--kubeconfig", agent, "delete", "--raw", HOSTS.path())
    assert "may write only the BalloonHost of that name, not any other" in complaint
    assert plane.kubectl("get", "balloonhosts", "-o", "name").split() == [
        f"balloonhost.ballonet.dev/{node}" for node in NODES
    ]


@pytest.mark.parametrize("bare", [True, False], ids=["main object", "status"])
def test_a_token_that_is_bound_to_no_node_writes_nothing(plane: ControlPlane, *, bare: bool) -> None:
    agent = ApiServer(plane.kubeconfig_of(plane.token(AGENT)))
    made_by_admin(plane, "north")
    body = host(plane, "north") if bare else status("north", "1Gi")
    assert "the token of this agent is bound to no node" in refused(agent, body)


@pytest.mark.parametrize(
    "owners",
    [
        pytest.param([], id="no owner"),
        pytest.param([("south", {})], id="another node"),
        pytest.param([("north", {}), ("south", {})], id="another node besides"),
        pytest.param([("north", {"kind": "Pod"})], id="a pod of the node's name"),
    ],
)
def test_the_one_owner_of_a_host_is_its_own_node(
    plane: ControlPlane, north: ApiServer, owners: list[tuple[str, dict[str, str]]]
) -> None:
    body = host(plane, "north", owners=[owner(plane, name, **other) for name, other in owners])
    assert "the one owner of BalloonHost north must be the Node of that name" in refused(north, body)


def test_others_are_judged_by_their_rights_alone(plane: ControlPlane) -> None:
    made_by_admin(plane, "south")
    plane.kubectl("delete", "balloonhost", "south")
