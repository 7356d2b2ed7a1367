"""The agent on real guests: what it does to them, and what can happen to it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from ballonet.quantity import GIB, KIB, MIB
from ballonet_lab import GuestSpec, Lab, LabGuest, eventually
from running_agent import RunningAgent, running_agent

Pair = tuple[LabGuest, LabGuest]
Agent = Callable[..., RunningAgent]

HEAD = "apiVersion: ballonet.dev/v1alpha1\nkind: BalloonPolicy\nmetadata: {name: all}\n"
TIGHT = (
    f"{HEAD}spec: {{thresholds: {{host: {{growAbove: 128Mi, reclaimBelow: 64Mi, criticalBelow: 32Mi}}}}}}\n"
)
"""With this policy two guests of 1 GiB on a budget of 1.5 GiB have to share."""
GREEDY = (
    f"{HEAD}spec: {{thresholds: {{host: {{growAbove: 2Gi, reclaimBelow: 1536Mi, criticalBelow: 64Mi}}}}}}\n"
)
"""On a budget of 3 GiB this policy leaves guests 1.5 GiB, while without one there is room for all."""
SHARED = ("--host.budget", "1536Mi")
ROOMY = ("--host.budget", "3Gi")


@pytest.fixture(scope="module")
def booted(lab: Lab) -> Pair:
    first, second = lab.guests([GuestSpec(name="a"), GuestSpec(name="b")])
    return first, second


@pytest.fixture
def pair(booted: Pair) -> Pair:
    """Two guests of 1 GiB that do nothing and have all their memory."""
    for guest in booted:
        guest.thaw()
        guest.release_memory()
        guest.set_memory(GIB)
    eventually(lambda: all(known_size(guest) == GIB for guest in booted), "the guests have all their memory")
    return booted


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    directory = tmp_path / "policies"
    directory.mkdir()
    (directory / "all.yaml").write_text(TIGHT)
    return directory


@pytest.fixture
def agent(lab: Lab, tmp_path: Path, policies: Path) -> Iterator[Agent]:
    """Starts agents for the file's libvirtd, which are gone when the test ends."""
    with ExitStack() as ends:

        def start(*flags: str, environment: Mapping[str, str] | None = None) -> RunningAgent:
            made = running_agent(tmp_path, lab.uri, policies, *flags, environment=environment)
            return ends.enter_context(made)

        yield start


def actual(guest: LabGuest) -> int:
    """Return what QEMU says."""
    return guest.memory_statistics()["actual"] * KIB


def known_size(guest: LabGuest) -> int:
    """Return what libvirt knows without asking QEMU, as the agent reads it; trails by up to a second."""
    lines = guest.virsh.run("domstats", "--balloon", guest.name).splitlines()
    (current,) = (line.partition("=")[2] for line in lines if "balloon.current=" in line)
    return int(current) * KIB


def sizes(guests: Pair) -> list[int]:
    return [actual(guest) for guest in guests]


def replace(file: Path, text: str) -> None:
    """Write a file as editors do: beside it, then renamed onto it."""
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(text)
    beside.rename(file)


def settled(guests: Pair, budget: int) -> Callable[[], bool]:
    """Whether the guests fit, but for what is not worth moving: 16 MiB of each."""
    return lambda: sum(sizes(guests)) <= budget + len(guests) * 16 * MIB


def test_memory_moves_to_the_guest_that_starts_to_work(pair: Pair, agent: Agent) -> None:
    a, b = pair
    running = agent(*SHARED)
    eventually(settled(pair, 1472 * MIB), "the guests fit into what the policy leaves them")
    before = actual(a)
    load = a.start_load(700 * MIB)
    eventually(
        lambda: actual(a) > max(before, 750 * MIB) > actual(b), "a has grown and b has shrunk", within=60
    )
    load.wait()
    assert not a.killed_for_memory()
    assert a.free().total > 700 * MIB
    eventually(settled(pair, 1536 * MIB), "the guests fit into the budget again")
    assert running.said("guest grown", guest="a", policy="all")
    assert running.said("guest shrunk", guest="b", policy="all")
    grown = running.series("moved_bytes_total")[("grow",)]
    assert grown == sum(line["to_bytes"] - line["from_bytes"] for line in running.lines("guest grown"))
    assert running.series("host_reserve_bytes")[("reclaim",)] == 64 * MIB


