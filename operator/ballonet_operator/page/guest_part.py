"""A row per guest: what it needs, has and could have, who owns it, why it is so, and its last move."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ballonet.decision import Decision, Resize
from ballonet.guest import Guest
from ballonet.printable import clipped
from ballonet.quantity import format_size
from ballonet.reason import Reason, sentence
from ballonet.web.bars import GUEST_LEGEND, HATCH, guest_bar, legend
from ballonet.web.markup import NOTHING, Markup, Template, joined
from ballonet.web.moments import moment
from ballonet.web.tables import Column, Table
from ballonet_operator.page.chronicle import Made
from ballonet_operator.page.trouble import Rank, rank, words
from ballonet_operator.report import Outcome, Report

MOST_ROWS: Final = 500
"""Guests that are shown; a page of so many has about half a megabyte, and nobody reads further."""
LONGEST_NAME: Final = 120
"""Characters of a name that are shown."""

_TABLE: Final = Table(
    Column("Guest"),
    Column("Bar", "bars"),
    Column("Need", "number"),
    Column("Actual", "number"),
    Column("Target", "number"),
    Column("Maximum", "number"),
    Column("Policy"),
    Column("Reason"),
    Column("Last move"),
)
_PART: Final = Template(
    '<section aria-labelledby="guests"><h2 id="guests">Guests</h2>{legend}{table}{more}</section>'
)
_NAME: Final = Template("<bdi>{name}</bdi>{badges}")
_BADGE: Final = Template(' <span class="bad">{}</span>')
_LAST: Final = Template("{word} {size} ({change}), {moment}, {why}")
_MORE: Final = Template("<p>{} more guests are not shown; the metrics have all of them.</p>")
_NONE: Final = Template("<p>There is no guest.</p>")
_ABSENT: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cycle:
    """What a row is made from, by uuid, and the time at which it is read."""

    outcomes: Mapping[str, Outcome]
    targets: Mapping[str, int]
    proposals: Mapping[str, int]
    last: Mapping[str, Made]
    now: float


def guest_part(report: Report, last: Mapping[str, Made], now: float) -> Markup:
    """Return the section of the guests; those in trouble come first, then the largest."""
    if not report.decisions:
        return _PART(legend=NOTHING, table=_NONE(), more=NOTHING)
    cycle = _Cycle(
        outcomes={outcome.decision.guest.uuid: outcome for outcome in report.outcomes},
        targets={guest.uuid: size for guest, size in report.targets()},
        proposals={decision.guest.uuid: size for decision, size in report.proposals()},
        last=last,
        now=now,
    )
    ordered = in_order(report.decisions, cycle.outcomes)
    hidden = len(ordered) - MOST_ROWS
    return _PART(
        legend=joined([HATCH, legend(GUEST_LEGEND)]),
        table=_TABLE.render(
            "Those in trouble first, then by size.", (_row(each, cycle) for each in ordered[:MOST_ROWS])
        ),
        more=_MORE(hidden) if hidden > 0 else NOTHING,
    )


def in_order(decisions: Iterable[Decision], outcomes: Mapping[str, Outcome]) -> list[Decision]:
    """Return the decisions as they are shown: by trouble, by maximum (which never moves), by name."""

    def place(decision: Decision) -> tuple[Rank, int, str, str]:
        guest = decision.guest
        return rank(decision, outcomes.get(guest.uuid)), -(guest.maximum or 0), guest.name, guest.uuid

    return sorted(decisions, key=place)


def _row(decision: Decision, cycle: _Cycle) -> Sequence[object]:
    guest = decision.guest
    need = decision.terms.need if decision.terms is not None and decision.terms.fresh else None
    target = cycle.targets.get(guest.uuid) if guest.active else None
    actual = guest.actual if guest.active else None
    return (
        _name(guest, words(decision, cycle.outcomes.get(guest.uuid))),
        guest_bar(need, actual, guest.maximum, target) if guest.active else guest.state.value,
        _size(need),
        _size(actual),
        _size(target),
        _size(guest.maximum),
        bounded(decision.policy) if decision.policy else "none",
        _reason(decision, cycle.proposals.get(guest.uuid)),
        _moved(cycle.last.get(guest.uuid), decision.reason, cycle.now),
    )


def bounded(name: str) -> Markup:
    """Return an untrusted name: cut to a length, and unable to turn the writing of what stands beside it."""
    return _NAME(name=clipped(name, LONGEST_NAME), badges=NOTHING)


def _name(guest: Guest, troubles: Iterable[str]) -> Markup:
    shown = guest.name if guest.namespace is None else f"{guest.namespace}/{guest.name}"
    return _NAME(name=clipped(shown, LONGEST_NAME), badges=joined(map(_BADGE, troubles)))


def _size(size: int | None) -> str:
    return _ABSENT if size is None else format_size(size)


def _reason(decision: Decision, proposed: int | None) -> str:
    said = sentence(decision.reason)
    before = decision.current if isinstance(decision, Resize) else decision.target
    if proposed is None or proposed == before:
        return said
    return f"{said}; it would be set to {format_size(proposed)}"


def _moved(made: Made | None, present: Reason, now: float) -> str | Markup:
    """Return the last move; its reason is not repeated where that is the present one, beside it."""
    if made is None:
        return _ABSENT
    return _LAST(
        word="grown to" if made.grown else "shrunk to",
        size=format_size(made.after),
        change=("+" if made.grown else "") + format_size(made.after - made.before),
        moment=moment(made.at, now),
        why="for this reason" if made.reason is present else sentence(made.reason),
    )
