"""``ballonet policies``: one line per policy, the one that overrules the others first."""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from ballonet.manifests.v1alpha1_status import Condition
from ballonet_cli.cluster.cells import age, count, size, yes_or_why
from ballonet_cli.cluster.objects import FoundPolicy, condition_of, holds
from ballonet_cli.guest_table import ABSENT
from ballonet_cli.printable import name_text, printable
from ballonet_cli.tables import table

_HEADINGS = (
    "NAME", "MODE", ">PRIORITY", ">HOSTS", ">GUESTS", ">SHRUNK", ">RECLAIMED", "READY", "REASON",
)  # fmt: skip
_WIDE = (">SELECTED", ">STARVED", ">STUCK", "OVERRULED-BY", ">AGE")
NOT_JUDGED = "NotJudged"
"""Stands where the controller has not looked at this generation yet; no condition's reason."""


def policy_table(policies: Iterable[FoundPolicy], now: float, *, wide: bool = False) -> Table:
    """Return the table of the policies, in their order."""
    headings = _HEADINGS + _WIDE if wide else _HEADINGS
    return table(headings, [_row(policy, now, wide=wide) for policy in policies])


def _row(found: FoundPolicy, now: float, *, wide: bool) -> list[str | Text]:
    row: list[str | Text] = [
        name_text(found.policy.name),
        found.policy.mode.value,
        str(found.policy.priority),
        *_counts(found),
        *readiness(found),
    ]
    return [*row, *_wide_cells(found), age(found.policy.created, now)] if wide else row


def _counts(found: FoundPolicy) -> Sequence[str | Text]:
    status = found.status
    if status is None:
        return [ABSENT] * 4
    behind = status.hosts_in_force < status.hosts
    return [
        Text(f"{status.hosts_in_force}/{status.hosts}", style="yellow" if behind else ""),
        count(status.guests.owned),
        count(status.guests.shrunk),
        size(status.reclaimed),
    ]


def readiness(found: FoundPolicy) -> tuple[Text, Text]:
    """Return whether the policy is in force everywhere, and why it is or is not."""
    ready = telling_condition(found)
    if ready is None:
        return Text("unknown", style="yellow"), Text(NOT_JUDGED, style="yellow")
    style = "" if holds(ready) else "red" if ready.type == "Accepted" else "yellow"
    word = yes_or_why(ready, wanted=True) if holds(ready) is not False else Text("no", style=style)
    return word, Text(printable(ready.reason), style=style)


def telling_condition(found: FoundPolicy) -> Condition | None:
    """Return the condition that says most: Accepted where it is false, else Ready; None: not judged yet."""
    if found.status is None or not found.judged:
        return None
    accepted = condition_of(found.status.conditions, "Accepted")
    if accepted is not None and holds(accepted) is False:
        return accepted
    return condition_of(found.status.conditions, "Ready")


def _wide_cells(found: FoundPolicy) -> Sequence[str | Text]:
    status = found.status
    if status is None:
        return [ABSENT] * 4
    overruling = ",".join(printable(each.policy) for each in status.overruled_by)
    return [
        count(status.guests.selected),
        count(status.guests.starved, bad="red"),
        count(status.guests.stuck, bad="red"),
        overruling or ABSENT,
    ]
