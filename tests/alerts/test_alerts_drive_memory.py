"""Alerts of a real Prometheus, held by a real Alertmanager, move the memory of real guests."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from alert_stage import (
    FILLING,
    HOST,
    ODD_NAME,
    POLICY,
    RULES,
    alerted_agent,
    available,
    in_force,
    next_polls,
    polls,
    reclaimed,
    size,
    time_line,
    watching,
    whole,
)
from ballonet.quantity import GIB, KIB, MIB
from ballonet_lab import GuestSpec, Lab, LabGuest, eventually
from ballonet_lab.monitoring import Alertmanager
from running_agent import RunningAgent

Pair = tuple[LabGuest, LabGuest]
Agent = Callable[..., RunningAgent]
ON_A = {"alertname": "GuestTooSmall", "team": "kvm", "guest": "a"}


@pytest.fixture(scope="module")
def booted(lab: Lab) -> Pair:
    first, second = lab.guests([GuestSpec(name="a"), GuestSpec(name="b")])
    return first, second


@pytest.fixture
def pair(booted: Pair) -> Pair:
    """Two guests of 1 GiB that do nothing and have all their memory."""
    for guest in booted:
        guest.release_memory()
        guest.set_memory(GIB)
    eventually(whole(*booted), "the guests have all their memory")
    eventually(lambda: all(map(is_idle, booted)), "they report that they are idle")
    return booted


def is_idle(guest: LabGuest) -> bool:
    """Whether a guest has reported little use since it was given all its memory."""
    return guest.memory_statistics()["usable"] * KIB > 800 * MIB


@pytest.fixture
def alertmanager() -> Iterator[Alertmanager]:
    with Alertmanager.launch() as launched:
        yield launched


@pytest.fixture
def agent(lab: Lab, tmp_path: Path, alertmanager: Alertmanager) -> Iterator[Agent]:
    with ExitStack() as ends:
        yield lambda **options: ends.enter_context(alerted_agent(tmp_path, lab, alertmanager, **options))


def touch(guest: LabGuest) -> None:
    """Let a guest use 600 MiB and give them back: idle inside, and large for the host."""
    load = guest.start_load(600 * MIB)
    load.wait()
    load.release()
    eventually(lambda: is_idle(guest), "it reports that it is idle")


def test_an_alert_of_the_users_own_takes_memory_from_guests_until_it_is_over(
    pair: Pair, agent: Agent, alertmanager: Alertmanager, capfd: pytest.CaptureFixture[str]
) -> None:
    a, b = pair
    touch(b)
    running, began = agent(), time.time()
    with watching(running, alertmanager) as prometheus:
        calm = eventually(lambda: available(prometheus), "the agent is scraped")
        prometheus.reload(RULES % (calm - 150 * MIB))
        running.run_cycles(3)
        assert not running.said("guest shrunk")
        a.start_load(300 * MIB).wait()
        eventually(lambda: running.said("alert in force"), "the alert acts", within=60)
        eventually(lambda: running.said("guest shrunk", guest="b"), "the idle guest gives memory", within=60)
        eventually(lambda: running.said("alert over"), "the alert is over", within=60)
        assert available(prometheus) > calm - 150 * MIB
        eventually(whole(a, b), "memory comes back", within=60)
        assert not prometheus.firing("HostMemoryFillingUp")
        assert in_force(running, "Reclaim") == 0
        next_polls(running)
        with capfd.disabled():
            sys.stdout.write(f"\n{time_line(prometheus, began, time.time())}\n")
    (begun,), (over,) = running.said("alert in force"), running.said("alert over")
    assert (begun["alertname"], begun["policy"], begun["action"]) == ("HostMemoryFillingUp", "all", "Reclaim")
    assert begun["fingerprint"] == over["fingerprint"]
    assert {line["reason"] for line in running.lines("guest shrunk")} == {"HostAlert"}
    assert not a.killed_for_memory()


def test_a_silence_keeps_an_alert_from_moving_anything(
    pair: Pair, agent: Agent, alertmanager: Alertmanager
) -> None:
    running = agent()
    silence = alertmanager.silence(alertname="HostMemoryFillingUp")
    with watching(running, alertmanager, RULES % (100 * GIB)) as prometheus:
        eventually(lambda: prometheus.firing("HostMemoryFillingUp"), "the alert fires")
        eventually(alertmanager.alerts, "Alertmanager holds it")
        next_polls(running, 5)
        assert in_force(running, "Reclaim") == 0
        assert [size(guest) for guest in pair] == [GIB, GIB]
        assert not running.said("guest shrunk")
        alertmanager.end_silence(silence)
        eventually(reclaimed(*pair), "the guests give memory", within=60)


def test_an_alert_that_names_a_guest_grows_it(pair: Pair, agent: Agent, alertmanager: Alertmanager) -> None:
    a, _ = pair
    running = agent()
    running.run_cycles(3)
    a.set_memory(512 * MIB)
    eventually(lambda: running.said("size set by somebody else adopted", guest="a"), "the size is adopted")
    running.run_cycles(3)
    assert size(a) == 512 * MIB
    alertmanager.post_alerts([ON_A])
    eventually(lambda: size(a) >= GIB - 16 * MIB, "the guest has grown", within=60)
    assert running.said("guest grown", guest="a", reason="Starved", starved="alerted")
    assert running.said("alert in force", guest="a", action="Grow")
    assert running.reason("b") == "Settled"
    assert in_force(running, "Grow") == 1


def test_an_alert_that_names_a_guest_leaves_it_alone_while_the_host_takes_from_others(
    pair: Pair, agent: Agent, alertmanager: Alertmanager
) -> None:
    a, b = pair
    running, frozen = agent(), {"team": "kvm", "hands": "off", "guest": "a", "host": HOST}
    alertmanager.post_alerts([frozen])
    eventually(lambda: running.reason("a") == "FrozenByAlert", "the guest is left alone")
    alertmanager.post_alerts([FILLING])
    eventually(lambda: size(b) < 300 * MIB, "the other guest gives memory", within=60)
    assert size(a) == GIB
    alertmanager.post_alerts([frozen], lasting=0)
    eventually(lambda: size(a) < 900 * MIB, "the guest gives memory as well", within=60)


def test_alerts_act_no_longer_when_alertmanager_is_gone_and_again_when_it_is_back(
    pair: Pair, agent: Agent, alertmanager: Alertmanager
) -> None:
    running = agent()
    alertmanager.post_alerts([FILLING])
    eventually(reclaimed(*pair), "the guests give memory", within=60)
    alertmanager.kill()
    eventually(lambda: running.series("alertmanager_up") == {(alertmanager.url,): 0.0}, "it is missed")
    eventually(whole(*pair), "memory comes back", within=60)
    assert in_force(running, "Reclaim") == 0
    assert running.series("alertmanager_polls_total")[("unreachable",)] > 0
    assert len(running.said("Alertmanager not usable, trying on")) == 1
    assert len(running.said("no alert acts any more, Alertmanager is silent")) == 1
    assert running.get("/-/ready")[0] == 200
    alertmanager.start()
    eventually(lambda: running.said("alerts act again"), "it is heard again")
    alertmanager.post_alerts([FILLING])
    eventually(reclaimed(*pair), "the guests give memory", within=60)


def test_thousands_of_alerts_about_other_things_change_nothing(
    pair: Pair, agent: Agent, alertmanager: Alertmanager
) -> None:
    running = agent()
    before = running.memory
    alertmanager.post_alerts({"alertname": f"Other{n % 50}", "host": HOST, "n": str(n)} for n in range(2000))
    eventually(lambda: len(alertmanager.alerts()) == 2000, "Alertmanager holds them")
    next_polls(running)
    assert not running.said("guest shrunk")
    alertmanager.post_alerts([FILLING])
    eventually(reclaimed(*pair), "the guests give memory", within=60)
    assert len(running.said("alert in force")) == 1
    assert running.memory < before + 8 * MIB


HOSTILE = (
    {"host": f"{HOST}\nx"},
    {"host": f"\x1b[31m{HOST}\x1b[0m"},
    {"host": f"<b>{HOST}</b>"},
    {"host": "kvm-other", "instance": f"{HOST}:9178"},
    {"host": HOST * 10_000},
    {"guest": HOST},
    {"alertname": "GuestTooSmall", "team": "kvm", "guest": "a", "host": "kvm-other"},
    {"alertname": "GuestTooSmall", "team": "kvm", "guest": "a\n"},
    {"alertname": "GuestTooSmall", "team": "kvm", "guest": "<script>alert(1)</script>"},
    {"alertname": "GuestTooSmall", "team": "kvm\n", "guest": "a"},
)


def test_a_hostile_label_does_nothing_and_keeps_no_other_alert_from_acting(
    pair: Pair, agent: Agent, alertmanager: Alertmanager
) -> None:
    running = agent()
    noise = {"note": "x" * 100_000, "html": "<script>", "ansi": "\x1b[2J\x1b]0;title\x07", "lines": "a\nb"}
    alertmanager.post_alerts({"alertname": "HostMemoryFillingUp", **noise, **each} for each in HOSTILE)
    eventually(lambda: len(alertmanager.alerts()) == len(HOSTILE), "Alertmanager holds them")
    next_polls(running)
    assert [in_force(running, action) for action in ("Reclaim", "Grow", "Freeze")] == [0, 0, 0]
    assert [size(guest) for guest in pair] == [GIB, GIB]
    alertmanager.post_alerts([{"alertname": ODD_NAME, "host": HOST, **noise}])
    eventually(reclaimed(*pair), "the guests give memory", within=60)
    (begun,) = running.said("alert in force")
    assert begun["alertname"] == "".join(each if each.isprintable() else " " for each in ODD_NAME)
    assert all(json.loads(line) and line.isascii() for line in running.log.read_text().splitlines())


def test_a_policy_that_only_observes_shows_the_alert_and_moves_nothing(
    pair: Pair, agent: Agent, alertmanager: Alertmanager
) -> None:
    running = agent(policy=POLICY.replace("spec:\n", "spec:\n  mode: Observe\n"))
    alertmanager.post_alerts([FILLING])
    eventually(lambda: in_force(running, "Reclaim") == 1, "the alert is shown")
    running.run_cycles(3)
    assert [size(guest) for guest in pair] == [GIB, GIB]
    proposed = running.series("guest_proposed_bytes")
    assert proposed[("a",)] < GIB
    assert running.said("alert in force", mode="Observe")
    assert polls(running) > 0
