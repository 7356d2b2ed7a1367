"""Time of one plan, for 1,000 and 10,000 guests, beside the cost of merely sorting as many guests.

``python bench/plan_time.py`` prints for each size the median of several plans with fresh statistics in every
cycle, and its ratio to the sort, which is the n log n that any plan needs. Python's garbage collector is
set as the agent sets it. The time of a million additions beside it says how fast the machine is.
"""

import gc
import random
import statistics
import time
from dataclasses import replace

from ballonet.decision import View
from ballonet.guest import Guest, Sample, Traits
from ballonet.history import History
from ballonet.host import Host
from ballonet.plan import plan
from ballonet.policy import Policy
from ballonet.quantity import GIB, MIB

CYCLE = 2.0
ROUNDS = 15


def fleet(count: int, seed: int) -> tuple[Guest, ...]:
    """Return guests of 1 to 16 GiB that use between a tenth and nearly all of it."""
    dice = random.Random(seed)
    return tuple(_guest(dice, number) for number in range(count))


def _guest(dice: random.Random, number: int) -> Guest:
    maximum = dice.choice((1, 2, 4, 8, 16)) * GIB
    total = maximum - 52 * MIB
    usable = int(total * dice.uniform(0.05, 0.9))
    sample = Sample(timestamp=0, total=total, usable=usable, major_faults=0, swap_in=0)
    return Guest(
        uuid=f"{number:08x}-0000-4000-8000-000000000000",
        name=f"guest-{number}",
        actual=maximum,
        maximum=maximum,
        resident=maximum,
        sample=sample,
        traits=Traits(statistics_period=2),
    )


def refreshed(guest: Guest, now: float, dice: random.Random) -> Guest:
    """Return the guest with a new sample that differs a little from the one before."""
    assert guest.sample is not None
    assert guest.sample.usable is not None
    usable = max(0, guest.sample.usable + dice.randrange(-4 * MIB, 4 * MIB))
    return replace(guest, sample=replace(guest.sample, timestamp=now, usable=usable))


def times(count: int) -> tuple[float, float]:
    """Return the median seconds of a plan and of the sort, over a closed loop that has settled."""
    dice = random.Random(count)
    guests = fleet(count, seed=count)
    host = Host(name="bench", total=count * 5 * GIB, available=count * 5 * GIB // 20)
    history, plans, sorts = History(), [], []
    policies = [Policy(name="default")]
    for number in range(1, ROUNDS + 5):
        now = number * CYCLE
        guests = tuple(refreshed(guest, now, dice) for guest in guests)
        view = View(host=host, guests=guests, now=now)
        begun = time.perf_counter()
        result = plan(view, policies, history, cycle=CYCLE)
        planned = time.perf_counter()
        sorted(guests, key=lambda guest: (guest.name, guest.uuid))
        done = time.perf_counter()
        history = result.history
        if number >= 5:
            plans.append(planned - begun)
            sorts.append(done - planned)
    return statistics.median(plans), statistics.median(sorts)


def additions() -> float:
    """Return the seconds that a million additions take."""
    begun, total = time.perf_counter(), 0
    for number in range(1_000_000):
        total += number
    return time.perf_counter() - begun


def main() -> None:
    """Print one line per fleet size."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    print(f"a million additions: {additions() * 1e3:.0f} ms")
    for count, aim in ((1_000, 10), (10_000, 120)):
        planned, ordered = times(count)
        print(
            f"{count:6} guests: plan {planned * 1e3:7.1f} ms (aim {aim} ms), "
            f"sort {ordered * 1e3:6.2f} ms, ratio {planned / ordered:5.1f}"
        )


if __name__ == "__main__":
    main()
