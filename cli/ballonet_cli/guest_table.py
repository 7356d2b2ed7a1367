"""``ballonet list``: one line per guest."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from ballonet.guest import Guest, Read, is_fresh
from ballonet.quantity import format_size
from ballonet_cli.durations import format_duration
from ballonet_cli.printable import name_text, printable
from ballonet_cli.tables import table

_HEADINGS = ("NAME", "STATE", ">ACTUAL", ">MAXIMUM", ">USABLE", ">RESIDENT", "STATISTICS")
_WIDE = ("DEVICE", ">PERIOD", "OVERRIDES", "UUID")
ABSENT = "-"  # A person's sign for "not reported"; programs get null.


def size_text(size: int | None) -> str:
    """Return a size for a table, or the sign for one that was not reported."""
    return ABSENT if size is None else format_size(size)


def guest_table(guests: Iterable[Guest], now: float, *, wide: bool = False) -> Table:
    """Return the table of the guests, by name."""
    ordered = sorted(guests, key=lambda guest: (guest.name, guest.uuid))
    headings = _HEADINGS + _WIDE if wide else _HEADINGS
    return table(headings, [_row(guest, now, wide=wide) for guest in ordered])


def _row(guest: Guest, now: float, *, wide: bool) -> list[str | Text]:
    usable = guest.sample.usable if guest.sample and is_fresh(guest, now) else None
    row: list[str | Text] = [
        name_text(guest.name),
        guest.state.value,
        size_text(guest.actual if guest.active else None),
        size_text(guest.maximum),
        size_text(usable),
        size_text(guest.resident if guest.active else None),
        statistics_word(guest, now),
    ]
    return row + _wide_cells(guest, now) if wide else row


def statistics_word(guest: Guest, now: float) -> Text:
    """Return how far this guest's own numbers can be believed, in a word or two."""
    if not guest.active:
        return Text(ABSENT)
    if guest.frozen or guest.read is not Read.OK:
        return Text("no answer" if guest.frozen else guest.read.value, style="red")
    if guest.traits is not None and guest.traits.balloon_model == "none":
        return Text("no device", style="yellow")
    if guest.sample is None or guest.sample.timestamp <= 0:
        return Text("never", style="yellow")
    age = format_duration(now - guest.sample.timestamp)
    return Text(f"{age} ago") if is_fresh(guest, now) else Text(f"stale, {age} ago", style="yellow")


def _wide_cells(guest: Guest, now: float) -> list[str | Text]:
    traits = guest.traits
    if traits is None:
        return [ABSENT, ABSENT, ABSENT, printable(guest.uuid)]
    period = f"{traits.statistics_period}s" if traits.statistics_period else "off"
    return [device_words(guest), period, override_words(guest, now), printable(guest.uuid)]


def device_words(guest: Guest) -> str:
    """Return the balloon model and every trait that changes what a balloon can do."""
    traits = guest.traits
    if traits is None:
        return ABSENT
    words = [printable(traits.balloon_model)]
    words += ["autodeflate"] if traits.autodeflate else []
    words += ["free-page-reporting"] if traits.free_page_reporting else []
    words += ["hugepages"] if traits.hugepages else []
    words += ["locked"] if traits.locked else []
    words += ["host-devices"] if traits.host_devices else []
    words += ["virtio-mem"] if traits.virtio_mem else []
    words += ["confidential"] if traits.confidential else []
    return ",".join(words)


def override_words(guest: Guest, now: float) -> str:
    """Return what the guest's own metadata says about its terms."""
    if guest.traits is None:
        return ABSENT
    overrides = guest.traits.overrides
    words = ["exempt"] if overrides.exempt else []
    if overrides.hold is not None and overrides.hold.until > now:
        size = f"@{format_size(overrides.hold.size)}" if overrides.hold.size is not None else ""
        words.append(f"hold{size}:{format_duration(overrides.hold.until - now).replace(' ', '')}")
    words += [f"floor={overrides.floor}"] if overrides.floor is not None else []
    words += [f"weight={overrides.weight}"] if overrides.weight is not None else []
    return ",".join(words) or ABSENT
