"""A really small host: with the agent it does not swap where without it it does."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ballonet.machine import read_host
from ballonet.quantity import GIB, MIB
from ballonet_lab import Boot, GuestSpec, LabGuest, small_host
from running_agent import RunningAgent

Agent = Callable[..., RunningAgent]
Note = Callable[[str, str], None]

AVAILABLE = 3 * GIB
TOUCHED = 650 * MIB
RATE = 30 * MIB
"""Bytes per second that each load takes."""


@pytest.fixture(scope="module")
def _small() -> Iterator[None]:
    with small_host(AVAILABLE, swap=4 * GIB):
        yield


def swapped_out() -> int:
    """Return the bytes that the host has ever written to swap."""
    return read_host(proc=Path("/proc")).swapped_out or 0


def work(guests: list[LabGuest]) -> int:
    """Let two guests touch memory and give it back, then two others need as much; return what was swapped."""
    first, second, *others = guests
    before = swapped_out()
    for taken in ([first, second], others):
        loads = [guest.start_load(TOUCHED, rate=RATE) for guest in taken]
        for load in loads:
            load.wait(240)
        if taken is not others:
            for guest in taken:
                guest.release_memory()
    return swapped_out() - before


@pytest.mark.usefixtures("_small")
def test_the_agent_keeps_a_small_host_from_swapping(boot: Boot, agent: Agent, note: Note) -> None:
    swapped = {}
    for ruled in (False, True):
        guests = boot([GuestSpec(name=f"{name}-{ruled}", maximum=GIB) for name in "abcd"])
        if ruled:
            running = agent("--host.memory-total", "4Gi")
            running.run_cycles(2)
        swapped[ruled] = work(guests)
        some = read_host(proc=Path("/proc")).some
        pressure = f", pressure some avg10 {some.avg10:.1f}" if some else ""
        note(
            f"host of 3 GiB, four guests of 1 GiB, {'with the agent' if ruled else 'without an agent'}",
            f"{swapped[ruled] // MIB} MiB swapped out{pressure}",
        )
        for guest in guests:
            assert not guest.killed_for_memory()
            guest.destroy()
    assert swapped[False] > 50 * MIB
    assert swapped[True] < swapped[False] / 10
