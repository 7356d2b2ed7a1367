"""The controller while the API server is away, after a gap in its watches, and at its end."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ballonet_lab import eventually
from ballonet_lab.kubernetes import ControlPlane, Wire
from controller_stage import Stage, told
from running_controller import RunningController, running_controller


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    """A control plane of which the API server may be stopped and started."""
    return control_plane


@pytest.fixture
def stage(plane: ControlPlane) -> Iterator[Stage]:
    """An API server with nothing on it, and nothing left behind."""
    stage = Stage(plane)
    yield stage
    stage.clear()


@pytest.fixture
def wire(plane: ControlPlane) -> Iterator[Wire]:
    """The controller's way to the API server."""
    with Wire.to(plane.server) as wire:
        yield wire


@pytest.fixture
def controller(stage: Stage, wire: Wire, tmp_path: Path) -> Iterator[RunningController]:
    """A controller at the end of the wire that leads."""
    stage.plane.install(DEPLOY)
    kubeconfig = stage.plane.kubeconfig_of(stage.plane.token("ballonet-controller"), server=wire.server)
    with running_controller(tmp_path, kubeconfig, "--kubernetes.relist-interval", "1h") as running:
        eventually(running.leads, "it leads")
        yield running


DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"


def test_what_was_deleted_in_a_gap_of_the_watches_is_forgotten(
    stage: Stage, wire: Wire, controller: RunningController
) -> None:
    for name in ("kept", "deleted"):
        stage.policy(name)
        stage.host(f"host-{name}", [told("kept"), told("deleted")])
    stage.says("kept", "InForce")
    stage.says("deleted", "InForce")

    wire.cut()
    stage.plane.kubectl("delete", "blp", "deleted")
    stage.plane.kubectl("delete", "blh", "host-deleted")
    stage.plane.compact()
    stage.plane.stop_api_server()
    stage.plane.start_api_server()
    wire.mend()

    eventually(lambda: controller.series("objects")["balloonhosts",] == 1, "the host is forgotten", within=60)
    eventually(lambda: controller.series("objects")["balloonpolicies",] == 1, "the policy is forgotten")
    eventually(lambda: stage.status("kept")["hosts"] == 1, "the other's status knows", within=30)
    assert stage.status("deleted") == {}
    assert controller.series("writes_total")["status", "failed"] == 0


def test_an_api_server_that_was_away_is_caught_up_with(stage: Stage, controller: RunningController) -> None:
    stage.policy("web")
    stage.host("kvm-1")
    stage.says("web", "HostsBehind")

    stage.plane.stop_api_server()
    eventually(lambda: controller.series("watching") == {(): 0.0}, "it notices", within=60)
    eventually(lambda: not controller.leads(), "it does not lead any more", within=60)
    assert controller.get("/-/healthy") == (200, "healthy")
    assert controller.get("/-/ready") == (503, "not ready: the API server tells of no changes")
    stage.plane.start_api_server()

    stage.host("kvm-1", [told("web", owned=2)])
    assert stage.says("web", "InForce", within=60) == "in force on its one host"
    eventually(controller.leads, "it leads again", within=60)
    assert len(list(stage.hosts())) == 1


def test_it_starts_before_the_api_server_does(stage: Stage, tmp_path: Path) -> None:
    stage.policy("web")
    stage.plane.stop_api_server()
    with running_controller(tmp_path, stage.plane.kubeconfig) as controller:
        assert controller.get("/-/healthy") == (200, "healthy")
        assert controller.get("/-/ready") == (
            503,
            "not ready: not listed yet: nodes, balloonpolicies, balloonhosts",
        )
        stage.plane.start_api_server()
        stage.says("web", "NoHosts", within=60)
        # A server that has just started may list objects before it lets anybody watch them.
        eventually(controller.leads, "it leads", within=60)


def test_it_is_not_ready_where_its_lease_can_be_nowhere(stage: Stage, tmp_path: Path) -> None:
    with running_controller(tmp_path, stage.plane.kubeconfig, "--namespace", "nothere") as controller:
        advice = "no namespace nothere: run kubectl apply -f deploy/kubernetes/, or see --namespace"
        reason = f"not ready: nobody is known to lead: {advice}"
        eventually(lambda: controller.get("/-/ready") == (503, reason), "it says why", within=60)
        assert controller.said("lease not obtained")
        assert not controller.said("lease not renewed")


@pytest.mark.parametrize("end", [pytest.param(Wire.cut, id="refused"), pytest.param(Wire.hold, id="silent")])
def test_it_ends_within_three_seconds_even_while_nobody_answers(
    wire: Wire, controller: RunningController, end: Callable[[Wire], None]
) -> None:
    end(wire)
    eventually(lambda: controller.said("lease not renewed"), "it notices", within=60)
    begin = time.monotonic()
    assert controller.end() == 0
    assert time.monotonic() - begin < 3


def test_its_successor_leads_at_once_when_it_is_told_to_end(
    stage: Stage, controller: RunningController, tmp_path: Path
) -> None:
    begin = time.monotonic()
    assert controller.end() == 0
    assert time.monotonic() - begin < 3
    stage.policy("web")
    with running_controller(tmp_path, stage.plane.kubeconfig) as successor:
        stage.says("web", "NoHosts", within=10)
        assert successor.leads()
