"""What an agent on real guests does when the API server, the wire to it, or the agent itself fails."""

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from ballonet.quantity import GIB, MIB
from ballonet_lab import GuestSpec, Lab, LabGuest, eventually
from ballonet_lab.kubernetes import ControlPlane, Wire
from cluster_agent import LEFT, agent_kubeconfig, apply, calm, cluster_agent, policy, prepare, settled, sizes
from running_agent import RunningAgent

Agent = Callable[..., RunningAgent]
FITS = "the guests have what the policy leaves them"


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    return prepare(control_plane)


@pytest.fixture(scope="module")
def booted(lab: Lab) -> list[LabGuest]:
    return lab.guests([GuestSpec(name="a"), GuestSpec(name="b")])


@pytest.fixture
def pair(plane: ControlPlane, booted: list[LabGuest]) -> Sequence[LabGuest]:
    """Two guests of 1 GiB that do nothing and have all their memory, under one policy."""
    calm(plane, booted)
    apply(plane, policy("all"))
    return booted


@pytest.fixture
def wire(plane: ControlPlane) -> Iterator[Wire]:
    """The agents' way to the API server."""
    with Wire.to(plane.server) as wire:
        yield wire


@pytest.fixture
def agent(lab: Lab, plane: ControlPlane, wire: Wire, tmp_path: Path) -> Iterator[Agent]:
    """Starts agents, which are gone when the test ends."""
    kubeconfig = agent_kubeconfig(plane, server=wire.server)
    with ExitStack() as ends:

        def start(*flags: str) -> RunningAgent:
            return ends.enter_context(cluster_agent(tmp_path, lab.uri, kubeconfig, *flags))

        yield start


def moves(running: RunningAgent) -> list[tuple[str, int, int]]:
    """Return what an agent did: guest, from, to."""
    lines = (line for line in running.lines() if line["msg"] in ("guest grown", "guest shrunk"))
    return [(line["guest"], line["from_bytes"], line["to_bytes"]) for line in lines]


def test_a_guest_that_starts_to_work_is_helped_while_the_api_server_is_away(
    plane: ControlPlane, pair: Sequence[LabGuest], agent: Agent
) -> None:
    a, b = pair
    running = agent()
    eventually(lambda: settled(pair), FITS, within=60)
    plane.stop_api_server()
    try:
        eventually(lambda: running.series("kubernetes_watch_connected") == {(): 0}, "the watch is lost")
        load = a.start_load(850 * MIB)
        eventually(
            lambda: sizes([a])[0] > 900 * MIB > sizes([b])[0], "a has grown and b has shrunk", within=60
        )
        load.wait()
        assert not a.killed_for_memory()
        assert running.get("/-/ready") == (200, "ready\n")
    finally:
        plane.start_api_server()
    a.release_memory()
    eventually(
        lambda: running.series("kubernetes_watch_connected") == {(): 1}, "the watch is back", within=60
    )
    assert len(running.lines("watch lost, what was last seen stays in force")) == 1
    plane.kubectl("delete", "balloonpolicy", "all")
    eventually(lambda: sizes(pair) == [GIB, GIB], "the guests have all their memory back", within=60)


def test_a_policy_that_was_deleted_behind_a_broken_watch_is_dropped(
    plane: ControlPlane, pair: Sequence[LabGuest], agent: Agent, wire: Wire
) -> None:
    running = agent("--kubernetes.relist-interval", "5s")
    eventually(lambda: settled(pair), FITS, within=60)
    wire.cut()
    plane.kubectl("delete", "balloonpolicy", "all")
    # What the watch stopped at must be too old to go on from.
    apply(plane, policy("other", hosts={"names": ["elsewhere"]}))
    plane.compact()
    plane.stop_api_server()
    plane.start_api_server()
    running.run_cycles(2)
    assert not running.lines("policy removed")
    wire.mend()
    eventually(lambda: running.said("policy removed", policy="all"), "the ghost is dropped", within=30)
    assert running.said("policy known", policy="other")
    eventually(lambda: sizes(pair) == [GIB, GIB], "the guests have all their memory back", within=60)


def test_an_agent_that_is_killed_mid_cycle_goes_on_where_it_was(
    pair: Sequence[LabGuest], agent: Agent
) -> None:
    killed = agent()
    eventually(lambda: killed.asked("b"), "it has begun to shrink the guests", every=0.01)
    killed.end(signal.SIGKILL)
    asked = [killed.asked("a"), killed.asked("b")]
    eventually(lambda: sizes(pair) == asked, "the guests have what was asked last")
    assert sum(sizes(pair)) > LEFT + 200 * MIB
    running = agent()
    eventually(lambda: settled(pair), FITS, within=60)
    done = moves(running)
    assert all(0 < before - after <= 128 * MIB for _, before, after in done)
    first = {guest: before for guest, before, _ in reversed(done)}
    assert [first["a"], first["b"]] == asked


def test_an_agent_that_starts_without_the_api_server_leaves_guests_as_they_are(
    plane: ControlPlane, pair: Sequence[LabGuest], agent: Agent, wire: Wire
) -> None:
    before = agent()
    eventually(lambda: settled(pair), FITS, within=60)
    assert before.end() == 0
    found = sizes(pair)
    wire.cut()
    running = agent("--on-exit", "release")
    eventually(lambda: running.series("cycles_total").get(("waiting",), 0) >= 5, "it cycles")
    assert running.get("/-/healthy")[0] == 200
    status, sentence = running.get("/-/ready")
    assert status == 503
    assert sentence.startswith("not ready: waiting for the policies: ")
    assert (moves(running), sizes(pair)) == ([], found)
    wire.mend()
    eventually(lambda: running.said("policies and labels known"), "the API server answers", within=40)
    running.run_cycles(3)
    assert not running.lines("guest grown")
    assert settled(pair)
    status = json.loads(plane.kubectl("get", "balloonhosts", "-o", "json"))["items"]
    assert len(status) == 1
