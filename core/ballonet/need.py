"""Use, need and want of one guest, from one statistics sample.

All fields of a sample belong to one instant; the live balloon size does not, it trails the truth by up to
a second and the sample is up to one period old. In motion the two disagree by hundreds of MiB, so:

* where the guest's total follows its balloon (Linux without autodeflate), ``use = total - usable +
  share``, all from the sample; ``share`` is the guest kernel's own part, learned while at rest;
* where the total stays at its boot value (autodeflate, Windows), or nothing is known yet, ``use = actual -
  usable`` with the largest balloon size seen around the sample's instant, so that the error raises use.
"""

from dataclasses import replace
from typing import Final

from ballonet.decision import Starvation, Terms
from ballonet.guest import Guest, Sample
from ballonet.history import Demand, Reading, Report
from ballonet.policy import Policy
from ballonet.quantity import MIB

# balloon.last-update is cut to whole seconds and balloon.current comes in steps of one second.
_BEFORE: Final = 1.0
_AFTER: Final = 2.0
# The blur of one sample: per-processor free lists and rounding. 1 % of the maximum, at least 16 MiB.
_LEAST_MARGIN: Final = 16 * MIB
# A decayed peak keeps room for a burst that came a few minutes ago; half of it is forgotten in this time.
PEAK_HALF_LIFE: Final = 180.0
# Below this percentage of usable memory a guest without swap is about to kill, and shows no faults before.
EXHAUSTED_BELOW: Final = 2.0
# Two sizes at rest must differ by this much before they tell whether the guest's total follows.
_TELLING: Final = 16 * MIB
_TRAIL: Final = 12


def follow(trail: tuple[Reading, ...], actual: int, now: float) -> tuple[Reading, ...]:
    """Return the trail with one more reading; a balloon at rest keeps only the ends of its rest."""
    latest = Reading(now, actual)
    if len(trail) >= 2 and trail[-1].actual == trail[-2].actual == actual:
        return (*trail[:-1], latest)
    return (*trail[-_TRAIL:], latest)


def around(trail: tuple[Reading, ...], instant: float) -> list[int]:
    """Return the balloon sizes that may have been true at a sample's instant.

    These are the readings from shortly before to shortly after it, and the nearest one on either side.
    """
    sizes: list[int] = []
    for reading in reversed(trail):
        if reading.at > instant + _AFTER:
            sizes[:] = [reading.actual]
            continue
        sizes.append(reading.actual)
        if reading.at < instant - _BEFORE:
            break
    return sizes


def usable(sample: Sample) -> int | None:
    """Return what the guest could give up; MemFree where an old kernel does not know MemAvailable."""
    return sample.usable if sample.usable is not None else sample.unused


def learn(demand: Demand, sample: Sample, sizes: list[int], *, settled: bool, fixed_total: bool) -> Demand:
    """Return the demand after this sample: its use, and what it teaches about the guest's total.

    ``sizes`` are the balloon sizes around the sample's instant; ``settled`` says that the guest had
    reached its target before the sample was taken.
    """
    total, free, largest = sample.total, usable(sample), max(sizes)
    if total is None or free is None:
        return demand
    if settled and min(sizes) == largest and (largest, total) != demand.at_rest:
        demand = _rested(demand, largest, total)
    follows = demand.share is not None and not fixed_total
    use = total - free + (demand.share or 0) if follows else largest - free
    known = demand.report
    if known is not None and known.timestamp == sample.timestamp and known.use == use:
        return demand
    report = Report(
        timestamp=sample.timestamp,
        use=max(use, 0),
        major_faults=sample.major_faults,
        swap_in=sample.swap_in,
    )
    repeated = known is not None and known.timestamp == sample.timestamp
    return replace(demand, report=report, previous=demand.previous if repeated else known)


def _rested(demand: Demand, actual: int, total: int) -> Demand:
    """Learn from a sample at rest: does the total follow the balloon, and what does the guest keep?"""
    share = demand.share
    if demand.at_rest is not None:
        moved, followed = actual - demand.at_rest[0], total - demand.at_rest[1]
        if abs(moved) >= _TELLING:
            share = actual - total if abs(followed) * 2 > abs(moved) else None
        elif share is not None:
            share = actual - total
    return replace(demand, at_rest=(actual, total), share=share)


