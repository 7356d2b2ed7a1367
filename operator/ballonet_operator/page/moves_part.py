"""Recent moves of all guests, the newest first."""

from collections.abc import Sequence
from typing import Final

from ballonet.quantity import format_size
from ballonet.reason import sentence
from ballonet.web.markup import Markup, Template
from ballonet.web.moments import moment
from ballonet.web.tables import Column, Table
from ballonet_operator.page.chronicle import RECENT, Made
from ballonet_operator.page.guest_part import bounded

_TABLE: Final = Table(
    Column("Guest"),
    Column("When"),
    Column("Move"),
    Column("From", "number"),
    Column("To", "number"),
    Column("Policy"),
    Column("Because"),
)
_PART: Final = Template('<section aria-labelledby="moves"><h2 id="moves">Recent moves</h2>{table}</section>')
_NONE: Final = Template("<p>Nothing was moved since the agent started.</p>")


def moves_part(recent: Sequence[Made], now: float) -> Markup:
    """Return the section of the moves."""
    rows = (_row(made, now) for made in recent)
    caption = f"The last {RECENT} at most, the newest first."
    return _PART(table=_TABLE.render(caption, rows) if recent else _NONE())


def _row(made: Made, now: float) -> Sequence[object]:
    return (
        bounded(made.guest),
        moment(made.at, now),
        f"{'grown' if made.grown else 'shrunk'} by {format_size(abs(made.after - made.before))}",
        format_size(made.before),
        format_size(made.after),
        bounded(made.policy) if made.policy else "none",
        sentence(made.reason),
    )
