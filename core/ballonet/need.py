"""Use, need and want of one guest, from one statistics sample.

All fields of a sample belong to one instant; the live balloon size does not, it trails the truth by up to
a second and the sample is up to one period old. In motion the two disagree by hundreds of MiB, so:

* where the guest's total follows its balloon (Linux without autodeflate), ``use = total - usable +
  share``, all from the sample; ``share`` is the guest kernel's own part, learned while at rest;
* where the total stays at its boot value (autodeflate, Windows), or nothing is known yet, ``use = actual -
  usable`` with the largest balloon size seen around the sample's instant, so that the error raises use.
"""

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
# A rise of use that has paused is believed half as much after two of the shortest statistics periods.
SLOPE_HALF_LIFE: Final = 4.0
# With less usable memory than this percentage of its size, a guest without swap is about to kill, and
# shows no faults before. Never more than half the margin: a guest at exactly its need is not starved.
EXHAUSTED_BELOW: Final = 2.0
# A total or a balloon must differ from the last rest by this much before it tells which kind it is.
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
    total, free = sample.total, usable(sample)
    if total is None or free is None:
        return demand
    follows = False if fixed_total else _follows(demand, total, sizes)
    resting = settled and min(sizes) == max(sizes)
    rest = (sizes[0], total) if resting else demand.at_rest
    share = rest[0] - rest[1] if follows and rest is not None else None
    report = Report(
        timestamp=sample.timestamp,
        use=max(0, total - free + share if share is not None else _bounded(demand.report, sizes, free)),
        exact=resting or share is not None,
        slope=0.0,
        major_faults=sample.major_faults,
        swap_in=sample.swap_in,
    )
    repeated = demand.report is not None and demand.report.timestamp == report.timestamp
    previous = demand.previous if repeated else demand.report
    report = report._replace(slope=_slope(report, previous))
    return Demand(report, previous, rest, follows, demand.peak, demand.peak_at)


def _bounded(last: Report | None, sizes: list[int], free: int) -> int:
    """Return the use of a guest of which only the balloon tells, and of that only between which sizes it was.

    While the balloon grows, or when nothing is known, the largest size counts, so that the error raises use.
    While it shrinks the guest is believed to use what it used, as far as the sizes allow: if its own
    shrinking looked like a need, it would be grown, shrunk and grown again for ever.
    """
    shrinking = sizes[0] < sizes[-1]
    if last is None or not shrinking:
        return max(sizes) - free
    return min(max(last.use, min(sizes) - free), max(sizes) - free)


def _follows(demand: Demand, total: int, sizes: list[int]) -> bool | None:
    """Whether the guest's total follows its balloon, as soon as one has moved against the last rest.

    A total that never changes is only proof once the balloon has surely moved.
    """
    if demand.at_rest is None:
        return demand.follows
    actual, before = demand.at_rest
    if abs(total - before) >= _TELLING:
        return True
    if max(sizes) <= actual - _TELLING or min(sizes) >= actual + _TELLING:
        return False
    return demand.follows


def rate(later: float | None, earlier: float | None, seconds: float) -> float:
    """Return a counter's increase per second; 0 where it is unknown or was reset by a reboot."""
    if later is None or earlier is None or seconds <= 0 or later < earlier:
        return 0.0
    return (later - earlier) / seconds


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


def _slope(report: Report, previous: Report | None) -> float:
    """Return by how many bytes per second use grows; unknown where a moving balloon blurs either end.

    A rise is believed for some seconds more, until use falls: a guest that is filling its memory pauses for
    a moment now and then, and one that is shrunk in such a moment is killed in the next.
    """
    if previous is None:
        return 0.0
    seconds = report.timestamp - previous.timestamp
    exact = report.exact and previous.exact
    if seconds <= 0 or (exact and report.use < previous.use):
        return 0.0
    held: float = previous.slope * 0.5 ** (seconds / SLOPE_HALF_LIFE)
    return max(rate(report.use, previous.use, seconds), held) if exact else held


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

    ``need = use + margin + L * slope`` where L is what passes before a move takes effect: one cycle and
    one statistics period. ``want = max((1 + headroom) * need, peak)``. ``has`` is what the guest has, or was
    last given.
    """
    maximum = guest.maximum or 0
    floor = floor_of(guest, policy)
    report = demand.report
    use, slope = (report.use, report.slope) if report is not None else (has, 0.0)
    lead = cycle + (guest.traits.statistics_period if guest.traits else 0)
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
