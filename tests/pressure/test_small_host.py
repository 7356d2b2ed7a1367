"""The small host itself, since the tests that measure on it believe it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ballonet.quantity import GIB, KIB, MIB
from ballonet_lab import LabError, eventually, small_host


def meminfo(field: str) -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * KIB for line in lines if line.startswith(f"{field}:"))


def swaps() -> int:
    return len(Path("/proc/swaps").read_text().splitlines()) - 1


def test_a_small_host_has_the_memory_and_the_swap_that_were_asked_for_and_gives_all_back() -> None:
    wish, locked = meminfo("MemAvailable") - GIB, meminfo("Mlocked")
    swapped, devices = meminfo("SwapTotal"), swaps()

    with small_host(wish, swap=64 * MIB):
        assert meminfo("MemAvailable") == pytest.approx(wish, abs=256 * MIB)
        assert meminfo("Mlocked") > locked + 256 * MIB
        assert meminfo("SwapTotal") - swapped == pytest.approx(64 * MIB, abs=MIB)

    assert swaps() == devices
    # Others lock memory as well, process 1 for instance, and their part grows by a page now and then.
    eventually(lambda: meminfo("Mlocked") <= locked + 32 * MIB, "the memory was given back")


def test_a_caller_that_is_killed_gives_the_memory_and_the_swap_back() -> None:
    devices, wish = swaps(), meminfo("MemAvailable") - 512 * MIB
    program = f"""
import sys
from ballonet_lab import small_host
with small_host({wish}, swap={64 * MIB}):
    print("small", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as caller:
        assert caller.stdout is not None
        assert caller.stdout.readline() == b"small\n"
        assert swaps() == devices + 1

        caller.kill()

    eventually(lambda: swaps() == devices, "the swap file was removed")
    assert not list(Path("/var/tmp").glob("ballonet-swap-*"))


def test_more_than_the_machine_has_is_refused_in_one_line() -> None:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")

    with pytest.raises(LabError, match="less than the"), small_host(total + GIB, swap=0):
        pass
