"""All dashboards, and the table of their panels for the documentation."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dashboards.fleet import FLEET
from dashboards.guest import GUEST
from dashboards.host import HOST
from dashboards.panel import Board

BOARDS: Final = (FLEET, HOST, GUEST)
FOLDER: Final = Path(__file__).resolve().parent


def file(board: Board) -> Path:
    """Return where the dashboard's JSON lies; it is called like its uid."""
    return FOLDER / f"{board.uid}.json"


def markdown() -> str:
    """Return a table of panels for each dashboard."""
    return "\n".join(line for board in BOARDS for line in _table(board))


def _table(board: Board) -> Iterator[str]:
    yield f"### {board.title}\n"
    yield f"{board.about} (`monitoring/dashboards/{file(board).name}`)\n"
    yield "| row | panel | shows |\n|---|---|---|"
    for row in board.rows:
        yield from (f"| {row.title} | {panel.title} | {panel.about} |" for panel in row.panels)
    if board.events:
        yield f"\nMarked in all graphs: {', '.join(event.name.lower() for event in board.events)}."
    yield ""
