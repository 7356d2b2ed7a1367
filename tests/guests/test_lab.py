"""The lab itself, since every other test on real guests believes it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

import pytest

from ballonet.quantity import GIB, MIB
from ballonet_lab import Boot, GuestSpec, Lab, LabError, LabGuest, eventually
from ballonet_lab.cleanup import lab_processes
from ballonet_lab.virsh import Virsh


@pytest.fixture(scope="module")
def usual(lab: Lab) -> LabGuest:
    """One guest for the tests that leave it as they found it."""
    return lab.guest("usual")


def test_a_guest_runs_a_shell_and_reports_its_memory(usual: LabGuest) -> None:
    statistics = usual.memory_statistics()
    memory = usual.free()

    assert usual.run("uname -s") == "Linux\n"
    assert statistics["available"] * 1024 == memory.total
    assert statistics["usable"] * 1024 == pytest.approx(memory.available, abs=32 * MIB)
    assert Path(f"/proc/{usual.pid}/comm").read_text().startswith("qemu")


def test_a_command_that_fails_says_so_with_its_output(usual: LabGuest) -> None:
    with pytest.raises(LabError, match="guest usual: 'echo no; false' ended with 1: no"):
        usual.run("echo no; false")


def test_output_comes_back_as_the_command_printed_it(usual: LabGuest) -> None:
    assert usual.run(r"printf '<1 0\n>1\n\\\t\303\244 no line end'") == "<1 0\n>1\n\\\tä no line end"


def test_setmem_moves_the_balloon_and_the_guest_sees_it(usual: LabGuest) -> None:
    before = usual.free().total

    usual.set_memory(512 * MIB)
    eventually(lambda: usual.memory_statistics()["actual"] == 512 * 1024, "the balloon reached 512 MiB")
    shrunk = usual.free().total
    usual.set_memory(GIB)
    eventually(lambda: usual.memory_statistics()["actual"] == 1024 * 1024, "the balloon was empty again")

    assert before - shrunk == 512 * MIB
    assert usual.free().total == before


@pytest.mark.parametrize("anonymous", [False, True], ids=["tmpfs", "anonymous"])
def test_memory_that_is_held_is_really_used(usual: LabGuest, *, anonymous: bool) -> None:
    before = usual.free().available

    load = usual.start_load(400 * MIB, anonymous=anonymous)
    load.wait()
    held = usual.free().available
    load.release()

    # Linux does not count the free pages that each processor keeps for itself: some 50 MiB, and with kernel
    # 6.12 up to 120 MiB after the guest has grown.
    assert before - held == pytest.approx(400 * MIB, abs=128 * MIB)
    eventually(lambda: usual.free().available > before - 64 * MIB, "the memory came back")


def test_a_load_keeps_to_its_rate(usual: LabGuest) -> None:
    begin = time.monotonic()
    load = usual.start_load(30 * MIB, rate=15 * MIB)
    early = load.written()
    load.wait()

    assert early < load.written() == 30 * MIB
    assert time.monotonic() - begin > 1.5
    usual.release_memory()


def test_a_load_without_room_is_ended_by_the_guests_oom_killer(boot: Boot) -> None:
    (guest,) = boot([GuestSpec(name="full", maximum=512 * MIB)])
    assert not guest.killed_for_memory()

    load = guest.start_load(GIB, anonymous=True)
    with pytest.raises(LabError, match="had no memory for a load"):
        load.wait()

    assert load.failed()
    assert load.written() > 200 * MIB
    assert guest.killed_for_memory()


def test_guests_are_what_they_are_asked_to_be(boot: Boot) -> None:
    swapping, driverless, bare, silent, small = boot(
        [
            GuestSpec(name="swapping", swap=256 * MIB),
            GuestSpec(name="driverless", driver=False),
            GuestSpec(name="bare", model="none"),
            GuestSpec(name="silent", memory_stats_period=0),
            GuestSpec(name="small", current=512 * MIB, autodeflate=True, free_page_reporting=True, vcpus=2),
        ]
    )

    assert swapping.free().swap_total == pytest.approx(256 * MIB, abs=MIB)
    assert "usable" in swapping.memory_statistics()
    assert set(driverless.memory_statistics()) == {"actual", "last_update", "rss"}
    assert "virtio_balloon" not in driverless.run("lsmod")
    assert "<memballoon model='none'/>" in bare.virsh.run("dumpxml", "bare")
    last = silent.memory_statistics()["last_update"]
    eventually(lambda: swapping.memory_statistics()["last_update"] > last + 2, "others reported again")
    assert silent.memory_statistics()["last_update"] == last
    eventually(lambda: small.memory_statistics()["actual"] == 512 * 1024, "the balloon reached 512 MiB")
    assert small.run("nproc") == "2\n"
    xml = small.virsh.run("dumpxml", "small")
    assert "<memballoon model='virtio' autodeflate='on' freePageReporting='on'>" in xml


def test_swapped_memory_that_is_used_again_faults(boot: Boot) -> None:
    (guest,) = boot([GuestSpec(name="thrashing", maximum=512 * MIB, swap=512 * MIB)])
    guest.start_load(300 * MIB, anonymous=True, touched_every=0.5).wait()

    guest.set_memory(256 * MIB)

    eventually(lambda: guest.memory_statistics()["major_fault"] > 1000, "the guest faulted", within=60)
    assert not guest.killed_for_memory()


def test_the_read_only_address_refuses_to_change_anything(lab: Lab, usual: LabGuest) -> None:
    if os.geteuid() == 0:
        with pytest.raises(LabError, match="read only"):
            Virsh(lab.read_only_uri).set_memory("usual", 512 * MIB)
    assert "usual" in Virsh(lab.read_only_uri).guests()
    assert usual.memory_statistics()["actual"] == 1024 * 1024


def test_a_frozen_guest_answers_again_after_the_thaw(boot: Boot) -> None:
    (guest,) = boot([GuestSpec(name="frozen")])

    guest.freeze()
    with pytest.raises(LabError, match=r"did not answer 'echo late' within 0\.5 s"):
        guest.run("echo late", timeout=0.5)
    guest.thaw()

    assert guest.run("echo in time") == "in time\n"


def test_a_killed_guest_vanishes_but_a_persistent_one_is_only_off(lab: Lab, boot: Boot) -> None:
    fleeting, lasting = boot([GuestSpec(name="fleeting"), GuestSpec(name="lasting", persistent=True)])

    fleeting.kill()
    lasting.kill()
    eventually(lambda: "fleeting" not in lab.virsh.guests("--all"), "the killed guest vanished")
    eventually(lambda: lab.virsh.guests("--inactive")[:1] == ["lasting"], "the persistent guest was off")

    with pytest.raises(LabError, match="guest fleeting is gone"):
        fleeting.run("true")
    with pytest.raises(LabError, match="guest fleeting does not run"):
        _ = fleeting.pid


def test_a_guest_whose_kernel_panics_does_not_come_back_as_another(lab: Lab, boot: Boot) -> None:
    (guest,) = boot([GuestSpec(name="panicking", maximum=256 * MIB, memory_stats_period=0)])

    with pytest.raises(LabError, match="guest panicking is gone"):
        guest.run("echo c >/proc/sysrq-trigger")

    eventually(lambda: "panicking" not in lab.virsh.guests("--all"), "the panicking guest vanished")


def test_guests_survive_a_restart_of_libvirtd(own_lab: Lab) -> None:
    guest = own_lab.guest("survivor", metadata='<own:mark xmlns:own="urn:own">kept</own:mark>')
    pid = guest.pid

    own_lab.stop_libvirtd()
    assert guest.run("echo alive") == "alive\n"
    with pytest.raises(LabError, match="virsh"):
        own_lab.virsh.guests()
    own_lab.start_libvirtd()

    assert guest.pid == pid
    assert "usable" in guest.memory_statistics()
    assert "kept" in own_lab.virsh.run("metadata", "survivor", "urn:own")


def test_cheap_guests_have_a_balloon_and_say_nothing(own_lab: Lab) -> None:
    guests = own_lab.cheap_guests(12)

    assert {guest.name for guest in guests} <= set(own_lab.virsh.guests("--state-paused"))
    assert guests[0].memory_statistics()["actual"] == 64 * 1024
    assert "usable" not in guests[0].memory_statistics()
    assert len({guest.pid for guest in guests}) == 12


def test_two_labs_do_not_see_each_other(lab: Lab, own_lab: Lab) -> None:
    twins = [one.guest("twin", 512 * MIB, memory_stats_period=0) for one in (lab, own_lab)]

    twins[0].destroy()

    assert twins[1].run("echo alive") == "alive\n"
    assert "twin" not in lab.virsh.guests("--all")


def test_closing_leaves_no_process_no_mount_and_no_file() -> None:
    mounts = Path("/proc/self/mountinfo").read_text()
    with Lab.start() as lab:
        guest = lab.guest("last", 512 * MIB, swap=64 * MIB)
        guest.freeze()
        assert len(lab_processes(lab.directory)) == 2
        assert Path("/proc/self/mountinfo").read_text() == mounts

    assert lab_processes(lab.directory) == []
    assert not lab.directory.exists()
    lab.close()


# What a program looks like that ends while its lab runs.
_CALLER = """
import sys
from ballonet_lab import Lab
lab = Lab.start()
lab.cheap_guests(2)
print(lab.directory, flush=True)
sys.stdin.read()
lab.keep()
"""


@contextmanager
def caller() -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A process with a lab of two guests, which keeps the lab when its input ends."""
    with subprocess.Popen([sys.executable, "-c", _CALLER], stdin=PIPE, stdout=PIPE) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().decode().strip())


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_caller_that_is_ended_leaves_nothing_either(end: signal.Signals) -> None:
    with caller() as (process, directory):
        assert len(lab_processes(directory)) == 3

        process.send_signal(end)

        eventually(lambda: not directory.exists(), "the lab of the ended caller was removed")
        assert lab_processes(directory) == []


def test_a_lab_that_is_kept_lives_on_until_it_is_closed_by_its_directory() -> None:
    with caller() as (process, directory):
        process.communicate()

    assert process.returncode == 0
    assert len(lab_processes(directory)) == 3
    subprocess.run([sys.executable, "-m", "ballonet_lab", "close", directory], check=True)
    assert lab_processes(directory) == []
    assert not directory.exists()


def test_a_directory_with_something_in_it_is_never_taken_for_a_lab(tmp_path: Path) -> None:
    (tmp_path / "thesis").touch()

    with pytest.raises(LabError, match="is not empty"):
        Lab.start(tmp_path)
    closing = subprocess.run(
        [sys.executable, "-m", "ballonet_lab", "close", tmp_path], check=False, stderr=PIPE
    )

    assert closing.returncode == 2
    assert closing.stderr.decode() == f"lab: error: {tmp_path} is no lab\n"
    assert (tmp_path / "thesis").exists()
