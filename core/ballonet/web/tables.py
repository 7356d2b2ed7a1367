"""Tables of a page that become cards where the window is narrow.

Each cell carries its heading, which the style shows in a card; for an ear the heading is in the head of the
table, as always.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from ballonet.web.markup import NOTHING, Markup, Template, escaped, joined

_TABLE: Final = Template(
    "<table><caption>{caption}</caption><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table>"
)
_HEAD: Final = Template('<th scope="col"{kind}>{heading}</th>')
_KIND: Final = Template(' class="{}"')


class Column(NamedTuple):
    """One column: its heading, and a class of the style, empty for one of words."""

    heading: str
    kind: str = ""


class Table:
    """A shape of table; the first cell of every row is the name of what the row is about."""

    def __init__(self, *columns: Column) -> None:
        """Take columns that are literals of this program, of which the template of a row is made."""
        self._heads = joined(_HEAD(kind=_kind(column), heading=column.heading) for column in columns)
        cells = (
            f'<td{_kind(column)} data-heading="{escaped(column.heading)}">{{}}</td>' for column in columns[1:]
        )
        self._row = Template(f'<tr><th scope="row">{{}}</th>{"".join(cells)}</tr>')

    def row(self, cells: Sequence[object]) -> Markup:
        """Return one row; the cells are escaped."""
        return self._row(*cells)

    def render(self, caption: str, rows: Iterable[Sequence[object]]) -> Markup:
        """Return the table."""
        return _TABLE(caption=caption, heads=self._heads, rows=joined(map(self.row, rows)))


def _kind(column: Column) -> Markup:
    return _KIND(column.kind) if column.kind else NOTHING
