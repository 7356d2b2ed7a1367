"""``ballonet show``: everything known about one guest, in lines for a person."""

from collections.abc import Iterator

from ballonet.guest import Guest, Read, Sample, is_fresh
from ballonet.quantity import MIB, format_size
from ballonet_cli.durations import format_duration
from ballonet_cli.guest_table import device_words, override_words
from ballonet_cli.printable import printable

_LABEL = 20


def guest_card(guest: Guest, now: float) -> list[str]:
    """Return the lines."""
    entries = [*_balloon(guest), *_statistics(guest, now), *_rest(guest, now)]
    return [printable(guest.name), *(f"  {label:{_LABEL}}{words}" for label, words in entries)]


def _balloon(guest: Guest) -> Iterator[tuple[str, str]]:
    yield "state", guest.state.value + (", migrating" if guest.migrating else "")
    if guest.frozen or guest.read is not Read.OK:
        yield "last reading", "frozen: no answer several times in a row" if guest.frozen else guest.read.value
    if guest.active:
        yield "balloon", _size_of(guest)
        yield "info balloon", _info_balloon(guest)
        yield "resident on host", _or_unknown(guest.resident)
    elif guest.maximum is not None:
        yield "maximum", _exactly(guest.maximum)
    yield "device", device_words(guest)


def _size_of(guest: Guest) -> str:
    if guest.actual is None or guest.maximum is None:
        return f"{_or_unknown(guest.actual)} of at most {_or_unknown(guest.maximum)}"
    given = guest.maximum - guest.actual
    words = f"{_exactly(guest.actual)} of at most {format_size(guest.maximum)}"
    return f"{words}, {format_size(given)} given to the host" if given > 0 else words


def _info_balloon(guest: Guest) -> str:
    """Return what QEMU's monitor prints: MiB, cut."""
    if guest.traits is not None and guest.traits.balloon_model == "none":
        return "Error: No balloon device has been activated"
    if guest.actual is None or guest.read is not Read.OK:
        return "no answer"
    return f"balloon: actual={guest.actual // MIB}"


def _statistics(guest: Guest, now: float) -> Iterator[tuple[str, str]]:
    if not guest.active or (guest.traits is not None and guest.traits.balloon_model == "none"):
        return
    sample = guest.sample
    if sample is None or sample.timestamp <= 0:
        yield "statistics", f"never reported{_period(guest)}"
        return
    age = format_duration(now - sample.timestamp)
    yield "statistics", f"{'' if is_fresh(guest, now) else 'stale, '}{age} old{_period(guest)}"
    yield from _sizes(sample)
    if guest.actual is not None and sample.usable is not None and is_fresh(guest, now):
        yield (
            "cannot give up",
            f"{format_size(max(0, guest.actual - sample.usable))} (actual - usable, at rest)",
        )
    yield from _counters(sample)
    if guest.dropped:
        yield "impossible", f"{', '.join(map(printable, guest.dropped))}: reported, and not believed"


def _period(guest: Guest) -> str:
    if guest.traits is None:
        return ""
    period = guest.traits.statistics_period
    return f", asked for every {period}s" if period else f", not asked for: `{_dommemstat(guest)}`"


def _dommemstat(guest: Guest) -> str:
    return f"virsh dommemstat {printable(guest.name)} --period 2 --live"


def _sizes(sample: Sample) -> Iterator[tuple[str, str]]:
    sizes = (
        ("  total", sample.total, "MemTotal"),
        ("  usable", sample.usable, "MemAvailable"),
        ("  unused", sample.unused, "MemFree"),
        ("  disk caches", sample.disk_caches, "tmpfs and shared memory too"),
    )
    for label, size, source in sizes:
        if size is not None:
            yield label, f"{format_size(size)} ({source})"


def _counters(sample: Sample) -> Iterator[tuple[str, str]]:
    if sample.swap_in is not None and sample.swap_out is not None:
        yield "swapped since boot", f"{format_size(sample.swap_in)} in, {format_size(sample.swap_out)} out"
    if sample.major_faults is not None and sample.minor_faults is not None:
        yield "faults since boot", f"{sample.major_faults} major, {sample.minor_faults} minor"
    if sample.hugetlb_allocations is not None and sample.hugetlb_failures is not None:
        yield "huge pages", f"{sample.hugetlb_allocations} allocated, {sample.hugetlb_failures} failed"


def _rest(guest: Guest, now: float) -> Iterator[tuple[str, str]]:
    overrides = override_words(guest, now)
    yield "overrides", "none" if overrides == "-" else overrides
    yield "uuid", printable(guest.uuid)


def _or_unknown(size: int | None) -> str:
    return "unknown" if size is None else format_size(size)


def _exactly(size: int) -> str:
    return f"{format_size(size)} ({size} bytes)"
