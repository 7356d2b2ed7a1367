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
    """Print a table without the blanks that fill up its last column."""
    with to.capture() as captured:
        to.print(grid)
    to.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
