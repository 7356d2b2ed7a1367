"""Agent and controller at work with exactly the rights of deploy/kubernetes, and with one less.

What they ask for and what is refused to them is read from the API server's audit log.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from ballonet.apiserver import Json
from ballonet_lab import GuestSpec, Lab, eventually
from ballonet_lab.kubernetes import ControlPlane
from ballonet_lab.kubernetes.audit import Request
from deployed_rights import AGENT, CONTROLLER, DEPLOY, Use, lacking, used, uses
from running_agent import running_agent
from running_controller import running_controller

POLICY = {"apiVersion": "ballonet.dev/v1alpha1", "kind": "BalloonPolicy"}
HOST = {"apiVersion": "ballonet.dev/v1alpha1", "kind": "BalloonHost"}
# No host with a budget of 2 GiB has so much available: it is critical, and its guests shrink.
HUNGRY = {
    "thresholds": {"host": {"criticalBelow": "1900Mi", "reclaimBelow": "1950Mi", "growAbove": "2000Mi"}}
}
# The schema says nothing of the keys of labels: such a policy is for the controller to refuse.
MEANINGLESS = {"hosts": {"selector": {"matchLabels": {"pool of hosts": "kvm"}}}}
NUMBERS = count(1)


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    """The control plane with all of deploy/kubernetes, and an account for every right that it lacks."""
    control_plane.install(DEPLOY)
    others = [
        thing
        for part in (AGENT, CONTROLLER)
        for use in uses(part)
        for thing in lacking(part, use, account_without(part, use))
    ]
    apply(control_plane, *others)
    return control_plane


def account_without(part: str, use: Use) -> str:
    words = str(use).replace("/", " ").split()
    return "-".join([part, "without", *words])


def apply(plane: ControlPlane, *things: Json) -> None:
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": things})
    plane.kubectl("apply", "--server-side", "-f", "-", input=text)


def make(plane: ControlPlane, thing: Json, name: str, **fields: Json) -> None:
    apply(plane, {**thing, "metadata": {"name": name}, **fields})


def read(plane: ControlPlane, *kind_and_name: str) -> Json:
    """Return the object; empty where it does not exist."""
    text = plane.kubectl("get", *kind_and_name, "--ignore-not-found", "-o", "json")
    return dict(json.loads(text)) if text else {}


def refused(plane: ControlPlane, account: str) -> list[Request]:
    return [each for each in plane.requests(account) if each.code in (401, 403)]


@contextmanager
def agent_at_work(plane: ControlPlane, directory: Path, account: str, libvirt: str) -> Iterator[None]:
    """Run an agent on a node of its own."""
    node = f"node-{next(NUMBERS)}"
    plane.add_node(node)
    kubeconfig = plane.kubeconfig_of(plane.token(account, node=node))
    flags = ("--node-name", node, "--kubernetes.kubeconfig", str(kubeconfig), "--host.budget", "2Gi")
    with running_agent(directory, libvirt, None, *flags) as agent:
        yield
        assert agent.end() == 0


@contextmanager
def controller_at_work(plane: ControlPlane, directory: Path, account: str) -> Iterator[str]:
    """Run a controller, which has a lease to take, a policy to refuse, a host to remove; yields the name."""
    plane.kubectl("delete", "lease", "-n", "ballonet", "--all")
    name = f"number-{next(NUMBERS)}"
    make(plane, POLICY, name, spec=MEANINGLESS)
    make(plane, HOST, name)
    kubeconfig = plane.kubeconfig_of(plane.token(account))
    with running_controller(directory, kubeconfig, "--host-expiry", "1s") as controller:
        yield name
        assert controller.end() == 0


def test_an_agent_does_all_of_its_work_with_its_rights_and_uses_all_of_them(
    plane: ControlPlane, lab: Lab, tmp_path: Path
) -> None:
    (guest,) = lab.guests([GuestSpec(name="a")])
    make(plane, POLICY, "hungry", spec=HUNGRY)
    before = guest.memory_statistics()["actual"]
    with agent_at_work(plane, tmp_path, AGENT, lab.uri):
        eventually(lambda: guest.memory_statistics()["actual"] < before, "the policy is followed")
        eventually(lambda: used(plane.requests(AGENT)) >= set(uses(AGENT)), "all rights are used")
    assert used(plane.requests(AGENT)) == set(uses(AGENT))
    assert refused(plane, AGENT) == []


def test_a_controller_does_all_of_its_work_with_its_rights_and_uses_all_of_them(
    plane: ControlPlane, tmp_path: Path
) -> None:
    with controller_at_work(plane, tmp_path, CONTROLLER) as name:
        eventually(lambda: "status" in read(plane, "balloonpolicy", name), "the policy is judged")
        eventually(lambda: not read(plane, "balloonhost", name), "the host without a node is removed")
        eventually(lambda: used(plane.requests(CONTROLLER)) >= set(uses(CONTROLLER)), "all rights are used")
    assert used(plane.requests(CONTROLLER)) == set(uses(CONTROLLER))
    assert refused(plane, CONTROLLER) == []
    assert read(plane, "lease", "-n", "ballonet", "ballonet-controller")["spec"]["holderIdentity"] == ""


@pytest.mark.parametrize("part", [AGENT, CONTROLLER])
def test_no_right_is_given_twice_or_without_bounds(part: str) -> None:
    given = uses(part)
    assert len(given) == len(set(given))
    assert not [use for use in given if "*" in use.verb + use.resource]


@pytest.mark.parametrize("use", uses(AGENT), ids=str)
def test_an_agent_needs_each_of_its_rights(plane: ControlPlane, tmp_path: Path, use: Use) -> None:
    account = account_without(AGENT, use)
    # There is no libvirt: the agent has the more to tell.
    with agent_at_work(plane, tmp_path, account, f"qemu+unix:///system?socket={tmp_path}/none"):
        eventually(lambda: refused(plane, account), f"it lacks the right to {use}")
    assert used(refused(plane, account)) == {use.asked}


@pytest.mark.parametrize("use", uses(CONTROLLER), ids=str)
def test_a_controller_needs_each_of_its_rights(plane: ControlPlane, tmp_path: Path, use: Use) -> None:
    account = account_without(CONTROLLER, use)
    with controller_at_work(plane, tmp_path, account):
        eventually(lambda: refused(plane, account), f"it lacks the right to {use}")
    assert used(refused(plane, account)) == {use.asked}
