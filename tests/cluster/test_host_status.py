"""What an agent tells of its host, on a real API server, with exactly the rights of an agent."""

import itertools
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent_parts import page
from ballonet.apiserver import ApiServer
from ballonet.decision import Decision
from ballonet.manifests.v1alpha1_host import MOST_DETAILS, MOST_POLICIES
from ballonet.policy import Labels
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from ballonet_lab import eventually
from ballonet_lab.kubernetes import ControlPlane, Wire
from ballonet_operator.node import reporter as reporter_module
from ballonet_operator.node.reporter import HostReporter
from ballonet_operator.report import Report
from host_reports import lost, report, stay
from worlds import guest

DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
ACCOUNT = "ballonet-agent"
CALM = stay(guest("web", actual=GIB // 2))
_NUMBERS = itertools.count()
STUCK = stay(guest("web", actual=GIB // 2), Reason.STUCK)


@dataclass(frozen=True)
class Facts:
    name: str
    uid: str
    labels: Labels = ()


@dataclass
class KnownNode:
    """A node as the watch would tell of it."""

    found: Facts | None

    def facts(self) -> Facts | None:
        return self.found


@dataclass
class Host:
    """One node of the cluster, and what is asked of the API server on its behalf."""

    plane: ControlPlane
    name: str
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    def facts(self) -> Facts:
        return Facts(self.name, str(self._json("node", self.name)["metadata"]["uid"]))

    def _json(self, *what: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.plane.kubectl("get", *what, "-o", "json"))
        return found

    def exists(self) -> bool:
        return bool(self.plane.kubectl("get", "blh", self.name, "--ignore-not-found", "-o", "name"))

    def object(self) -> dict[str, Any]:
        return self._json("blh", self.name)

    def reclaimed(self) -> str:
        return self.plane.kubectl(
            "get", "blh", self.name, "--ignore-not-found", "-o", "jsonpath={.status.reclaimed}"
        )

    def conditions(self) -> dict[str, dict[str, str]]:
        return {each["type"]: each for each in self.object()["status"]["conditions"]}

    def events(self) -> list[dict[str, Any]]:
        found = self._json("events", "--field-selector", f"involvedObject.name={self.name}")
        items: list[dict[str, Any]] = found["items"]
        return sorted(items, key=lambda each: str(each["metadata"]["creationTimestamp"]))

    def asked(self) -> list[str]:
        """Return the agent's requests that were answered, each as verb and what."""
        requests = self.plane.requests(user=ACCOUNT, since=self.since)
        return [
            f"{each.verb} {each.resource}{'/' if each.subresource else ''}{each.subresource}"
            for each in requests
            if self.name in (each.name, each.node)
        ]

    def writes(self) -> int:
        return self.asked().count("patch balloonhosts/status")


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    control_plane.install(DEPLOY / "agent-rights.yaml", DEPLOY / "agent-admission.yaml")
    return control_plane


@pytest.fixture
def host(plane: ControlPlane) -> Iterator[Host]:
    """A node that no other test knows."""
    name = f"node-{next(_NUMBERS)}"
    plane.add_node(name)
    yield Host(plane, name)
    plane.kubectl("delete", "node,blh", name, "--ignore-not-found")


@contextmanager
def agent(
    host: Host, *, node: KnownNode | None = None, kubeconfig: Path | None = None, interval: float = 1.0
) -> Iterator[HostReporter]:
    """Run what an agent tells Kubernetes with, until the end of the block."""
    known = node or KnownNode(host.facts())
    own = kubeconfig or host.plane.kubeconfig_of(host.plane.token(ACCOUNT, host.name))
    with closing(ApiServer(own)) as server:
        reporter = HostReporter(server, known, interval=interval)
        reporter.start()
        try:
            yield reporter
        finally:
            reporter.stop(10)


def through(wire: Wire, host: Host) -> Path:
    return host.plane.kubeconfig_of(host.plane.token(ACCOUNT, host.name), server=wire.server)


def now(decision: Decision = CALM, **fields: Any) -> Report:
    """Return a cycle that ends at this moment."""
    return report(decision, at=time.time(), **fields)


def reclaiming(size: int) -> Report:
    return now(stay(guest("web", actual=GIB - size)))


def says(lines: pytest.LogCaptureFixture, message: str) -> int:
    return sum(message in record.getMessage() for record in lines.records)


def test_the_host_appears_with_its_status_and_belongs_to_its_node(host: Host) -> None:
    with agent(host) as reporter:
        reporter.record(now())
        eventually(lambda: host.reclaimed() == "512Mi", "the status is there")

    found = host.object()
    assert found["metadata"]["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "Node", "name": host.name, "uid": host.facts().uid}
    ]
    assert "labels" not in found["metadata"]
    assert "annotations" not in found["metadata"]
    assert {kind: (each["status"], each["reason"]) for kind, each in host.conditions().items()} == {
        "HypervisorConnected": ("True", "Connected"),
        "MemoryPressure": ("False", "Enough"),
        "Settled": ("True", "Settled"),
    }
    assert found["status"]["details"][0]["guest"] == "web"
    assert found["status"]["observedPolicies"][0]["guests"] == {"selected": 1, "owned": 1, "shrunk": 1}
    assert host.asked() == ["get balloonhosts", "patch balloonhosts", "patch balloonhosts/status"]
    assert reporter.counts() == {
        "writes_done": 1,
        "writes_failed": 0,
        "events_done": 0,
        "events_failed": 0,
        "events_dropped": 0,
    }


def test_a_status_that_is_full_to_its_bounds_is_taken(host: Host) -> None:
    names = [f"{number:03}" + "n" * 300 for number in range(MOST_POLICIES + 1)]
    crowd = [stay(guest(name, actual=GIB // 2), Reason.HOST_FULL, name[:253]) for name in names]
    written = replace(page(), refused=dict.fromkeys(names, ("e" * 2000,)))
    with agent(host) as reporter:
        reporter.record(replace(report(*crowd, written=written), lost="x" * 5000))
        eventually(lambda: host.exists() and host.writes() == 1, "the status is written")

    status = host.object()["status"]
    assert (len(status["details"]), status["detailsOmitted"]) == (MOST_DETAILS, len(names) - MOST_DETAILS)
    assert len(status["observedPolicies"]) == MOST_POLICIES


def test_kubectl_lists_the_host_and_describes_its_events(host: Host) -> None:
    with agent(host) as reporter:
        reporter.record(now(STUCK, available=100 * MIB))
        eventually(lambda: len(host.events()) == 2, "two events are there")

    assert host.name in host.plane.kubectl("get", "blh")
    described = host.plane.kubectl("describe", "blh", host.name)
    for words in ("Warning", "HostCritical", "GuestStuck", "guest web: the guest does not follow its target"):
        assert words in described
    assert reporter.counts()["events_done"] == 2
    assert set(host.asked()) == {
        "get balloonhosts",
        "patch balloonhosts",
        "patch balloonhosts/status",
        "create events",
    }


def test_an_agent_that_is_started_again_writes_nothing_and_tells_nothing_anew(host: Host) -> None:
    with agent(host) as reporter:
        reporter.record(now(STUCK, available=100 * MIB))
        eventually(lambda: host.writes() == 1 and len(host.events()) == 1 + 1, "all is told")
    before = host.object()
    host.since = datetime.now(UTC)

    with agent(host) as reporter:
        reporter.record(now(STUCK, available=101 * MIB))
        eventually(lambda: host.asked().count("create events") == 2, "both events were tried")

    assert host.object() == before
    assert host.writes() == 0
    assert len(host.events()) == 2
    assert reporter.counts()["events_failed"] == 0


def test_the_time_of_a_condition_outlives_the_agent(host: Host) -> None:
    with agent(host) as reporter:
        reporter.record(replace(now(), at=time.time() - 3600))
        eventually(lambda: host.writes() == 1, "the status is written")
    since = {kind: each["lastTransitionTime"] for kind, each in host.conditions().items()}
    eventually(lambda: time.time() > _seconds(max(since.values())) + 1.1, "another second has begun")

    with agent(host) as reporter:
        reporter.record(lost(at=time.time()))
        eventually(lambda: host.writes() == 2, "the status is written again")

    times = {kind: each["lastTransitionTime"] for kind, each in host.conditions().items()}
    assert times.pop("HypervisorConnected") > since.pop("HypervisorConnected")
    assert times == since
    assert host.object()["status"]["guests"]["owned"] == 1


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


def test_at_rest_nothing_is_written(host: Host) -> None:
    with agent(host, interval=0.02) as reporter:
        reporter.record(now())
        eventually(lambda: host.writes() == 1, "the status is written")
        for number in range(40):
            looked = reporter._pace.looked_at
            jitter = (-1) ** number * 20 * MIB
            reporter.record(now(available=2 * GIB + jitter))
            eventually(_other(reporter, looked), "it was looked whether something is new", every=0.005)

    assert host.writes() == 1
    assert host.asked().count("get balloonhosts") == 1


def _other(reporter: HostReporter, looked: float | None) -> Callable[[], bool]:
    return lambda: reporter._pace.looked_at != looked


def test_while_everything_changes_there_is_one_write_per_interval_and_three_early_ones(host: Host) -> None:
    interval, started = 0.5, time.monotonic()
    with agent(host, interval=interval) as reporter:
        while time.monotonic() - started < 5:
            beat = round((time.monotonic() - started) * 20)
            flapping = lost(at=time.time()) if beat % 2 else reclaiming(beat * MIB)
            reporter.record(flapping)
            eventually(lambda: time.monotonic() - started > beat / 20, "the next cycle begins", every=0.01)  # noqa: B023
    passed = time.monotonic() - started

    assert 8 <= host.writes() <= passed / interval + 3 + 1


def test_a_condition_that_turns_is_written_at_once(host: Host) -> None:
    with agent(host, interval=600.0) as reporter:
        reporter.record(now())
        eventually(lambda: host.writes() == 1, "the status is written")

        reporter.record(lost("no socket", at=time.time()))
        eventually(lambda: host.writes() == 2, "the status is written again", within=5)
        reporter.record(reclaiming(100 * MIB))
        eventually(
            lambda: host.conditions()["HypervisorConnected"]["status"] == "True", "libvirt is back", within=5
        )

        assert host.reclaimed() == "100Mi"


def test_what_was_not_written_in_time_is_written_at_the_end(host: Host) -> None:
    with agent(host, interval=600.0) as reporter:
        reporter.record(now())
        eventually(lambda: host.writes() == 1, "the status is written")
        reporter.record(reclaiming(100 * MIB))

    assert host.reclaimed() == "100Mi"


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

    assert host.object()["metadata"]["ownerReferences"][0]["uid"] == host.facts().uid


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
    node = KnownNode(host.facts())
    with agent(host, node=node, kubeconfig=host.plane.kubeconfig) as reporter:
        reporter.record(now())
        eventually(host.exists, "the host is there")
        host.plane.delete_node(host.name)
        old, node.found = node.found, None
        eventually(lambda: not host.exists(), "Kubernetes removes the host", within=60)

        reporter.record(reclaiming(100 * MIB))
        host.plane.add_node(host.name)
        node.found = host.facts()
        eventually(lambda: host.reclaimed() == "100Mi", "the host is back")

    assert old is not None
    assert host.object()["metadata"]["ownerReferences"][0]["uid"] == node.found.uid != old.uid


def test_a_host_belongs_to_the_new_node_when_one_takes_the_place_of_another(host: Host) -> None:
    old = host.facts()
    node = KnownNode(old)
    with agent(host, node=node, kubeconfig=host.plane.kubeconfig) as reporter:
        reporter.record(now())
        eventually(lambda: host.reclaimed() == "512Mi", "the host is there")
        host.plane.delete_node(host.name)
        host.plane.add_node(host.name)
        node.found = host.facts()
        reporter.record(reclaiming(100 * MIB))

        eventually(lambda: host.reclaimed() == "100Mi", "the host is told of")

    assert _owner(host) == node.found.uid != old.uid


def _owner(host: Host) -> str:
    (owner,) = host.object()["metadata"]["ownerReferences"]
    return str(owner["uid"])


def test_without_a_node_nothing_is_written_and_it_is_said_once(
    host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reporter_module, "_PATIENCE", 0.2)
    monkeypatch.setattr(reporter_module, "_POLL", 0.02)
    node = KnownNode(None)
    with agent(host, node=node) as reporter:
        reporter.record(now())
        eventually(lambda: says(caplog, "no such node"), "it is said")
        assert host.asked() == []
        node.found = host.facts()
        eventually(lambda: host.reclaimed() == "512Mi", "the node is there and so is its host")

    assert says(caplog, "no such node") == 1


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
