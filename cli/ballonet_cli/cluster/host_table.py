"""``ballonet hosts``: one line per host."""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from ballonet.manifests.v1alpha1_host import HostStatus
from ballonet_cli.cluster.cells import age, count, size, yes_or_why
from ballonet_cli.cluster.objects import FoundHost, condition_of, size_of
from ballonet_cli.guest_table import ABSENT
from ballonet_cli.printable import name_text, printable
from ballonet_cli.tables import table

_HEADINGS = (
    "NAME", "CONNECTED", "PRESSURE", "SETTLED", ">GUESTS", ">SHRUNK", ">STARVED", ">STUCK", ">AVAILABLE",
    ">RECLAIMED", ">AGE",
)  # fmt: skip
_WIDE = (">TOTAL", ">RESERVE", ">OVERCOMMITTED", ">OWNED", ">STALE", ">INELIGIBLE", ">POLICIES", "VERSION")


def host_table(hosts: Iterable[FoundHost], now: float, *, wide: bool = False) -> Table:
    """Return the table of the hosts, in their order."""
    headings = _HEADINGS + _WIDE if wide else _HEADINGS
    return table(headings, [_row(host, now, wide=wide) for host in hosts])


def _row(host: FoundHost, now: float, *, wide: bool) -> list[str | Text]:
    status = host.status
    row: list[str | Text] = [name_text(host.name), *_cells(status), age(host.created, now)]
    return [*row, *_wide_cells(status)] if wide else row


def _cells(status: HostStatus | None) -> Sequence[str | Text]:
    if status is None:  # Its agent has made the object and has not reported yet.
        return [ABSENT] * (len(_HEADINGS) - 2)
    guests = status.guests
    return [
        yes_or_why(condition_of(status.conditions, "HypervisorConnected"), wanted=True),
        yes_or_why(condition_of(status.conditions, "MemoryPressure"), wanted=False),
        yes_or_why(condition_of(status.conditions, "Settled"), wanted=True, bad="yellow"),
        count(guests.total),
        count(guests.shrunk),
        count(guests.starved, bad="red"),
        count(guests.stuck, bad="red"),
        size(status.memory.available) if size_of(status.memory.total) else ABSENT,
        size(status.reclaimed),
    ]


def _wide_cells(status: HostStatus | None) -> Sequence[str | Text]:
    if status is None:
        return [ABSENT] * len(_WIDE)
    guests = status.guests
    return [
        size(status.memory.total) if size_of(status.memory.total) else ABSENT,
        size(status.reserves.reclaim),
        size(status.overcommitted),
        count(guests.owned),
        count(guests.stale, bad="yellow"),
        count(guests.ineligible),
        count(len(status.observed_policies)),
        printable(status.version) or ABSENT,
    ]
