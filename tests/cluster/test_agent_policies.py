"""The agent of a node on real guests: it does what the BalloonPolicy objects of a real API server say."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest

from ballonet.quantity import GIB, MIB
from ballonet_lab import GuestSpec, Lab, LabGuest, eventually
from ballonet_lab.kubernetes import ControlPlane
from cluster_agent import (
    DEPLOY,
    NODE,
    actual,
    agent_kubeconfig,
    apply,
    cluster_agent,
    policy,
    remove_policies,
)
from running_agent import RunningAgent

Agent = Callable[..., RunningAgent]


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    """The control plane with the agent's rights and its node."""
    control_plane.install(DEPLOY)
    control_plane.add_node(NODE, {"zone": "north"})
    return control_plane


@pytest.fixture(scope="module")
def booted(lab: Lab) -> LabGuest:
    (guest,) = lab.guests([GuestSpec(name="a")])
    return guest


@pytest.fixture
def guest(plane: ControlPlane, booted: LabGuest) -> LabGuest:
    """A guest of 1 GiB that does nothing and has all its memory, while there are no policies."""
    remove_policies(plane)
    booted.set_memory(GIB)
    eventually(lambda: actual(booted) == GIB, "the guest has all its memory")
    return booted


@pytest.fixture
def agent(lab: Lab, plane: ControlPlane, tmp_path: Path) -> Iterator[Agent]:
    """Starts agents, which are gone when the test ends."""
    with ExitStack() as ends:

        def start(*flags: str) -> RunningAgent:
            made = cluster_agent(tmp_path, lab.uri, agent_kubeconfig(plane), *flags)
            return ends.enter_context(made)

        yield start


def test_a_guest_follows_a_policy_that_is_applied_changed_and_deleted(
    plane: ControlPlane, guest: LabGuest, agent: Agent, capsys: pytest.CaptureFixture[str]
) -> None:
    running = agent("--log.level", "info")
    eventually(lambda: running.said("policies and labels known"), "the agent knows that there is none")
    began = time.time()
    apply(plane, policy("all"))
    shrunk = eventually(lambda: running.lines("guest shrunk"), "the guest is shrunk", every=0.05)[0]
    took = datetime.fromisoformat(shrunk["ts"]).timestamp() - began
    with capsys.disabled():
        sys.stdout.write(f"\n{took:.2f} s from kubectl apply to setMemory, with a cycle every second\n")
    assert took < 1 + 1
    eventually(lambda: actual(guest) < 600 * MIB, "the guest has what the policy leaves it", within=60)
    apply(plane, policy("all", memory={"floor": "75%"}))
    eventually(lambda: actual(guest) >= 768 * MIB, "the guest has the new floor", within=60)
    plane.kubectl("delete", "balloonpolicy", "all")
    eventually(lambda: actual(guest) == GIB, "the guest has all its memory back", within=60)
    assert running.end(within=3) == 0
