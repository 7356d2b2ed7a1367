"""Need and want of one guest, and whether it is starved.

Need is use with a margin, carried forward by how fast use rises; want adds headroom and the memory of a
recent peak. A starved guest hides its need, so it is guessed above what the guest has.
"""

from typing import Final

from ballonet.decision import Starvation, Terms
from ballonet.guest import Guest, Sample
from ballonet.history import Demand
from ballonet.law.use import rate, usable
from ballonet.policy import Policy
from ballonet.quantity import MIB

# The blur of one sample: per-processor free lists and rounding. 1 % of the maximum, at least 16 MiB.
_LEAST_MARGIN: Final = 16 * MIB
# A decayed peak keeps room for a burst that came a few minutes ago; half of it is forgotten in this time.
PEAK_HALF_LIFE: Final = 180.0
# With less usable memory than this percentage of its size, a guest without swap is about to kill, and
# shows no faults before. Never more than half the margin: a guest at exactly its need is not starved.
EXHAUSTED_BELOW: Final = 2.0


def margin_of(maximum: int) -> int:
    """Return what a guest is left beyond its use."""
    return max(_LEAST_MARGIN, maximum // 100)


def starvation(
    guest: Guest, sample: Sample, actual: int, demand: Demand, policy: Policy
) -> Starvation | None:
    """Return which face of starvation the last two samples show, if any.

    Faults or swap-in alone are harmless (a guest reading files), little usable memory alone as well.
    """
    free, report, previous = usable(sample), demand.report, demand.previous
    if free is None:
        return None
    if free < min(EXHAUSTED_BELOW * actual / 100, margin_of(guest.maximum or actual) / 2):
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
    guest: Guest,
    policy: Policy,
    demand: Demand,
    now: float,
    *,
    has: int,
    starved: Starvation | None,
    cycle: float,
) -> Terms:
    """Return the guest's terms from fresh statistics.

    ``need = use + margin + L * slope`` where L is what passes between the sample and the next move that can
    know better: the sample's age, one cycle and one statistics period. ``want = max((1 + headroom) * need,
    peak)``. ``has`` is what the guest has, or was last given.
    """
    maximum = guest.maximum or 0
    floor = floor_of(guest, policy)
    report = demand.report
    use, slope = (report.use, report.slope) if report is not None else (has, 0.0)
    lead = cycle + (guest.traits.statistics_period if guest.traits else 0)
    if report is not None:
        lead += max(now - report.timestamp, 0.0)
    margin = margin_of(maximum)
    need = int(use + margin + lead * slope)
    if starved is not None:
        need = max(need, int(guess(cycle) * has))
    peak = max(float(need), decayed(demand, now))
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


def blind(guest: Guest, policy: Policy, target: int, *, starved: Starvation | None, guessed: int) -> Terms:
    """Return the terms of a guest whose statistics are old: it can only grow.

    ``guessed`` is what it needs if an alert, or its driver, says that it is starved.
    """
    maximum = guest.maximum or 0
    least = min(target, maximum)
    return Terms(
        use=least,
        margin=0,
        slope=0.0,
        need=least if starved is None else min(max(least, guessed), maximum),
        want=maximum,
        peak=0.0,
        floor=least,
        maximum=maximum,
        weight=weight_of(guest, policy),
        fresh=False,
        starved=starved,
    )


def decayed(demand: Demand, now: float) -> float:
    """Return the peak, decayed toward the use since it was last computed."""
    use = demand.report.use if demand.report is not None else 0
    if demand.peak <= use:
        return demand.peak
    faded: float = 0.5 ** (max(now - demand.peak_at, 0.0) / PEAK_HALF_LIFE)
    return use + (demand.peak - use) * faded


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