def rate(later: float | None, earlier: float | None, seconds: float) -> float:
    """Return a counter's increase per second; 0 where it is unknown or was reset by a reboot."""
    if later is None or earlier is None or seconds <= 0 or later < earlier:
        return 0.0
    return (later - earlier) / seconds


def starvation(demand: Demand, sample: Sample, actual: int, policy: Policy) -> Starvation | None:
    """Return which face of starvation the last two samples show, if any.

    Faults or swap-in alone are harmless (a guest reading files), little usable memory alone as well.
    """
    free, report, previous = usable(sample), demand.report, demand.previous
    if free is None:
        return None
    if free * 100 < EXHAUSTED_BELOW * actual:
        return Starvation.EXHAUSTED
    limits = policy.guest_thresholds
    if free * 100 >= limits.usable_below * actual or report is None or previous is None:
        return None
    seconds = report.timestamp - previous.timestamp
    if rate(report.major_faults, previous.major_faults, seconds) > limits.major_faults_per_second:
        return Starvation.FAULTING
    if rate(report.swap_in, previous.swap_in, seconds) > limits.swap_in_per_second:
        return Starvation.FAULTING
    return None


def guess(cycle: float) -> float:
    """Return by what factor a starved guest's size is exceeded: it hides its need, so guess above it.

    1.1 at a cycle of 2 s, 1.25 at 5 s (found by simulation); between them and beyond in proportion.
    """
    return min(max(1.0 + 0.05 * cycle, 1.1), 1.5)


def assess(
    guest: Guest, policy: Policy, demand: Demand, *, target: int, starved: Starvation | None, cycle: float
) -> Terms:
    """Return the guest's terms from fresh statistics.

    ``need = use + margin + L * slope`` where L is what passes before a move takes effect: one cycle and
    one statistics period. ``want = max((1 + headroom) * need, peak)``.
    """
    maximum, actual = guest.maximum or 0, guest.actual or 0
    floor = floor_of(guest, policy)
    report, previous = demand.report, demand.previous
    use = report.use if report is not None else actual
    lead = cycle + (guest.traits.statistics_period if guest.traits else 0)
    slope = (
        rate(use, previous.use, report.timestamp - previous.timestamp)
        if report is not None and previous is not None
        else 0.0
    )
    margin = max(_LEAST_MARGIN, maximum // 100)
    need = int(use + margin + lead * slope)
    if starved is not None:
        need = max(need, int(guess(cycle) * max(actual, target)))
    peak = max(float(need), demand.peak)
    want = int(max((1 + policy.headroom / 100) * need, peak))
    return Terms(
        use=use,
        margin=margin,
        slope=slope,
        need=min(max(need, floor), maximum),
        want=min(max(want, floor), maximum),
        peak=peak,
        floor=floor,
        maximum=maximum,
        weight=weight_of(guest, policy),
        fresh=True,
        starved=starved,
    )


def blind(guest: Guest, policy: Policy, target: int) -> Terms:
    """Return the terms of a guest whose statistics are old: it can only grow."""
    maximum = guest.maximum or 0
    least = min(target, maximum)
    return Terms(
        use=least,
        margin=0,
        slope=0.0,
        need=least,
        want=maximum,
        peak=0.0,
        floor=least,
        maximum=maximum,
        weight=weight_of(guest, policy),
        fresh=False,
    )


def decayed(demand: Demand, now: float) -> Demand:
    """Return the demand with its peak decayed toward the use since it was last computed."""
    report = demand.report
    if report is None or demand.peak <= report.use:
        return demand
    faded = 0.5 ** (max(now - demand.peak_at, 0.0) / PEAK_HALF_LIFE)
    return replace(demand, peak=report.use + (demand.peak - report.use) * faded, peak_at=now)


def floor_of(guest: Guest, policy: Policy) -> int:
    """Return the least that may ever be left to the guest, in whole pages."""
    maximum = guest.maximum or 0
    override = guest.traits.overrides.floor if guest.traits else None
    floor = (override or policy.floor).of(maximum)
    return min(-(-floor // 4096) * 4096, maximum)


def weight_of(guest: Guest, policy: Policy) -> int:
    """Return the guest's share under contention, its own where its metadata gives one."""
    override = guest.traits.overrides.weight if guest.traits else None
    return override or policy.weight
