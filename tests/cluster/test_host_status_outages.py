"""What an agent tells of its host when the API server is away, or the node or the object is."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from ballonet.quantity import MIB
from ballonet_lab import eventually
from ballonet_lab.kubernetes import ControlPlane, Wire
from ballonet_operator.node import reporter as reporter_module
from ballonet_operator.node.host_object import host_object
from ballonet_operator.node.own_node import OwnNode
from ballonet_operator.node.reporter import HostReporter
from host_reports import lost
from reported_host import (
    ACCOUNT,
    Host,
    agent,
    give_rights,
    new_host,
    now,
    reclaiming,
    says,
    through,
)


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    return give_rights(control_plane)


@pytest.fixture
def host(plane: ControlPlane) -> Iterator[Host]:
    with new_host(plane) as one:
        yield one


def test_an_api_server_that_is_away_is_waited_for_and_told_the_newest(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with Wire.to(host.plane.server) as wire, agent(host, kubeconfig=through(wire, host)) as reporter:
        reporter.record(now())
        eventually(lambda: host.writes() == 1, "the status is written")
        wire.cut()
        for size in (100, 200, 300):
            reporter.record(reclaiming(size * MIB))
            failures = reporter.counts()["writes_failed"]
            eventually(_more(reporter, failures), "a write fails")
        reporter.record(replace(reclaiming(400 * MIB), lost="no socket"))
        wire.mend()
        eventually(lambda: host.reclaimed() == "400Mi", "the status catches up")
        eventually(lambda: len(host.events()) == 1, "the event comes late")
        eventually(lambda: says(caplog, "knows of this host again"), "the log says so")

    assert host.writes() == 2
    assert says(caplog, "cannot be told of this host") == 1
    assert says(caplog, "knows of this host again") == 1
    assert host.events()[0]["reason"] == "HypervisorUnreachable"


def _more(reporter: HostReporter, failures: int) -> Callable[[], bool]:
    return lambda: reporter.counts()["writes_failed"] > failures


def test_an_agent_can_start_without_an_api_server(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    with Wire.to(host.plane.server) as wire, agent(host, kubeconfig=through(wire, host)) as reporter:
        wire.cut()
        reporter.record(now())
        eventually(lambda: says(caplog, "cannot be told of this host"), "it is noticed")
        wire.mend()
        eventually(lambda: host.reclaimed() == "512Mi", "the status is there")


def test_an_api_server_that_does_not_answer_holds_nobody_up(host: Host) -> None:
    with Wire.to(host.plane.server) as wire, agent(host, kubeconfig=through(wire, host)) as reporter:
        reporter.record(now())
        eventually(lambda: host.writes() == 1, "the status is written")
        wire.hold()
        started = time.monotonic()
        for size in range(200):
            reporter.record(reclaiming(size * MIB))
        reporter.record(lost(at=time.time()))
        recorded = time.monotonic() - started
        reporter.stop(0.2)
        stopped = time.monotonic() - started - recorded
        wire.mend()

    assert recorded < 1
    assert stopped < 1


def test_a_host_that_somebody_deletes_comes_back_with_the_next_news(host: Host) -> None:
    with agent(host) as reporter:
        reporter.record(now())
        eventually(lambda: host.writes() == 1, "the status is written")
        host.plane.kubectl("delete", "blh", host.name)

        reporter.record(reclaiming(100 * MIB))
        eventually(lambda: host.reclaimed() == "100Mi", "it is there again")

    assert host.object()["metadata"]["ownerReferences"][0]["uid"] == host.uid()


def test_a_host_that_somebody_deletes_comes_back_by_and_by_without_news(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporter_module, "_REREAD", 0.5)
    with agent(host, interval=0.1) as reporter:
        reporter.record(now())
        eventually(lambda: host.writes() == 1, "the status is written")
        host.plane.kubectl("delete", "blh", host.name)

        eventually(lambda: host.reclaimed() == "512Mi", "it is there again")


def test_a_host_goes_with_its_node_and_comes_back_with_a_new_one(host: Host) -> None:
    node, old = host.node(), host.node_object()
    with agent(host, node=node, kubeconfig=host.plane.kubeconfig) as reporter:
        reporter.record(now())
        eventually(host.exists, "the host is there")
        host.plane.delete_node(host.name)
        node.gone(old)
        eventually(lambda: not host.exists(), "Kubernetes removes the host", within=60)

        reporter.record(reclaiming(100 * MIB))
        host.plane.add_node(host.name)
        node.seen(host.node_object())
        eventually(lambda: host.reclaimed() == "100Mi", "the host is back")

    assert _owner(host) == host.uid() != old["metadata"]["uid"]


def test_a_host_belongs_to_the_new_node_when_one_takes_the_place_of_another(host: Host) -> None:
    node, old = host.node(), host.uid()
    with agent(host, node=node, kubeconfig=host.plane.kubeconfig) as reporter:
        reporter.record(now())
        eventually(lambda: host.reclaimed() == "512Mi", "the host is there")
        host.plane.delete_node(host.name)
        host.plane.add_node(host.name)
        node.seen(host.node_object())
        reporter.record(reclaiming(100 * MIB))

        eventually(lambda: host.reclaimed() == "100Mi", "the host is told of")

    assert _owner(host) == host.uid() != old


def test_a_host_that_still_belongs_to_another_node_is_taken_over(host: Host) -> None:
    host.plane.add_node("former")
    former = replace(host, name="former").uid()
    body = json.dumps(host_object(host.name, former))
    host.plane.kubectl("apply", "--server-side", "--field-manager=ballonet-agent", "-f", "-", input=body)
    with agent(host) as reporter:
        reporter.record(now())
        eventually(lambda: host.reclaimed() == "512Mi", "the host is told of")

    assert _owner(host) == host.uid()
    host.plane.delete_node("former")


def test_a_node_with_another_uid_is_another_node(host: Host) -> None:
    node = host.node()
    with agent(host, node=node, interval=0.1) as reporter:
        reporter.record(now())
        eventually(lambda: host.writes() == 1, "the status is written")
        other = {"name": host.name, "uid": "11111111-2222-3333-4444-555555555555"}
        node.seen({"metadata": other})

        eventually(lambda: host.asked().count("patch balloonhosts") == 2, "the object is applied again")


def _owner(host: Host) -> str:
    (owner,) = host.object()["metadata"]["ownerReferences"]
    return str(owner["uid"])


def test_without_a_node_nothing_is_written_and_it_is_said_once(
    host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reporter_module, "_PATIENCE", 0.2)
    monkeypatch.setattr(reporter_module, "_POLL", 0.02)
    node = OwnNode(host.name)
    with agent(host, node=node) as reporter:
        reporter.record(now())
        eventually(lambda: says(caplog, "no such node"), "it is said")
        assert host.asked() == []
        node.seen(host.node_object())
        eventually(lambda: host.reclaimed() == "512Mi", "the node is there and so is its host")

    assert says(caplog, "no such node") == 1
    (said,) = (each for each in caplog.records if "no such node" in each.getMessage())
    assert vars(said)["node"] == host.name
    assert "kubectl get nodes" in vars(said)["remedy"]


def test_nobody_says_that_there_is_no_node_while_it_could_not_be_seen(
    host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reporter_module, "_PATIENCE", 0.2)
    monkeypatch.setattr(reporter_module, "_POLL", 0.02)
    looks: list[bool] = []

    def connected() -> bool:
        looks.append(len(looks) >= 50)
        return looks[-1]

    with agent(host, node=OwnNode(host.name), connected=connected) as reporter:
        reporter.record(now())
        eventually(lambda: len(looks) >= 50, "a second passes")
        assert says(caplog, "no such node") == 0
        eventually(lambda: says(caplog, "no such node"), "it is said once the node would be seen")


def test_an_agent_of_another_node_is_refused_and_tries_on(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    host.plane.add_node("elsewhere")
    other = host.plane.kubeconfig_of(host.plane.token(ACCOUNT, "elsewhere"))
    with agent(host, kubeconfig=other) as reporter:
        reporter.record(now())
        eventually(lambda: says(caplog, "cannot be told of this host"), "it is said")

    assert not host.exists()
    host.plane.delete_node("elsewhere")
