"""``ballonet hosts NAME``: all that an agent has told of its host, in lines for a person."""

from collections.abc import Iterable, Iterator

from rich.table import Table

from ballonet.manifests.v1alpha1_host import GuestDetail, HostStatus, ObservedPolicy
from ballonet.manifests.v1alpha1_status import Condition, GuestCounts, Overruling
from ballonet_cli.cluster.cells import size
from ballonet_cli.cluster.objects import FoundHost, moment, size_of
from ballonet_cli.durations import format_duration
from ballonet_cli.guest_table import ABSENT
from ballonet_cli.printable import name_text, printable
from ballonet_cli.tables import table

_LABEL = 22


def host_card(host: FoundHost, now: float) -> list[str]:
    """Return the lines about the host itself."""
    if host.status is None:
        return [printable(host.name), "  nothing reported yet, or nothing that this version can read"]
    entries = [*_agent(host.status, host.created, now), *_memory(host.status), *_guests(host.status)]
    lines = [f"  {label:{_LABEL}}{words}" for label, words in entries]
    return [
        printable(host.name),
        *lines,
        *(f"  {line}" for line in condition_lines(host.status.conditions, now)),
    ]


def _agent(status: HostStatus, created: float, now: float) -> Iterator[tuple[str, str]]:
    yield "agent", f"version {printable(status.version) or 'unknown'}"
    if created:
        yield "known for", format_duration(now - created)


def _memory(status: HostStatus) -> Iterator[tuple[str, str]]:
    memory, reserves = status.memory, status.reserves
    if not size_of(memory.total):
        yield "memory", "unknown"
        return
    yield "memory", f"{size(memory.available)} available of {size(memory.total)}, by the last report"
    if memory.pressure is not None:
        yield "pressure", f"tasks waited {memory.pressure:g}% of the time"
    if size_of(reserves.grow):  # It is 0 where no policy owns a guest.
        raised = ", raised by pressure or an alert" if reserves.raised else ""
        yield "guests grow above", f"{size(reserves.grow)}{raised}"
        yield "guests shrink below", f"{size(reserves.reclaim)}, faster below {size(reserves.critical)}"
    yield "reclaimed", size(status.reclaimed)
    if size_of(status.overcommitted):
        yield "overcommitted", f"guests need {size(status.overcommitted)} more than the host can give"


def _guests(status: HostStatus) -> Iterator[tuple[str, str]]:
    guests = status.guests
    unresponsive = [f"{guests.unresponsive} unresponsive"] if guests.unresponsive else []
    yield "guests", ", ".join([f"{guests.total} running", *guest_words(guests), *unresponsive])


def guest_words(guests: GuestCounts) -> list[str]:
    """Return the counts of guests that are not zero, how many are owned in any case."""
    counts = {
        "shrunk": guests.shrunk,
        "starved": guests.starved,
        "stuck": guests.stuck,
        "stale": guests.stale,
        "ineligible": guests.ineligible,
    }
    return [f"{guests.owned} owned", *(f"{number} {word}" for word, number in counts.items() if number)]


def condition_lines(conditions: Iterable[Condition], now: float) -> Iterator[str]:
    """Yield a line per condition: what, since when, and why."""
    for each in conditions:
        began = moment(each.last_transition_time)
        since = f" for {format_duration(now - began)}" if began is not None else ""
        message = f": {printable(each.message)}" if each.message else ""
        yield f"{printable(each.type):{_LABEL}}{each.status.value}{since} ({printable(each.reason)}){message}"


def detail_table(details: Iterable[GuestDetail]) -> Table:
    """Return the guests that have a problem, or less than their maximum, in the agent's order."""
    headings = ("GUEST", ">ACTUAL", ">TARGET", ">MAXIMUM", "POLICY", "REASON", "MESSAGE")
    return table(headings, [
        [
            name_text(each.guest), size(each.actual), size(each.target), size(each.maximum),
            name_text(each.policy or ABSENT), printable(each.reason), printable(each.message),
        ]
        for each in details
    ])  # fmt: skip


def observed_table(policies: Iterable[ObservedPolicy]) -> Table:
    """Return the policies that select the host, by name."""
    headings = ("POLICY", ">GENERATION", ">GUESTS", ">SHRUNK", ">RECLAIMED", "OVERRULED-BY", "ERROR")
    return table(headings, [
        [
            name_text(each.name), str(each.generation or ABSENT), str(each.guests.owned),
            str(each.guests.shrunk), size(each.reclaimed), overruling_words(each.overruled_by) or ABSENT,
            printable(each.error) or ABSENT,
        ]
        for each in sorted(policies, key=lambda each: each.name)
    ])  # fmt: skip


def overruling_words(overruling: Iterable[Overruling]) -> str:
    """Return the policies that own guests which this one selects, with how many."""
    return ", ".join(f"{printable(each.policy)} ({each.guests})" for each in overruling)
