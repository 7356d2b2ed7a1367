"""Tables of text: coloured and cut to the window on a terminal, whole and plain everywhere else."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

# Wide enough that nothing is ever cut for a reader that is not a person.
_UNBOUNDED = 10_000


def console(*, stderr: bool = False) -> Console:
    """Return a console that never wraps or cuts what goes to a file or a pipe."""
    found = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not found.is_terminal:
        found.width = _UNBOUNDED
    return found


def table(headings: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> Table:
    """Return rows under headings; a heading that starts with ``>`` is set to the right."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        grid.add_column(
            heading.removeprefix(">"),
            justify="right" if heading.startswith(">") else "left",
            no_wrap=True,
            overflow="ellipsis",
        )
    for row in rows:
        grid.add_row(*row)
    return grid


def show(grid: Table, to: Console) -> None:
    """Print a table, cut at the right edge of the window.

    What comes first says which guest it is and how large, so it never makes room for what comes last.
    """
    window = to.width
    to.width = _UNBOUNDED
    with to.capture() as captured:
        to.print(grid)
    to.width = window
    for line in captured.get().splitlines():
        to.print(_cut(line, window), no_wrap=True)


def _cut(line: str, window: int) -> Text:
    """Return a line without the blanks that fill up its last column, and not wider than the window."""
    text = Text.from_ansi(line)
    text.rstrip()
    text.truncate(window, overflow="ellipsis")
    return text
