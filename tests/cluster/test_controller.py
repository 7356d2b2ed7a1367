"""The controller on a real API server: what it makes of policies and of what agents tell."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ballonet_lab import eventually
from ballonet_lab.kubernetes import ControlPlane, Request
from controller_stage import Stage, told
from running_controller import RunningController, running_controller

DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
# The API server's schema lets it through: it says nothing of the keys of labels.
UNUSABLE = {"hosts": {"selector": {"matchLabels": {"pool of hosts": "kvm"}}}}
UNUSABLE_BECAUSE = (
    "spec.hosts.selector.matchLabels.pool of hosts: 'pool of hosts' has characters that are not allowed "
    "here: write for example matchLabels: {tier: web}"
)


@pytest.fixture
def stage(control_plane: ControlPlane) -> Iterator[Stage]:
    """An API server with nothing on it, and nothing left behind."""
    stage = Stage(control_plane)
    yield stage
    stage.clear()


@pytest.fixture
def controller(stage: Stage, tmp_path: Path) -> Iterator[RunningController]:
    """A controller that leads."""
    with running_controller(tmp_path, stage.plane.kubeconfig) as running:
        eventually(running.leads, "it leads")
        yield running


def writes(plane: ControlPlane, since: datetime) -> list[Request]:
    """Return what the controller's program wrote; renewals of the lease are no news."""
    verbs = ("create", "update", "patch", "delete")
    return [
        each
        for each in plane.requests(since=since)
        if each.verb in verbs and each.agent == "ballonet" and each.resource != "leases"
    ]


@pytest.mark.usefixtures("controller")
def test_a_policy_is_ready_once_every_host_has_it_in_force(stage: Stage) -> None:
    stage.host("kvm-1")
    stage.host("kvm-2")
    assert stage.policy("web") == 1
    assert stage.says("web", "HostsBehind") == "generation 1 is not in force on 2 of 2 hosts: kvm-1, kvm-2"

    stage.host("kvm-1", [told("web", selected=3, owned=3, shrunk=2, reclaimed="1Gi")])
    stage.host("kvm-2", [told("web", selected=1, owned=1, stuck=1, reclaimed="512Mi")])
    assert stage.says("web", "InForce") == "in force on all 2 hosts"
    status = stage.status("web")
    assert (status["hosts"], status["hostsInForce"], status["reclaimed"]) == (2, 2, "1.5Gi")
    assert {name: count for name, count in status["guests"].items() if count} == {
        "selected": 4, "owned": 4, "shrunk": 2, "stuck": 1,
    }  # fmt: skip

    assert stage.policy("web", priority=5) == 2
    assert stage.says("web", "HostsBehind").startswith("generation 2 is not in force on 2 of 2 hosts")
    assert stage.status("web")["observedGeneration"] == 2
    stage.host("kvm-1", [told("web", 2)])
    stage.host("kvm-2", [told("web", 2)], connected=False)
    assert stage.says("web", "HostsUnhealthy").endswith(": kvm-2")


@pytest.mark.usefixtures("controller")
def test_hosts_are_selected_by_the_labels_of_their_nodes(stage: Stage) -> None:
    stage.host("kvm-1")
    stage.plane.add_node("kvm-1", {"pool": "kvm"})
    stage.policy("web", hosts={"selector": {"matchLabels": {"pool": "other"}}})
    assert "look at spec.hosts" in stage.says("web", "NoHosts")

    stage.plane.add_node("kvm-1", {"pool": "other"})
    assert stage.says("web", "HostsBehind").endswith(": kvm-1")


@pytest.mark.usefixtures("controller")
def test_who_loses_guests_to_another_policy_says_to_whom(stage: Stage) -> None:
    stage.policy("all")
    stage.policy("web-tier", priority=10, guests={"names": ["web-*"]})
    losing = told("all", selected=10, owned=7, overruled_by={"web-tier": 3})
    stage.host("kvm-1", [losing, told("web-tier", selected=3, owned=3)])
    assert stage.says("all", "InForce") == (
        "in force on its one host; 3 of its 10 guests are owned by web-tier, which has a higher priority"
    )
    assert stage.status("all")["overruledBy"] == [{"policy": "web-tier", "guests": 3}]
    assert stage.says("web-tier", "InForce") == "in force on its one host"


def test_what_only_the_controller_can_refuse_is_refused_and_told_once(
    stage: Stage, controller: RunningController
) -> None:
    stage.policy("web", **UNUSABLE)
    assert stage.says("web", "Invalid", kind="Accepted") == UNUSABLE_BECAUSE
    assert "it is in force nowhere" in stage.says("web", "NotAccepted")
    eventually(lambda: controller.series("writes_total")["event", "written"] == 1, "an Event is made")
    assert UNUSABLE_BECAUSE in stage.plane.kubectl("describe", "blp", "web").partition("Events:")[2]

    stage.policy("web")
    stage.says("web", "Accepted", kind="Accepted")
    assert controller.series("policies")["Accepted", "True"] == 1
    assert len(events(stage)) == 1


def events(stage: Stage) -> list[object]:
    found: list[object] = json.loads(stage.plane.kubectl("get", "events", "-n", "default", "-o", "json"))[
        "items"
    ]
    return found


def test_a_host_goes_some_time_after_its_node(stage: Stage, tmp_path: Path) -> None:
    for name in ("kvm-1", "kvm-2"):
        stage.plane.add_node(name)
        stage.host(name)
    with running_controller(tmp_path, stage.plane.kubeconfig, "--host-expiry", "2s") as controller:
        eventually(lambda: controller.series("objects")["balloonhosts",] == 2, "the hosts are known")
        stage.plane.delete_node("kvm-1")
        eventually(lambda: stage.hosts() == {"kvm-2"}, "the host is removed")
        assert controller.said("host removed, its node is gone", host="kvm-1")
        eventually(lambda: controller.series("hosts_removed_total") == {(): 1.0}, "it is counted")


def test_at_rest_nothing_is_written(stage: Stage, controller: RunningController) -> None:
    stage.policy("web")
    stage.host("kvm-1", [told("web", selected=3, owned=3)])
    stage.says("web", "InForce")
    quiet = datetime.now(UTC)
    renewed = len(renewals(stage, quiet))
    eventually(lambda: len(renewals(stage, quiet)) >= renewed + 10, "20 s pass", within=60)
    assert writes(stage.plane, quiet) == []
    assert controller.get("/-/healthy") == (200, "healthy")


def renewals(stage: Stage, since: datetime) -> list[Request]:
    return [
        each
        for each in stage.plane.requests(since=since)
        if (each.verb, each.resource) == ("update", "leases")
    ]


def test_one_that_stands_by_writes_nothing_until_it_leads(
    stage: Stage, controller: RunningController, tmp_path: Path
) -> None:
    stage.plane.install(DEPLOY)
    account = stage.plane.kubeconfig_of(stage.plane.token("ballonet-controller"))
    with running_controller(tmp_path, account) as second:
        eventually(second.stands_by, "the second stands by")
        stage.policy("web")
        stage.says("web", "NoHosts")
        written = {
            each.resource for each in stage.plane.requests("ballonet-controller") if each.verb == "patch"
        }
        assert (written, second.series("leader"), controller.series("leader")) == (
            set(),
            {(): 0.0},
            {(): 1.0},
        )

        assert controller.end() == 0
        stage.host("kvm-1")
        stage.says("web", "HostsBehind")
        assert second.leads()
        assert second.series("writes_total")["status", "written"] == 1
