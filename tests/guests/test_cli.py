"""The command line on real guests: what it prints is what QEMU, libvirt and the guest itself say."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ballonet.quantity import GIB, MIB
from ballonet_lab import Boot, GuestSpec, Lab, LabGuest, eventually

POLICY = """
apiVersion: ballonet.dev/v1alpha1
kind: BalloonPolicy
metadata: {name: all}
spec: {memory: {floor: 256Mi}}
"""


@dataclass(frozen=True)
class Run:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Ballonet = Callable[..., Run]


@pytest.fixture(scope="module")
def ballonet(lab: Lab) -> Ballonet:
    """Runs the installed program, as a person does who has told it where libvirt is."""

    def run(*arguments: str, code: int = 0, **environment: str) -> Run:
        done = subprocess.run(
            [sys.executable, "-m", "ballonet_cli", *arguments],
            env={**os.environ, "LIBVIRT_DEFAULT_URI": lab.uri, **environment},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return Run(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="module")
def herd(lab: Lab) -> dict[str, LabGuest]:
    """One guest of each kind; tests leave them as they found them."""
    specs = [
        GuestSpec(name="web-1"),
        GuestSpec(name="mute", driver=False),
        GuestSpec(name="bare", model="none"),
        GuestSpec(name="kept", persistent=True),
    ]
    guests = {guest.name: guest for guest in lab.guests(specs)}
    lab.virsh.run("destroy", "kept")
    return guests


@pytest.fixture
def web(herd: dict[str, LabGuest]) -> Iterator[LabGuest]:
    """A guest of 1 GiB, given everything back afterwards."""
    guest = herd["web-1"]
    yield guest
    guest.set_memory(GIB)
    eventually(lambda: actual(guest) == GIB, "the guest had everything back")


def actual(guest: LabGuest) -> int:
    """Return ``balloon.current``, which everything here reads; it is up to a second behind the monitor."""
    lines = guest.virsh.run("domstats", "--balloon", guest.name).split()
    return int(next(line for line in lines if line.startswith("balloon.current=")).partition("=")[2]) * 1024


def info_balloon(lab: Lab, guest: str) -> str:
    """Return what QEMU's own monitor says."""
    return lab.virsh.run("qemu-monitor-command", "--hmp", guest, "info balloon").strip()


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    (tmp_path / "all.yaml").write_text(POLICY)
    return tmp_path


def test_a_guest_is_set_to_256_mib_and_back_as_its_own_free_sees(ballonet: Ballonet, web: LabGuest) -> None:
    before = web.free().total

    down = ballonet("set", "web-1", "256MiB", "--wait")
    shrunk = web.free().total
    up = ballonet("set", "web-1", "max", "--wait")

    assert down.out == "web-1 is at 256Mi (was 1Gi)\n"
    assert before - shrunk == 768 * MIB
    assert up.out == "web-1 is at 1Gi (was 256Mi)\n"
    assert web.free().total == before


def test_half_of_the_maximum_is_a_size_too(ballonet: Ballonet, web: LabGuest) -> None:
    ballonet("set", "web-1", "50%")

    eventually(lambda: actual(web) == 512 * MIB, "the guest had half of its maximum")


@pytest.mark.usefixtures("web")
def test_more_than_the_maximum_is_the_maximum_and_said(ballonet: Ballonet) -> None:
    run = ballonet("set", "web-1", "4GiB", "--wait")

    assert run.out == "web-1 is at 1Gi (was 1Gi)\n"
    assert run.err.startswith("Warning: web-1 cannot have 4Gi: its maximum is 1Gi, so it is set to that")


def test_less_than_the_guest_can_live_with_is_refused(ballonet: Ballonet, web: LabGuest) -> None:
    run = ballonet("set", "web-1", "64Mi", code=2)

    assert run.err.startswith("Error: web-1 uses at least ")
    assert run.err.endswith("add --force\n")
    assert actual(web) == GIB


