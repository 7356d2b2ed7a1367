"""What the exporter's page at ``/`` says of host and guests: what a scrape at this moment would say.

It is made from the readings of a scrape, so that it shows what Prometheus gets, obeys the same flags and
never asks libvirt at the same time as a scrape does. Imported when the page is first asked for: most
exporters are never looked at by a person.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ballonet.guest import Read, State
from ballonet.printable import clipped
from ballonet.quantity import format_size
from ballonet.web.bars import HOST_LEGEND, READING_LEGEND, host_bar, legend, reading_bar
from ballonet.web.markup import NOTHING, Markup, Template, joined
from ballonet.web.moments import moment
from ballonet.web.tables import Column, Table
from ballonet_exporter import metrics
from ballonet_exporter.exposition import Reading

MOST_ROWS: Final = 500
"""Guests that are shown; the metrics have all of them."""
_LONGEST_NAME: Final = 120
_TABLE: Final = Table(
    Column("Guest"),
    Column("Bar", "bars"),
    Column("Actual", "number"),
    Column("Maximum", "number"),
    Column("Usable", "number"),
    Column("Resident", "number"),
    Column("State"),
    Column("Reading"),
    Column("Statistics"),
)
_GUESTS: Final = Template(
    '<section aria-labelledby="guests"><h2 id="guests">Guests</h2>{legend}{table}{more}</section>'
)
_HOST: Final = Template(
    '<section aria-labelledby="host"><h2 id="host">Host</h2>{trouble}{bar}{legend}'
    "<dl>{numbers}</dl></section>"
)
_NUMBER: Final = Template("<div><dt>{name}</dt><dd>{value}</dd></div>")
_NAME: Final = Template("<bdi>{}</bdi>")
_BAD: Final = Template('<span class="bad">{}</span>')
_LINE: Final = Template("<p>{}</p>")
_ABSENT: Final = "-"

_PREFIX: Final = "ballonet_guest_"
_WORDS: Final = {"read_status": "status", "state": "state"}
"""Families whose series say something by a label."""

Values = Mapping[str, float | str]
"""What is said of one guest, by the name of the metric without its prefix."""


def front_page(readings: Iterable[Reading], now: float) -> Markup:
    """Return the sections of host and guests."""
    by_name = {reading.family.name: reading for reading in readings}
    guests = _guests(by_name.values())
    ordered = sorted(guests, key=lambda name: (_status(guests[name]) == Read.OK.value, name))
    hidden = len(ordered) - MOST_ROWS
    return joined(
        [
            _host(by_name, guests),
            _GUESTS(
                legend=legend(READING_LEGEND) if guests else NOTHING,
                table=_TABLE.render(
                    "Those that could not be read first, then by name.",
                    (_row(name, guests[name], now) for name in ordered[:MOST_ROWS]),
                )
                if guests
                else _LINE("No guest was read."),
                more=_LINE(f"{hidden} more guests are not shown.") if hidden > 0 else NOTHING,
            ),
        ]
    )


def _guests(readings: Iterable[Reading]) -> dict[str, dict[str, float | str]]:
    """Return what the readings say of each guest: numbers by metric, words by label."""
    found: dict[str, dict[str, float | str]] = defaultdict(dict)
    for reading in readings:
        name = reading.family.name.removeprefix(_PREFIX)
        for labels, value in reading.series:
            guest = labels.pairs.get("guest")
            if guest is not None:
                found[guest][name] = labels.pairs.get(_WORDS.get(name, ""), value)
    return found


def _row(name: str, values: Values, now: float) -> Sequence[object]:
    actual, maximum = _size(values, "balloon_actual_bytes"), _size(values, "balloon_maximum_bytes")
    usable = _size(values, "memory_usable_bytes") if values.get("statistics_fresh") else None
    return (
        _NAME(clipped(name, _LONGEST_NAME)),
        reading_bar(usable, actual, maximum),
        _shown(actual),
        _shown(maximum),
        _shown(usable),
        _shown(_size(values, "memory_resident_bytes")),
        values.get("state", _ABSENT),
        _reading(values),
        _statistics(values, now),
    )


def _reading(values: Values) -> object:
    status = _status(values)
    return status if status == Read.OK.value else _BAD(status)


def _statistics(values: Values, now: float) -> object:
    """Return when the guest last reported; what is old is marked in words."""
    at = values.get("statistics_timestamp_seconds")
    if not isinstance(at, float):
        return _ABSENT if values.get("state") != State.RUNNING.value else _BAD("never reported")
    when = moment(at, now)
    return when if values.get("statistics_fresh") else joined([when, _BAD("old")])


def _status(values: Values) -> str:
    return str(values.get("read_status", _ABSENT))


def _size(values: Values, name: str) -> int | None:
    value = values.get(name)
    return int(value) if isinstance(value, (int, float)) else None


def _shown(size: int | None) -> str:
    return _ABSENT if size is None else format_size(size)


def _host(readings: Mapping[str, Reading], guests: Mapping[str, Values]) -> Markup:
    total = _single(readings, "ballonet_host_memory_total_bytes")
    available = _single(readings, "ballonet_host_memory_available_bytes")
    answers = _single(readings, metrics.UP.name)
    held = sum(map(_held, guests.values()))
    numbers = (("Memory", total), ("Available", available), ("Held by guests", held))
    return _HOST(
        trouble=_LINE(_BAD("libvirt does not answer: see this exporter's log")) if answers == 0 else NOTHING,
        bar=NOTHING if total is None or available is None else host_bar(total, held, available, None),
        legend=legend(HOST_LEGEND[:3]),
        numbers=joined(_NUMBER(name=name, value=_shown(size)) for name, size in numbers),
    )


def _held(values: Values) -> int:
    sizes = [_size(values, "balloon_actual_bytes"), _size(values, "memory_resident_bytes")]
    return min((size for size in sizes if size is not None), default=0)


def _single(readings: Mapping[str, Reading], name: str) -> int | None:
    """Return the value of a family that has one series; None where it has none."""
    series = readings[name].series if name in readings else ()
    return int(series[0][1]) if series else None
