"""Use of one guest: what it cannot give up, in balloon units, from one statistics sample.

All fields of a sample belong to one instant; the live balloon size does not, it trails the truth by up to
a second and the sample is up to one period old. In motion the two disagree by hundreds of MiB, so:

* where the guest's total follows its balloon (Linux without autodeflate), ``use = total - usable +
  share``, all from the sample; ``share`` is the guest kernel's own part, learned while at rest;
* where the total stays at its boot value (autodeflate, Windows), or nothing is known yet, ``use = actual -
  usable`` with the largest balloon size seen around the sample's instant, so that the error raises use.
"""

from typing import Final

from ballonet.guest import Sample
from ballonet.history import Demand, Reading, Report
from ballonet.quantity import MIB

# balloon.last-update is cut to whole seconds and balloon.current comes in steps of one second.
_BEFORE: Final = 1.0
_AFTER: Final = 2.0
# A rise of use that has paused is believed half as much after two of the shortest statistics periods.
SLOPE_HALF_LIFE: Final = 4.0
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


def learn(
    demand: Demand, sample: Sample, sizes: list[int], *, settled: bool, adopted: bool, fixed_total: bool
) -> Demand:
    """Return the demand after this sample: its use, and what it teaches about the guest's total.

    ``sizes`` are the balloon sizes around the sample's instant; ``settled`` says that the guest had
    reached its target before the sample was taken, ``adopted`` that somebody else moves it just now.
    """
    total, free = sample.total, usable(sample)
    if total is None or free is None:
        return demand
    follows = False if fixed_total else _follows(demand, total, sizes)
    resting = settled and min(sizes) == max(sizes)
    rest = (sizes[0], total) if resting else demand.at_rest
    share = rest[0] - rest[1] if follows and rest is not None else None
    bounded = _bounded(demand.report, sizes, free, adopted=adopted)
    use = max(0, total - free + share if share is not None else bounded)
    exact = resting or share is not None
    repeated = demand.report is not None and demand.report.timestamp == sample.timestamp
    previous = demand.previous if repeated else demand.report
    slope = _slope(sample.timestamp, use, previous, exact=exact)
    report = Report(sample.timestamp, use, exact, slope, sample.major_faults, sample.swap_in)
    return Demand(report, previous, rest, follows, demand.peak, demand.peak_at)


def _bounded(last: Report | None, sizes: list[int], free: int, *, adopted: bool) -> int:
    """Return the use of a guest of which only the balloon tells, and of that only between which sizes it was.

    While the balloon grows, or when nothing is known, the largest size counts, so that the error raises use.
    While it shrinks the guest is believed to use what it used, as far as the sizes allow: if its own
    shrinking looked like a need, it would be grown, shrunk and grown again for ever. Where somebody else
    moves it, nobody knows how far, and the balloon is below all that was seen of it.
    """
    shrinking = sizes[0] < sizes[-1]
    if last is None or not shrinking:
        return max(sizes) - free
    least = 0 if adopted else min(sizes) - free
    return min(max(last.use, least), max(sizes) - free)


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


def _slope(timestamp: float, use: int, previous: Report | None, *, exact: bool) -> float:
    """Return by how many bytes per second use grows; unknown where a moving balloon blurs either end.

    A rise is believed for some seconds more, until use falls: a guest that is filling its memory pauses for
    a moment now and then, and one that is shrunk in such a moment is killed in the next.
    """
    if previous is None:
        return 0.0
    seconds = timestamp - previous.timestamp
    exact = exact and previous.exact
    if seconds <= 0 or (exact and use < previous.use):
        return 0.0
    held: float = previous.slope * 0.5 ** (seconds / SLOPE_HALF_LIFE) if previous.slope else 0.0
    return max(rate(use, previous.use, seconds), held) if exact else held
