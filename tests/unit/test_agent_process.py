"""What the agent tells its service manager, its probes and other agents, and when its cycles run."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent_parts import cycle, hypervisor, page
from ballonet.errors import ConfigError, HypervisorUnreachable
from ballonet.quantity import GIB, MIB
from ballonet_operator.health import Health
from ballonet_operator.lock import Lock
from ballonet_operator.pace import Pace
from ballonet_operator.release import release
from ballonet_operator.report import Report
from worlds import guest, host

URI = "qemu:///system"
HOLDER = """
import sys
from ballonet_operator.lock import Lock
lock = Lock.take(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def report(number: int = 1, lost: str = "") -> Report:
    return Report(number=number, at=0.0, duration=0.1, page=page(), lost=lost)


# One agent per host.


def test_a_second_agent_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    environment = {"RUNTIME_DIRECTORY": str(tmp_path)}
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDER, URI],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout is not None
    assert first.stdout.readline() == "held\n"
    with pytest.raises(
        ConfigError, match=f"^another agent looks after {URI} already: process {first.pid} holds"
    ):
        Lock.take(URI, environment)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    Lock.take(URI, environment).release()
    first.stdout.close()
    assert first.stdin is not None
    first.stdin.close()


def test_agents_of_different_hypervisors_do_not_meet(tmp_path: Path) -> None:
    environment = {"RUNTIME_DIRECTORY": str(tmp_path)}
    one, other = Lock.take(URI, environment), Lock.take("qemu:///session", environment)
    assert one.path != other.path
    one.release()
    other.release()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    environment = {"RUNTIME_DIRECTORY": str(tmp_path)}
    Lock.take(URI, environment).release()
    lock = Lock.take(URI, environment)
    assert lock.path.read_text() == f"{os.getpid()}\n"
    lock.release()


def test_a_lock_is_not_taken_through_a_symbolic_link(tmp_path: Path) -> None:
    environment = {"RUNTIME_DIRECTORY": str(tmp_path)}
    lock = Lock.take(URI, environment)
    lock.release()
    lock.path.unlink()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    lock.path.symlink_to(victim)
    with pytest.raises(
        ConfigError, match="the agent's lock cannot be made: Too many levels of symbolic links"
    ):
        Lock.take(URI, environment)
    assert victim.read_text() == "precious"


def test_an_agent_of_another_user_is_noticed_where_the_service_has_its_lock(tmp_path: Path) -> None:
    service, own = tmp_path / "service", tmp_path / "own"
    service.mkdir()
    own.mkdir()
    first = Lock.take(URI, {"RUNTIME_DIRECTORY": str(service)}, system=service)

    with pytest.raises(ConfigError, match="another user's agent looks after"):
        Lock.take(URI, {"RUNTIME_DIRECTORY": str(own)}, system=service)

    Lock.take("qemu:///session", {"RUNTIME_DIRECTORY": str(own)}, system=service).release()
    first.release()
    Lock.take(URI, {"RUNTIME_DIRECTORY": str(own)}, system=service).release()


def test_a_lock_in_a_directory_that_is_missing_is_an_error_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"lock cannot be made: No such file or directory: start it as the user"
    ):
        Lock.take(URI, {"RUNTIME_DIRECTORY": str(tmp_path / "missing")})


# Alive, ready.


def test_health_tells_alive_from_working() -> None:
    now = [100.0]
    health = Health(patience=7.0, clock=lambda: now[0])
    assert (health.alive().good, health.ready().good) == (True, False)
    health.record(report())
    assert (health.alive().good, health.ready()) == (True, (True, "ready"))
    health.record(report(lost="connection refused"))
    assert (health.alive().good, health.ready()) == (True, (False, "not ready: connection refused"))
    now[0] += 7.1
    assert health.alive() == (False, "stalled: the last cycle was completed 7.1 s ago")
    assert health.ready() == health.alive()


def test_an_agent_that_never_completes_a_cycle_is_stalled() -> None:
    now = [100.0]
    health = Health(patience=7.0, clock=lambda: now[0])
    now[0] += 7.1
    assert not health.alive().good


# The beat.


def test_cycles_run_until_they_are_told_to_stop() -> None:
    stop, numbers = threading.Event(), iter(range(1, 100))
    seen: list[int] = []

    def listen(made: Report) -> None:
        seen.append(made.number)
        if made.number == 3:
            stop.set()

    Pace(lambda: report(next(numbers)), interval=0.01, listeners=[listen]).run(stop)
    assert seen == [1, 2, 3]


def test_late_cycles_are_said_once_and_their_end_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    pace = Pace(report, interval=2.0, listeners=[])
    now = pace._clock()
    assert pace._next(now - 3.0, report()) >= now
    pace._next(now - 1.0, report())
    assert pace._next(now + 1.0, report()) == now + 1.0
    assert [record.getMessage() for record in caplog.records] == [
        "cycle late: it took longer than the interval",
        "cycles on time again",
    ]


# Giving memory back.


def test_release_ends_when_all_guests_have_their_maximum() -> None:
    fake = hypervisor(guest("a"), guest("b"))
    beat = cycle(fake, host(available=100 * MIB, total=4 * GIB))
    beat.run_once()
    beat._observer._host = lambda: host(available=3 * GIB, total=4 * GIB)
    seen: list[Report] = []
    done = release(lambda: beat.run_once(releasing=True), seen.append, timeout=30, abandon=threading.Event())
    assert done
    assert fake.sizes() == {"a": GIB, "b": GIB}
    assert seen


def test_release_gives_up_when_time_is_over_and_says_who_lacks_memory(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake = hypervisor(guest("a"))
    beat = cycle(fake, host(available=100 * MIB, total=4 * GIB))
    beat.run_once()
    done = release(
        lambda: beat.run_once(releasing=True), lambda _: None, timeout=0, abandon=threading.Event()
    )
    assert not done
    facts = caplog.records[-1].__dict__
    assert (facts["guests"], facts["because"]) == (["a"], "time is up")
    assert "error" not in facts


def test_release_is_abandoned_when_somebody_cannot_wait() -> None:
    fake = hypervisor(guest("a"))

    def trouble(_: str, __: str) -> None:
        raise HypervisorUnreachable("connection refused")

    fake.trouble = trouble
    abandon = threading.Event()
    abandon.set()
    beat = cycle(fake, host())
    assert not release(lambda: beat.run_once(releasing=True), lambda _: None, timeout=3600, abandon=abandon)
