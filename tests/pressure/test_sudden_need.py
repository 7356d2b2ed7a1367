"""A squeezed guest that suddenly wants memory, on a host that has some: who is faster, load or agent?"""

from collections.abc import Callable
from pathlib import Path

from ballonet.quantity import GIB, KIB, MIB
from ballonet_lab import Boot, GuestSpec, LabError, LabGuest, eventually
from running_agent import RunningAgent

Agent = Callable[..., RunningAgent]
Note = Callable[[str, str], None]

SQUEEZED = 256 * MIB
"""An idle guest of 1 GiB uses some 155 MiB of this."""
LOAD = 150 * MIB
RATES = (10, 20, 40, 80, 0)
"""MiB per second; 0 is as fast as the guest can."""
MUST_SURVIVE = (10, 20)


def actual(guest: LabGuest) -> int:
    return guest.memory_statistics()["actual"] * KIB


def squeeze(guests: list[LabGuest], running: RunningAgent) -> None:
    """Set the guests' sizes by hand; the agent takes them for a wish and gives only what is needed."""
    eventually(lambda: running.cycles() >= 3, "the agent knows the guests")
    for guest in guests:
        guest.set_memory(SQUEEZED)
    eventually(lambda: all(actual(guest) == SQUEEZED for guest in guests), "the guests are squeezed")
    eventually(
        lambda: len(running.lines("size set by somebody else adopted")) >= len(guests),
        "the agent adopts what the guests were set to",
    )
    running.run_cycles(2)


def test_a_squeezed_guest_without_swap_survives_a_sudden_need(boot: Boot, agent: Agent, note: Note) -> None:
    guests = boot([GuestSpec(name=f"rate-{rate}", maximum=GIB) for rate in RATES])
    running = agent()
    squeeze(guests, running)

    survived = {rate: survives(guest, rate) for rate, guest in zip(RATES, guests, strict=True)}

    for rate, alive in survived.items():
        speed = f"{rate} MiB/s" if rate else "as fast as it can"
        note(f"150 MiB more in a guest with 100 to spare, {speed}", "survived" if alive else "OOM killer")
    assert all(survived[rate] for rate in MUST_SURVIVE)


def survives(guest: LabGuest, rate: int) -> bool:
    """Let the guest take its load and return whether its OOM killer stayed quiet."""
    load = guest.start_load(LOAD, rate=rate * MIB)
    try:
        eventually(
            lambda: guest.killed_for_memory() or load.failed() or load.written() >= LOAD,
            "the load ends",
            within=90,
        )
        return load.written() >= LOAD and not guest.killed_for_memory()
    except LabError:
        return False  # Its kernel found nothing to kill and gave up.


def test_with_autodeflate_nothing_is_killed_at_any_speed(boot: Boot, agent: Agent, note: Note) -> None:
    (guest,) = boot([GuestSpec(name="deflates", maximum=GIB, autodeflate=True)])
    running = agent()
    squeeze([guest], running)

    assert survives(guest, 0)

    grown = eventually(
        lambda: max((line["to_bytes"] for line in running.said("guest grown", guest="deflates")), default=0),
        "the agent grows the guest",
    )
    assert grown > SQUEEZED
    assert not guest.killed_for_memory()
    note("the same with autodeflate, as fast as it can", f"survived, grown to {grown // MIB} MiB")


def test_a_guest_that_thrashes_on_its_swap_stops_once_it_is_grown(
    boot: Boot, agent: Agent, policies: Path, note: Note
) -> None:
    (guest,) = boot([GuestSpec(name="swaps", maximum=GIB, swap=GIB)])
    file = policies / "all.yaml"
    enforced = file.read_text()
    file.write_text(enforced.replace("Enforce", "Freeze"))
    running = agent()
    guest.set_memory(SQUEEZED)
    eventually(lambda: actual(guest) == SQUEEZED, "the guest is squeezed")
    guest.start_load(300 * MIB, anonymous=True, touched_every=1.0)
    before = eventually(lambda: thrashes(guest), "the guest thrashes", within=120)

    file.write_text(enforced)
    eventually(lambda: running.said("guest grown", guest="swaps"), "the agent grows the guest")
    eventually(lambda: fault_rate(guest) < 10, "the faults stop", within=90)

    assert before > 100
    note("major faults of a thrashing guest, before and after growth", f"{before:.0f}/s, below 10/s")


def thrashes(guest: LabGuest) -> float:
    rate = fault_rate(guest)
    return rate if rate > 100 else 0.0


def fault_rate(guest: LabGuest) -> float:
    """Return the major faults per second between this report of the guest and the next but one."""
    first = guest.memory_statistics()
    later = eventually(
        lambda: (seen := guest.memory_statistics())["last_update"] >= first["last_update"] + 4 and seen,
        "the guest reports again",
    )
    assert later
    seconds = later["last_update"] - first["last_update"]
    return float(later["major_fault"] - first["major_fault"]) / seconds
