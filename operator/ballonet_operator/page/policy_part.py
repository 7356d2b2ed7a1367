"""Policies: where they come from, which are in force, and which were refused and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

from ballonet.printable import clipped
from ballonet.web.markup import NOTHING, Markup, Template, joined
from ballonet.web.tables import Column, Table
from ballonet_operator.book import Entry
from ballonet_operator.page.guest_part import bounded
from ballonet_operator.report import Report
from ballonet_operator.thresholds import policies_here

_MOST: Final = 100  # Policies, and refused ones, that are shown.
_MOST_REASONS: Final = 10
_LONGEST: Final = 300  # Characters of one reason.
_TABLE: Final = Table(
    Column("Policy"),
    Column("Mode"),
    Column("Priority", "number"),
    Column("Guests", "number"),
    Column("From"),
)
_PART: Final = Template(
    '<section aria-labelledby="policies"><h2 id="policies">Policies</h2><p>{source}</p>'
    "{table}{more}</section>"
)
_REFUSED: Final = Template(
    '<section aria-labelledby="refused"><h2 id="refused">Refused policies</h2>'
    "<p>Where one was in force before, its last good version still is.</p>"
    "<dl>{refused}</dl>{more}</section>"
)
_ENTRY: Final = Template('<div class="refusal"><dt>{origin}</dt><dd><ul>{reasons}</ul></dd></div>')
_REASON: Final = Template("<li>{}</li>")
_MORE: Final = Template("<p>{} more are not shown.</p>")
_NONE: Final = Template("<p>No policy is in force on this host: no guest is moved.</p>")


def policy_part(report: Report, source: str) -> Markup:
    """Return the section of the policies in force."""
    here = [report.page.entries[policy.name] for policy in policies_here(report)]
    owned = Counter(decision.policy for decision in report.decisions)
    table = _TABLE.render("Those that select this host.", (_row(each, owned) for each in here[:_MOST]))
    return _PART(source=source, table=table if here else _NONE(), more=_more(len(here)))


def refused_part(refused: Mapping[str, Sequence[str]]) -> Markup:
    """Return the section of what was refused, where anything was."""
    if not refused:
        return NOTHING
    entries = (_refusal(origin, reasons) for origin, reasons in islice(sorted(refused.items()), _MOST))
    return _REFUSED(refused=joined(entries), more=_more(len(refused)))


def _row(entry: Entry, owned: Mapping[str | None, int]) -> Sequence[object]:
    policy = entry.policy
    origin = bounded(entry.origin)
    return bounded(policy.name), policy.mode.value, policy.priority, owned.get(policy.name, 0), origin


def _refusal(origin: str, reasons: Sequence[str]) -> Markup:
    shown = [_REASON(clipped(reason, _LONGEST)) for reason in reasons[:_MOST_REASONS]]
    beyond = len(reasons) - _MOST_REASONS
    if beyond > 0:
        shown.append(_REASON(f"and {beyond} more reasons"))
    return _ENTRY(origin=bounded(origin), reasons=joined(shown))


def _more(count: int) -> Markup:
    return _MORE(count - _MOST) if count > _MOST else NOTHING
