"""What happens to guests and to libvirtd while they are read, and what reading makes of it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ballonet.errors import DeadlineExceeded, HypervisorUnreachable
from ballonet.guest import Guest, Read, State
from ballonet.hypervisor import Hypervisor, Survey
from ballonet.quantity import MIB
from ballonet_lab import Lab, Qemu, eventually

HERD = 12
DEADLINE = 1.0
# What a processor that others use as well may add to a deadline.
SLACK = 0.5


@pytest.fixture(scope="module")
def herd(lab: Lab) -> list[Qemu]:
    return lab.cheap_guests(HERD, "herd")


@pytest.fixture
def hypervisor(lab: Lab, herd: list[Qemu]) -> Iterator[Hypervisor]:
    assert herd
    hypervisor = Hypervisor(lab.uri, read_only=False, deadline=DEADLINE)
    eventually(lambda: statuses(hypervisor.read()) == {Read.OK: HERD}, "all guests answered")
    yield hypervisor
    hypervisor.close()


def statuses(survey: Survey) -> dict[Read, int]:
    """Count the guests by how their reading ended."""
    reads = [guest.read for guest in survey.guests]
    return {read: reads.count(read) for read in set(reads)}


def of(qemu: Qemu, survey: Survey) -> Guest:
    return next(guest for guest in survey.guests if guest.name == qemu.name)


@contextmanager
def frozen(guests: list[Qemu]) -> Iterator[None]:
    for guest in guests:
        guest.freeze()
    try:
        yield
    finally:
        for guest in guests:
            guest.thaw()


@dataclass
class Timed:
    """A survey and how long it took."""

    survey: Survey
    seconds: float


def timed(read: Callable[[], Survey]) -> Timed:
    begin = time.monotonic()
    survey = read()
    return Timed(survey, time.monotonic() - begin)


@pytest.mark.parametrize("number", [1, 3, 8], ids=["one", "three", "eight"])
def test_frozen_guests_hold_nobody_up(hypervisor: Hypervisor, herd: list[Qemu], number: int) -> None:
    victims = herd[:number]

    with frozen(victims):
        first = timed(hypervisor.read)
        # A busy machine makes a healthy guest look busy for a moment, so the picture is given some reads.
        known = {Read.OK: HERD - number, Read.BUSY: number}
        eventually(lambda: statuses(hypervisor.read()) == known, "only the frozen guests are incomplete")
        later = [timed(hypervisor.read) for _ in range(5)]

    assert first.seconds < DEADLINE + SLACK
    assert min(reading.seconds for reading in later) < 0.1
    for victim in victims:
        guest = of(victim, later[-1].survey)
        # What libvirt knows without asking is still there.
        assert (guest.frozen, guest.actual, guest.maximum) == (True, 64 * MIB, 64 * MIB)
        assert (guest.resident, guest.state) == (None, State.PAUSED)
    assert not any(guest.frozen for guest in later[-1].survey.guests if guest.read is Read.OK)
    eventually(lambda: statuses(hypervisor.read()) == {Read.OK: HERD}, "thawed guests answer again")
    assert not any(guest.frozen for guest in hypervisor.read().guests)


def test_the_first_read_that_meets_a_frozen_guest_has_the_others_complete(lab: Lab, herd: list[Qemu]) -> None:
    # Ten seconds, so that nothing but the frozen guest can be late, however busy the machine is.
    hypervisor = Hypervisor(lab.read_only_uri, read_only=True, deadline=10)
    hypervisor.read()

    with frozen(herd[4:5]):
        first = timed(hypervisor.read)
        guest = of(herd[4], first.survey)

    assert (guest.read, guest.frozen) == (Read.BUSY, False)
    assert statuses(first.survey)[Read.OK] >= HERD - 3
    assert first.seconds < 5
    hypervisor.close()


def test_libvirtd_serves_others_while_many_guests_are_frozen(
    lab: Lab, hypervisor: Hypervisor, herd: list[Qemu]
) -> None:
    with frozen(herd[: HERD - 1]):
        for _ in range(6):
            hypervisor.read()
        # It takes a thread of libvirtd that does not hang.
        assert "herd-0011" in lab.virsh.run("dominfo", "herd-0011", timeout=10)
        assert of(herd[-1], hypervisor.read()).state is State.PAUSED


def test_a_change_of_a_frozen_guest_is_given_up_and_not_repeated(
    hypervisor: Hypervisor, herd: list[Qemu]
) -> None:
    guest = of(herd[0], hypervisor.read())

    with frozen(herd[:1]):
        begin = time.monotonic()
        with pytest.raises(DeadlineExceeded, match="did not return in time and was abandoned"):
            hypervisor.set_memory(guest, 48 * MIB)
        waited = time.monotonic() - begin
        with pytest.raises(DeadlineExceeded, match="an earlier change of this guest has not returned"):
            hypervisor.set_memory(guest, 32 * MIB)
        again = time.monotonic() - begin - waited
        hypervisor.set_memory(of(herd[1], hypervisor.read()), 48 * MIB)

    assert DEADLINE <= waited < DEADLINE + SLACK
    assert again < 0.1

    def settable() -> bool:
        try:
            hypervisor.set_memory(guest, 64 * MIB)
        except DeadlineExceeded:
            return False
        return True

    eventually(settable, "the guest can be changed again once it is thawed")


def test_libvirtd_may_be_restarted_at_any_time(own_lab: Lab) -> None:
    guests = own_lab.cheap_guests(3)
    hypervisor = Hypervisor(own_lab.uri, read_only=False, deadline=10)
    before = hypervisor.read()

    own_lab.restart_libvirtd()
    after = hypervisor.read()
    own_lab.restart_libvirtd()
    hypervisor.set_memory(of(guests[0], after), 48 * MIB)

    assert statuses(before) == {Read.OK: 3}
    assert {guest.uuid: guest.traits for guest in after.guests} == {
        guest.uuid: guest.traits for guest in before.guests
    }
    hypervisor.close()


def test_a_libvirtd_that_is_gone_is_told_and_found_again(own_lab: Lab) -> None:
    own_lab.cheap_guests(2)
    hypervisor = Hypervisor(own_lab.read_only_uri, read_only=True, deadline=DEADLINE)
    eventually(lambda: statuses(hypervisor.read()) == {Read.OK: 2}, "both guests answered")

    own_lab.stop_libvirtd()
    for _ in range(3):
        begin = time.monotonic()
        with pytest.raises(HypervisorUnreachable, match="is libvirt running"):
            hypervisor.read()
        assert time.monotonic() - begin < DEADLINE + SLACK
    own_lab.start_libvirtd()

    assert statuses(hypervisor.read(deadline=10))[Read.OK] >= 1
    hypervisor.close()


def test_a_libvirtd_that_answers_nothing_costs_one_deadline_and_one_thread(own_lab: Lab) -> None:
    own_lab.cheap_guests(2)
    hypervisor = Hypervisor(own_lab.read_only_uri, read_only=True, deadline=0.3)
    eventually(lambda: statuses(hypervisor.read(deadline=10)) == {Read.OK: 2}, "both guests answered")
    daemon = int((own_lab.directory / "run" / "libvirtd.pid").read_text())

    os.kill(daemon, signal.SIGSTOP)
    try:
        counts = []
        for _ in range(5):
            begin = time.monotonic()
            with pytest.raises(HypervisorUnreachable, match="takes calls and answers none"):
                hypervisor.read()
            assert time.monotonic() - begin < 0.3 + SLACK
            counts.append(threading.active_count())
    finally:
        os.kill(daemon, signal.SIGCONT)

    assert counts[-1] <= counts[0]
    eventually(lambda: statuses(hypervisor.read(deadline=10)) == {Read.OK: 2}, "libvirtd answered again")
    hypervisor.close()


def test_guests_may_come_and_go_while_they_are_read(lab: Lab, hypervisor: Hypervisor) -> None:
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            for guest in lab.cheap_guests(2, "passing"):
                guest.destroy()

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        seen: set[str] = set()
        for _ in range(150):
            guests = hypervisor.read(deadline=10).guests
            seen |= {guest.name for guest in guests}
            assert {guest.name for guest in guests if guest.read is Read.OK} <= seen
    finally:
        stop.set()
        thread.join()

    assert {f"herd-{number:04}" for number in range(HERD)} | {"passing-0000", "passing-0001"} <= seen


def test_a_guest_whose_qemu_is_killed_leaves_the_list(lab: Lab, hypervisor: Hypervisor) -> None:
    (victim,) = lab.cheap_guests(1, "victim")
    assert of(victim, hypervisor.read(deadline=10)).active

    victim.kill()

    def gone() -> bool:
        return victim.name not in {guest.name for guest in hypervisor.read(deadline=10).guests}

    eventually(gone, "the killed guest left the list")


def test_reading_for_long_leaks_neither_threads_nor_files_nor_memory(
    hypervisor: Hypervisor, herd: list[Qemu]
) -> None:
    def spend(rounds: int) -> None:
        for _ in range(rounds):
            with frozen(herd[:2]):
                hypervisor.read()
            for _ in range(40):
                hypervisor.read(deadline=10)

    def used() -> tuple[int, int, int]:
        eventually(lambda: statuses(hypervisor.read(deadline=10)) == {Read.OK: HERD}, "all answer")
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir())), resident()

    spend(2)
    threads, files, memory = used()
    spend(10)
    threads_later, files_later, memory_later = used()

    # Twenty calls hung in between. Idle threads and connections come and go, five and four of them.
    assert threads_later <= threads + 5
    assert files_later <= files + 2 * 4
    assert memory_later - memory < 4 * MIB


def resident() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_closing_ends_every_thread(lab: Lab, herd: list[Qemu]) -> None:
    assert herd
    program = f"""
import threading, time
from ballonet.hypervisor import Hypervisor
hypervisor = Hypervisor({lab.read_only_uri!r}, read_only=True, deadline=10)
hypervisor.read()
calls = [thread for thread in threading.enumerate() if thread.name == "ballonet-call"]
hypervisor.close()
for call in calls:
    call.join(10)
print(len(calls) > 0, threading.active_count())
"""

    ran = run_python(program)

    # What remains is the main thread and libvirt's event loop.
    assert (ran.stdout, ran.stderr) == ("True 2\n", "")


def run_python(program: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )


def test_a_process_ends_although_a_call_hangs(lab: Lab, herd: list[Qemu]) -> None:
    program = f"""
from ballonet.hypervisor import Hypervisor
hypervisor = Hypervisor({lab.read_only_uri!r}, read_only=True, deadline=1)
print(sum(guest.read == "busy" for guest in hypervisor.read().guests) >= 1)
"""
    with frozen(herd[:1]):
        ran = run_python(program)

    assert (ran.stdout, ran.stderr) == ("True\n", "")