@pytest.mark.usefixtures("herd")
@pytest.mark.parametrize(
    ("guest", "words"),
    [
        pytest.param("bare", "has no balloon device", id="no balloon device"),
        pytest.param("kept", "start it with `virsh start kept`", id="off"),
        pytest.param("web", "did you mean 'web-1'?", id="unknown"),
    ],
)
@pytest.mark.parametrize("command", ["set", "hold"])
def test_a_guest_that_cannot_be_set_is_one_line(
    ballonet: Ballonet, command: str, guest: str, words: str
) -> None:
    run = ballonet(command, guest, "512Mi", code=2)

    assert run.out == ""
    assert run.err.count("\n") == 1
    assert words in run.err


def test_a_guest_without_a_driver_is_asked_with_a_warning(
    ballonet: Ballonet, herd: dict[str, LabGuest]
) -> None:
    run = ballonet("set", "mute", "512Mi")

    assert run.out == "mute is asked for 512Mi (was 1Gi)\n"
    assert run.err.startswith("Warning: mute's balloon driver has never reported")
    assert actual(herd["mute"]) == GIB


@pytest.mark.usefixtures("herd")
def test_waiting_for_a_guest_without_a_driver_ends_and_says_why(ballonet: Ballonet) -> None:
    run = ballonet("set", "mute", "512Mi", "--wait", code=1)

    assert "mute stopped at 1Gi, short of 512Mi, and has not moved for 10 s" in run.err
    assert "its balloon driver does not answer" in run.err


def test_a_guest_that_cannot_give_more_is_said_to_have_stopped(ballonet: Ballonet, web: LabGuest) -> None:
    load = web.hold_memory(500 * MIB)
    run = ballonet("set", "web-1", "300Mi", "--force", "--wait", code=1)
    ballonet("set", "web-1", "max", "--wait")
    load.release()

    assert "short of 300Mi" in run.err
    assert "the guest cannot give up more" in run.err
    assert not web.killed_for_memory()


def test_a_timeout_ends_the_wait_and_not_the_move(ballonet: Ballonet, web: LabGuest) -> None:
    run = ballonet("set", "web-1", "256Mi", "--force", "--wait", "--timeout", "100ms", code=1)

    assert "on its way to 256Mi; it goes on" in run.err
    eventually(lambda: actual(web) == 256 * MIB, "the guest arrived all the same")


def test_a_frozen_guest_gets_no_call(ballonet: Ballonet, boot: Boot) -> None:
    [guest] = boot([GuestSpec(name="ice")])
    guest.freeze()
    try:
        run = ballonet("set", "ice", "512Mi", code=1)
        others = ballonet("list", "-o", "json").document
    finally:
        guest.thaw()

    assert run.err.startswith("Error: ice does not answer")
    assert "web-1" in {entry["name"] for entry in others["guests"]}
    eventually(lambda: guest.memory_statistics().get("usable"), "the guest answered again")
    assert actual(guest) == GIB


def test_list_and_show_say_what_libvirt_says(lab: Lab, ballonet: Ballonet, web: LabGuest) -> None:
    ballonet("set", "web-1", "512Mi", "--wait")
    running = ballonet("list", "-o", "json").document["guests"]
    every = ballonet("list", "--all", "-o", "json").document["guests"]
    eventually(lambda: total(ballonet) == web.free().total, "the guest had reported its new size")
    shown = ballonet("show", "web-1", "-o", "json").document
    text = ballonet("show", "web-1").out

    assert {entry["name"] for entry in running} == {"web-1", "mute", "bare"}
    assert {entry["name"] for entry in every} == {"web-1", "mute", "bare", "kept"}
    assert shown["actual_bytes"] == 512 * MIB
    assert shown["maximum_bytes"] == GIB
    assert shown["traits"]["statistics_period"] == 2
    assert info_balloon(lab, "web-1") == "balloon: actual=512"
    assert info_balloon(lab, "web-1") in text


def total(ballonet: Ballonet) -> object:
    return ballonet("show", "web-1", "-o", "json").document["statistics"]["total_bytes"]