def test_a_policy_file_is_broken_and_mended_while_the_agent_runs(
    pair: Pair, agent: Agent, policies: Path
) -> None:
    running = agent(*SHARED)
    eventually(settled(pair, 1472 * MIB), "the guests fit into what the policy leaves them")
    replace(policies / "all.yaml", TIGHT.replace("growAbove: 128Mi", "growAbove: 200%"))
    eventually(lambda: running.lines("policy file refused"), "the broken file is refused")
    (refused,) = running.lines("policy file refused")
    assert refused["file"] == "all.yaml"
    assert refused["error"].startswith("spec.thresholds.host.growAbove: '200%' is above 100%: write a size")
    running.run_cycles(2)
    assert running.series("policy_rejected") == {("all.yaml",): 1.0}
    assert [labels[1] for labels in running.series("guest_decision")] == ["all", "all"]
    replace(policies / "all.yaml", TIGHT.replace("128Mi", "512Mi").replace("64Mi", "512Mi"))
    eventually(settled(pair, 1024 * MIB), "the mended policy is in force")
    assert running.series("policy_rejected") == {}
    assert len(running.lines("policy file mended")) == len(running.lines("policy changed")) == 1


def test_a_policy_that_is_removed_lets_its_guests_grow_back(pair: Pair, agent: Agent, policies: Path) -> None:
    replace(policies / "all.yaml", GREEDY)
    running = agent(*ROOMY)
    eventually(settled(pair, 1536 * MIB), "the guests fit into what the policy leaves them")
    (policies / "all.yaml").unlink()
    eventually(lambda: sizes(pair) == [GIB, GIB], "the guests have all their memory again")
    assert running.said("guest grown", guest="a", reason="PolicyRemoved")
    assert running.lines("policy removed")


def test_an_agent_that_is_killed_leaves_nothing_behind_and_the_next_one_continues(
    pair: Pair, agent: Agent
) -> None:
    first = agent(*SHARED)
    eventually(lambda: first.lines("guest shrunk"), "the guests begin to shrink")
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    eventually(
        lambda: all(known_size(guest) < GIB for guest in pair), "libvirt knows that both are on their way"
    )
    second = agent(*SHARED)
    eventually(settled(pair, 1472 * MIB), "the guests fit into what the policy leaves them")
    assert second.lines("size set by somebody else adopted") == []
    assert all(line["from_bytes"] < GIB for line in second.lines("guest shrunk"))


@pytest.mark.parametrize("choice", ["release", "keep"])
def test_guests_get_their_memory_back_when_the_agent_ends_if_they_shall(
    pair: Pair, agent: Agent, policies: Path, choice: str
) -> None:
    replace(policies / "all.yaml", GREEDY)
    running = agent(*ROOMY, "--on-exit", choice)
    eventually(settled(pair, 1536 * MIB), "the guests fit into what the policy leaves them")
    assert running.end() == 0
    expected = [GIB, GIB] if choice == "release" else [running.asked(name) for name in ("a", "b")]
    eventually(lambda: sizes(pair) == expected, "the guests have what they shall have")
    assert bool(running.lines("memory released")) is (choice == "release")
    assert running.lines()[-1]["msg"] == "agent stopped"


