"""``ballonet plan``: what would be done now, one line per guest, and the sum of it."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from ballonet.decision import Decision, Plan, Resize
from ballonet.host import Host
from ballonet.quantity import format_size
from ballonet.reason import sentence
from ballonet_cli.documents import action
from ballonet_cli.guest_table import ABSENT, size_text
from ballonet_cli.printable import name_text, printable
from ballonet_cli.tables import table

_HEADINGS = ("GUEST", "ACTION", ">FROM", ">TO", ">NEED", ">WANT", "POLICY", "REASON", "BECAUSE")
_STYLES = {"grow": "green", "shrink": "yellow"}


def plan_table(plan: Plan) -> Table:
    """Return the decisions on guests that run, those that move something first."""
    running = [decision for decision in plan.decisions if decision.guest.active]
    moving_first = sorted(running, key=lambda decision: not isinstance(decision, Resize))
    return table(_HEADINGS, [_row(decision) for decision in moving_first])


def _row(decision: Decision) -> Sequence[str | Text]:
    start, end = ends(decision)
    terms = decision.terms if decision.terms and decision.terms.fresh else None
    return (
        name_text(decision.guest.name),
        _action(decision),
        size_text(start),
        size_text(end),
        size_text(terms.need if terms else None),
        size_text(terms.want if terms else None),
        name_text(decision.policy) if decision.policy else ABSENT,
        decision.reason.value,
        sentence(decision.reason),
    )


def ends(decision: Decision) -> tuple[int | None, int | None]:
    """Return the size from which and to which the guest goes, or would go if its policy enforced."""
    if isinstance(decision, Resize):
        return decision.current, decision.target
    return decision.target, decision.target if decision.would is None else decision.would


def _action(decision: Decision) -> Text:
    start, end = ends(decision)
    if isinstance(decision, Resize) or start is None or end is None or start == end:
        word = action(decision)
        return Text(word, style=_STYLES.get(word, ""))
    return Text("would grow" if end > start else "would shrink", style="dim")


def plan_summary(plan: Plan, host: Host) -> list[str]:
    """Return the host, what is in force, and the sum of the moves, in sentences."""
    moves = [decision for decision in plan.decisions if isinstance(decision, Resize)]
    grown = [move.target - move.current for move in moves if move.grows]
    shrunk = [move.current - move.target for move in moves if not move.grows]
    staying = sum(decision.guest.active for decision in plan.decisions) - len(moves)
    growth = f"{len(grown)} to grow by {format_size(sum(grown))}"
    shrinkage = f"{len(shrunk)} to shrink by {format_size(sum(shrunk))}"
    lines = [_host(plan, host), f"{growth}, {shrinkage}, {staying} to stay."]
    if plan.pressed:
        lines.append("The host swaps or its tasks wait for memory, so the reserves are raised.")
    if plan.overcommitted:
        lines.append(f"The guests need {format_size(plan.overcommitted)} more than the host can give.")
    return lines


def _host(plan: Plan, host: Host) -> str:
    levels = plan.in_force
    budget = f" of a budget of {format_size(host.budget)}" if host.budget is not None else ""
    has = f"{printable(host.name)} has {format_size(plan.available)} available{budget}"
    grow, reclaim, critical = map(format_size, (levels.grow, levels.reclaim, levels.critical))
    return (
        f"{has}; guests grow while more than {grow} is left, shrink below {reclaim}, fast below {critical}."
    )
