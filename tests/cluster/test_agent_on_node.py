"""The agent of a node on real guests: it does what the BalloonPolicy objects of a real API server say."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import yaml

from ballonet.quantity import GIB, MIB
from ballonet_lab import GuestSpec, Lab, LabGuest, eventually
from ballonet_lab.kubernetes import ControlPlane
from cluster_agent import NODE, agent_kubeconfig, apply, calm, cluster_agent, policy, prepare, settled, sizes
from running_agent import RunningAgent

Agent = Callable[..., RunningAgent]
MEANINGLESS = Path(__file__).resolve().parents[2] / "crds" / "examples" / "invalid-by-meaning"


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    return prepare(control_plane)


@pytest.fixture(scope="module")
def booted(lab: Lab) -> list[LabGuest]:
    return lab.guests([GuestSpec(name="a"), GuestSpec(name="b")])


@pytest.fixture
def pair(plane: ControlPlane, booted: list[LabGuest]) -> Sequence[LabGuest]:
    """Two guests of 1 GiB that do nothing and have all their memory, while there are no policies."""
    calm(plane, booted)
    return booted


@pytest.fixture
def agent(lab: Lab, plane: ControlPlane, tmp_path: Path) -> Iterator[Agent]:
    """Starts agents, which are gone when the test ends."""
    with ExitStack() as ends:

        def start(*flags: str) -> RunningAgent:
            made = cluster_agent(tmp_path, lab.uri, agent_kubeconfig(plane), *flags)
            return ends.enter_context(made)

        yield start


def test_guests_follow_a_policy_that_is_applied_changed_and_deleted(
    plane: ControlPlane, pair: Sequence[LabGuest], agent: Agent, capsys: pytest.CaptureFixture[str]
) -> None:
    running = agent()
    eventually(lambda: running.said("policies and labels known"), "the agent knows that there is none")
    began = time.time()
    apply(plane, policy("all"))
    shrunk = eventually(lambda: running.lines("guest shrunk"), "a guest is shrunk", every=0.05)[0]
    took = datetime.fromisoformat(shrunk["ts"]).timestamp() - began
    with capsys.disabled():
        sys.stdout.write(f"\n{took:.2f} s from kubectl apply to setMemory, with a cycle every second\n")
    assert took < 1 + 1
    eventually(lambda: settled(pair), "the guests have what the policy leaves them", within=60)
    apply(plane, policy("all", memory={"floor": "90%"}))
    eventually(lambda: min(sizes(pair)) >= 900 * MIB, "the guests have the new floor", within=60)
    assert running.series("policy_info") == {("Enforce", "all", "all", "0"): 1}
    plane.kubectl("delete", "balloonpolicy", "all")
    eventually(lambda: sizes(pair) == [GIB, GIB], "the guests have all their memory back", within=60)
    assert running.end(within=3) == 0


def more_refusals(running: RunningAgent, *, than: int) -> bool:
    return len(running.said("policy refused", policy="all")) > than


def test_a_policy_that_is_invalid_by_meaning_leaves_the_last_good_one_in_force(
    plane: ControlPlane, pair: Sequence[LabGuest], agent: Agent
) -> None:
    apply(plane, policy("all"))
    running = agent()
    eventually(lambda: settled(pair), "the guests have what the policy leaves them", within=60)
    for file in sorted(MEANINGLESS.glob("*.yaml")):
        told = len(running.said("policy refused", policy="all"))
        document = yaml.safe_load(file.read_text())
        document["metadata"]["name"] = "all"
        apply(plane, yaml.safe_dump(document))
        refused = partial(more_refusals, running, than=told)
        eventually(refused, f"{file.name} is refused")
    assert {line["still_in_force"] for line in running.said("policy refused")} == {"all"}
    running.run_cycles(2)
    assert running.series("policy_rejected") == {("all",): 1}
    assert running.series("policy_info") == {("Enforce", "all", "all", "0"): 1}
    assert settled(pair)
    apply(plane, policy("all"))
    eventually(lambda: running.said("policy mended", policy="all"), "the agent sees it mended")


def test_a_policy_follows_the_labels_of_the_node(
    plane: ControlPlane, pair: Sequence[LabGuest], agent: Agent
) -> None:
    apply(plane, policy("south", hosts={"selector": {"matchLabels": {"zone": "south"}}}))
    running = agent()
    eventually(lambda: running.said("policy known", policy="south"), "the agent knows the policy")
    running.run_cycles(3)
    assert (running.reason("a"), sizes(pair)) == ("NoPolicy", [GIB, GIB])
    plane.add_node(NODE, {"zone": "south"})
    eventually(lambda: settled(pair), "the guests have what the policy leaves them", within=60)
    plane.add_node(NODE, {"zone": "north"})
    eventually(lambda: sizes(pair) == [GIB, GIB], "the guests have all their memory back", within=60)


def test_a_quiet_agent_asks_for_little_at_its_start_and_then_for_nothing(
    plane: ControlPlane, agent: Agent
) -> None:
    began = datetime.now(UTC)
    running = agent()
    host = f"balloonhost/{NODE}"
    eventually(lambda: "Settled" in plane.kubectl("get", host, "-o", "yaml"), "the agent tells of its host")
    running.run_cycles(1)
    at_first = plane.requests("ballonet-agent", since=began)
    running.run_cycles(10)
    assert plane.requests("ballonet-agent", since=began) == at_first
    asked = Counter((each.verb, each.resource) for each in at_first if each.resource)
    assert asked.pop(("patch", "balloonhosts")) <= 2
    assert asked == {
        ("list", "nodes"): 1,
        ("watch", "nodes"): 1,
        ("list", "balloonpolicies"): 2,
        ("watch", "balloonpolicies"): 1,
        ("get", "balloonhosts"): 1,
    }
