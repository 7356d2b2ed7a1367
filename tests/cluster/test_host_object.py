"""What an agent tells of its host, on a real API server, with exactly the rights of an agent."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from agent_parts import page
from ballonet.manifests.v1alpha1_host import MOST_DETAILS, MOST_POLICIES
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from ballonet_lab import eventually
from ballonet_lab.kubernetes import ControlPlane
from ballonet_operator.node.reporter import HostReporter
from host_reports import lost, report, stay
from reported_host import Host, agent, give_rights, new_host, now, reclaiming
from worlds import guest

STUCK = stay(guest("web", actual=GIB // 2), Reason.STUCK)


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    return give_rights(control_plane)


@pytest.fixture
def host(plane: ControlPlane) -> Iterator[Host]:
    with new_host(plane) as one:
        yield one


def test_the_host_appears_with_its_status_and_belongs_to_its_node(host: Host) -> None:
    with agent(host) as reporter:
        reporter.record(now())
        eventually(lambda: host.reclaimed() == "512Mi", "the status is there")

    found = host.object()
    assert found["metadata"]["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "Node", "name": host.name, "uid": host.uid()}
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


def test_a_cycle_that_waits_for_the_policies_tells_nothing(host: Host) -> None:
    with agent(host, interval=600.0) as reporter:
        reporter.record(replace(now(), plan=None))
        assert reporter._recent.latest is None
        reporter.record(now())
        eventually(lambda: host.reclaimed() == "512Mi", "the status is there")

    assert host.writes() == 1


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