@pytest.mark.usefixtures("herd")
def test_show_says_of_a_bare_guest_what_qemu_says(lab: Lab, ballonet: Ballonet) -> None:
    said = info_balloon(lab, "bare")

    assert said == "Error: No balloon device has been activated"
    assert said in ballonet("show", "bare").out


def test_a_hold_lies_in_the_guests_metadata_and_is_respected(
    lab: Lab, ballonet: Ballonet, web: LabGuest, policies: Path
) -> None:
    budget = ("--policies", str(policies), "--host.budget", "1300Mi", "-o", "json")
    free = ballonet("explain", "web-1", *budget).document
    held = ballonet("hold", "web-1", "768Mi", "--for", "30m")
    metadata = lab.virsh.run("metadata", "web-1", "https://ballonet.dev/libvirt/1")
    bound = ballonet("explain", "web-1", *budget).document
    eventually(lambda: actual(web) == 768 * MIB, "the held guest had its size")
    overrides = ballonet("show", "web-1", "-o", "json").document["overrides"]
    ended = ballonet("unhold", "web-1")
    again = ballonet("unhold", "web-1")

    assert free["action"] == "shrink"
    assert held.out.startswith("web-1 is held at 768Mi for 30m, until ")
    assert "hold-until=" in metadata
    assert (bound["action"], bound["reason"]) == ("stay", "Held")
    assert overrides["hold"]["size_bytes"] == 768 * MIB
    assert ended.out == "web-1 is no longer held\n"
    assert again.out == "web-1 was not held\n"
    assert ballonet("explain", "web-1", *budget).document["reason"] != "Held"


@pytest.mark.usefixtures("web")
def test_a_hold_without_a_size_keeps_the_guest_where_it_is(ballonet: Ballonet) -> None:
    run = ballonet("hold", "web-1")
    shown = ballonet("list", "-o", "wide").out
    ballonet("unhold", "web-1")

    assert run.out.startswith("web-1 is held at what it has for 1h, until ")
    assert re.search(r"^web-1 .*  hold:(1h|5\dm\d*s?)  ", shown, re.MULTILINE)


@pytest.mark.usefixtures("herd")
@pytest.mark.parametrize("command", ["hold", "unhold"])
def test_a_guest_that_is_off_cannot_be_held(ballonet: Ballonet, command: str) -> None:
    run = ballonet(command, "kept", code=2)

    assert (
        run.err
        == "Error: kept is shut off: only a running guest can be held; start it with `virsh start kept`\n"
    )


def test_other_overrides_survive_a_hold(lab: Lab, ballonet: Ballonet) -> None:
    terms = '<b:guest xmlns:b="https://ballonet.dev/libvirt/1" floor="300Mi" weight="7"/>'
    guest = lab.guest("own-terms", metadata=terms)
    try:
        ballonet("hold", "own-terms")
        ballonet("unhold", "own-terms")
        overrides = ballonet("show", "own-terms", "-o", "json").document["overrides"]
    finally:
        guest.destroy()

    assert overrides == {"floor": "300Mi", "weight": 7, "exempt": False, "hold": None}


def test_a_guest_that_is_turned_off_ends_the_wait(lab: Lab) -> None:
    lab.guest("brief", paused=True)
    command = [sys.executable, "-m", "ballonet_cli", "set", "brief", "512Mi", "--wait", "--connect", lab.uri]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as waiting:
        assert waiting.stderr is not None
        while waiting.stderr.readline() != "brief 1Gi\n":
            assert waiting.poll() is None
        lab.virsh.run("destroy", "brief")
        rest = waiting.stderr.read()

    assert waiting.returncode == 1
    assert rest == "Error: brief was turned off meanwhile\n"


