"""The host: its bar with the reserves, and the numbers behind it."""

from collections.abc import Iterable, Iterator
from typing import Final

from ballonet.decision import Decision, Plan, Signals
from ballonet.host import Host
from ballonet.quantity import format_size
from ballonet.web.bars import HOST_LEGEND, host_bar, legend
from ballonet.web.markup import Markup, Template, joined
from ballonet_operator.census import census, reclaimed
from ballonet_operator.report import Report

_PART: Final = Template(
    '<section aria-labelledby="host"><h2 id="host">Host</h2>{warnings}{bar}{legend}'
    "<dl>{numbers}</dl></section>"
)
_WARNING: Final = Template('<p><span class="bad">{}</span></p>')
_NUMBER: Final = Template("<div><dt>{name}</dt><dd>{value}</dd></div>")


def host_part(host: Host, plan: Plan, report: Report) -> Markup:
    """Return the section of the host."""
    held = sum(map(_behind, plan.decisions))
    available = max(0, plan.available)
    numbers = [*_sizes(host, plan, held, available), *_counts(report)]
    signals = report.view.signals if report.view is not None else Signals()
    return _PART(
        warnings=joined(map(_WARNING, _warnings(host, plan, signals))),
        bar=host_bar(host.memory, held, available, plan.in_force),
        legend=legend(HOST_LEGEND),
        numbers=joined(_NUMBER(name=name, value=value) for name, value in numbers),
    )


def _behind(decision: Decision) -> int:
    """Return the host memory behind a guest, never more than its balloon leaves it."""
    guest = decision.guest
    if not guest.active:
        return 0
    sizes = [size for size in (guest.actual, guest.resident) if size is not None]
    return min(sizes, default=0)


def _sizes(host: Host, plan: Plan, held: int, available: int) -> Iterator[tuple[str, str]]:
    limited = host.budget is not None and host.budget < host.total
    yield "Memory", format_size(host.total)
    if limited:
        yield "Budget of the guests", format_size(host.memory)
    yield "Held by guests", format_size(held)
    yield "Available", format_size(available) + (" of the budget" if limited else "")
    yield "Growing guests leave", format_size(plan.in_force.grow)
    yield "Guests shrink below", format_size(plan.in_force.reclaim)
    yield "Shrink faster below", format_size(plan.in_force.critical)
    yield "Overcommitted by", format_size(plan.overcommitted) if plan.overcommitted else "nothing"
    yield "Memory pressure", _pressure(host)


def _pressure(host: Host) -> str:
    if host.some is None:
        return "not told by this kernel"
    return f"{host.some.avg10:g} % of 10 s"


def _counts(report: Report) -> Iterator[tuple[str, str]]:
    counts = census(report)
    yield "Guests looked after", f"{counts['owned']} of {len(report.decisions)}"
    yield "Starved, stuck, stale", f"{counts['starved']}, {counts['stuck']}, {counts['stale']}"
    yield "Reclaimed from guests", format_size(reclaimed(report))


def _warnings(host: Host, plan: Plan, signals: Signals) -> Iterable[str]:
    if plan.available < plan.in_force.critical:
        yield f"Available memory is critical: below {format_size(plan.in_force.critical)}."
    elif plan.available < plan.in_force.reclaim:
        yield f"Available memory is below the reserve of {format_size(plan.in_force.reclaim)}."
    if plan.overcommitted:
        yield f"The guests need {format_size(plan.overcommitted)} more than the host can give."
    if plan.pressed:
        yield "Tasks of the host wait for memory, or it swaps, or an alert says so: the reserves are raised."
    if signals != Signals():
        yield "Firing alerts are acted on."
    if host.memory <= 0:
        yield "The host has no memory that guests may use."