def test_a_second_agent_is_refused_and_says_who_holds_the_lock(
    lab: Lab, agent: Agent, tmp_path: Path, policies: Path
) -> None:
    first = agent()
    eventually(lambda: first.lines("agent started"), "the agent starts")
    done = subprocess.run(
        [
            Path(sys.executable).with_name("ballonet-operator"),
            "agent",
            "--policies",
            policies,
            "--libvirt.uri",
            lab.uri,
        ],
        env={**os.environ, "RUNTIME_DIRECTORY": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert f"another agent looks after {lab.uri} already: process {first.process.pid} holds" in done.stderr
    assert first.process.poll() is None


def test_a_size_that_a_person_sets_is_adopted_and_not_fought(pair: Pair, agent: Agent) -> None:
    a, _ = pair
    running = agent()
    running.run_cycles(5)
    a.set_memory(700 * MIB)
    eventually(lambda: running.said("size set by somebody else adopted", guest="a"), "the size is adopted")
    eventually(lambda: running.series("guest_target_bytes")[("a",)] == 700 * MIB, "it is the new target")
    running.run_cycles(5)
    assert actual(a) == 700 * MIB
    assert running.lines("guest grown") == []


def test_a_frozen_guest_gets_no_call_and_the_others_are_looked_after(
    pair: Pair, agent: Agent, policies: Path
) -> None:
    a, b = pair
    replace(policies / "all.yaml", GREEDY)
    running = agent("--host.budget", "4Gi")
    running.run_cycles(3)
    a.freeze()
    eventually(lambda: running.reason("a") in ("ReadIncomplete", "Unresponsive"), "the guest is left alone")
    eventually(lambda: running.reason("a") == "Unresponsive", "it is called frozen")
    replace(policies / "all.yaml", GREEDY.replace("1536Mi", "2560Mi").replace("2Gi", "3Gi"))
    eventually(lambda: actual(b) < 800 * MIB, "the other guest shrinks")
    assert running.said("guest in trouble", guest="a", reason="Unresponsive")
    assert running.get("/-/ready")[0] == 200
    assert running.series("guests")[("unresponsive",)] == 1.0
    assert running.series("cycle_duration_seconds")[()] < 1.0
    assert running.said("guest shrunk", guest="a") == []
    assert running.end(within=15) == 0
    a.thaw()
    eventually(lambda: "usable" in a.memory_statistics(), "the guest answers again")
    assert actual(a) == GIB


def test_a_dry_run_says_what_it_would_do_and_does_nothing(pair: Pair, agent: Agent) -> None:
    running = agent(*SHARED, "--dry-run")
    eventually(lambda: running.said("guest would be moved", guest="a"), "it says what it would do")
    running.run_cycles(3)
    assert sizes(pair) == [GIB, GIB]
    assert running.series("guest_target_bytes") == {("a",): float(GIB), ("b",): float(GIB)}
    assert running.series("guest_proposed_bytes")[("a",)] < GIB
    assert sum(running.series("moves_total").values()) == 0


def test_silent_guests_are_told_to_report_but_not_those_that_a_person_holds(
    own_lab: Lab, tmp_path: Path, policies: Path
) -> None:
    hold = '<ballonet:guest xmlns:ballonet="https://ballonet.dev/libvirt/1" exempt="yes"/>'
    own_lab.guests(
        [
            GuestSpec(name="silent", maximum=256 * MIB, memory_stats_period=0),
            GuestSpec(name="exempt", maximum=256 * MIB, memory_stats_period=0, metadata=hold),
        ]
    )
    with running_agent(tmp_path, own_lab.uri, policies) as running:
        eventually(
            lambda: running.said("statistics period set", guest="silent"), "the guest is told to report"
        )
        eventually(lambda: running.reason("silent") == "Settled", "its statistics are fresh")
        running.run_cycles(2)
        assert running.reason("exempt") == "Exempt"
        assert [line["guest"] for line in running.lines("statistics period set")] == ["silent"]
    assert "<stats period='2'/>" in own_lab.virsh.run("dumpxml", "silent")
    assert "<stats period=" not in own_lab.virsh.run("dumpxml", "exempt")


def threads(running: RunningAgent) -> int:
    return len(list(Path(f"/proc/{running.process.pid}/task").iterdir()))


def test_the_agent_survives_its_libvirtd(own_lab: Lab, tmp_path: Path, policies: Path) -> None:
    a, b = own_lab.guests([GuestSpec(name="a"), GuestSpec(name="b")])
    with running_agent(tmp_path, own_lab.uri, policies, *SHARED) as running:
        eventually(settled((a, b), 1472 * MIB), "the guests fit into what the policy leaves them")
        before = threads(running)
        own_lab.stop_libvirtd()
        eventually(lambda: running.get("/-/ready")[0] == 503, "the agent is not ready")
        assert running.get("/-/healthy") == (200, "healthy\n")
        assert running.series("guest_target_bytes") == {}
        own_lab.start_libvirtd()
        eventually(lambda: running.get("/-/ready") == (200, "ready\n"), "the agent is ready again")
        load = a.start_load(700 * MIB)
        eventually(lambda: actual(a) > 750 * MIB, "the guest that works has grown", within=60)
        load.wait()
        assert not a.killed_for_memory()
        assert len(running.lines("cycle ended early")) == len(running.lines("cycles complete again")) == 1
        # The reconnection may have needed one worker more, and each question of this test is a thread.
        eventually(lambda: threads(running) <= before + 2, "no thread was left behind")


def test_systemd_is_told_how_the_agent_is(agent: Agent, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        running = agent(environment={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        for _ in range(2):
            told = manager.recv(4096).decode().splitlines()
            assert told[:2] == ["READY=1", "WATCHDOG=1"]
            assert told[2].startswith("STATUS=")
        assert running.end() == 0
        while (told := manager.recv(4096).decode().splitlines()) != ["STOPPING=1"]:
            assert told[0] == "READY=1"