def test_plan_tells_what_would_be_done_and_touches_nothing(
    ballonet: Ballonet, web: LabGuest, policies: Path
) -> None:
    told = ("--policies", str(policies), "--host.budget", "1300Mi")
    document = ballonet("plan", *told, "-o", "json").document
    table = ballonet("plan", *told).out
    decisions = {decision["guest"]: decision for decision in document["decisions"]}

    assert document["host"]["budget_bytes"] == 1300 * MIB
    assert decisions["web-1"]["action"] == "shrink"
    assert decisions["web-1"]["terms"]["use_bytes"] < 400 * MIB
    assert decisions["mute"]["reason"] == "StatisticsNeverSeen"
    assert decisions["bare"]["reason"] == "NoBalloonDevice"
    assert decisions["kept"]["reason"] == "NotRunning"
    assert table.splitlines()[1].startswith("web-1  shrink")
    assert actual(web) == GIB


def test_a_plan_that_watched_knows_how_fast_a_guest_grows(
    ballonet: Ballonet, web: LabGuest, policies: Path
) -> None:
    load = web.start_load(400 * MIB, rate=20 * MIB)
    terms = ballonet("explain", "web-1", "--policies", str(policies), "--over", "8s", "-o", "json").document[
        "terms"
    ]
    load.release()

    assert terms["slope_bytes_per_second"] > 5 * MIB


@pytest.mark.usefixtures("web")
def test_explain_gives_the_numbers_in_sentences(ballonet: Ballonet, policies: Path) -> None:
    out = ballonet("explain", "web-1", "--policies", str(policies)).out

    assert out.startswith("web-1 is owned by policy all (mode Enforce, priority 0).\nIt has 1Gi of a maximum")
    assert "that it cannot give up" in out
    assert out.rstrip().endswith(").")


@pytest.mark.usefixtures("herd")
def test_top_without_a_terminal_prints_lines(ballonet: Ballonet) -> None:
    lines = ballonet("top", "--times", "2", "--interval", "500ms").out.splitlines()

    assert len(lines) == 8
    assert sum(" guest=web-1 need=" in line for line in lines) == 2


@pytest.mark.usefixtures("herd")
@pytest.mark.parametrize(
    ("number", "code"), [(None, 0), (signal.SIGINT, 0), (signal.SIGTERM, 143)], ids=["q", "SIGINT", "SIGTERM"]
)
def test_top_on_a_terminal_draws_and_leaves_it_as_it_was(
    lab: Lab, number: signal.Signals | None, code: int
) -> None:
    person, program = pty.openpty()
    termios.tcsetwinsize(program, (24, 100))
    before = termios.tcgetattr(program)
    top = subprocess.Popen(
        [sys.executable, "-m", "ballonet_cli", "top", "--connect", lab.uri],
        env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
        stdin=program, stdout=program, stderr=program,
    )  # fmt: skip
    try:
        seen = read_until(person, b"q quit")
        os.write(person, b"m")
        seen += read_until(person, b"m maximum")
        if number is None:
            os.write(person, b"q")
        else:
            top.send_signal(number)
        ended = top.wait(timeout=30)
        seen += read_until(person, b"\x1b[?1049l")
        after = termios.tcgetattr(program)
    finally:
        top.kill()
        top.wait()
        os.close(person)
        os.close(program)

    assert ended == code
    assert b"web-1" in seen
    assert after == before


def read_until(terminal: int, wanted: bytes) -> bytes:
    """Return what the terminal shows up to and with ``wanted``; pytest's timeout bounds the wait."""
    seen = b""
    while wanted not in seen:
        with suppress(BlockingIOError):
            seen += os.read(terminal, 4096)
    return seen


@pytest.mark.usefixtures("herd")
def test_guest_names_are_completed_and_a_dangerous_one_is_not(lab: Lab, ballonet: Ballonet) -> None:
    guest = lab.guest("web-$(reboot)", paused=True)
    try:
        run = ballonet(_BALLONET_COMPLETE="bash_complete", COMP_WORDS="ballonet show w", COMP_CWORD="2")
    finally:
        guest.destroy()

    assert run.out.splitlines() == ["plain,web-1"]
