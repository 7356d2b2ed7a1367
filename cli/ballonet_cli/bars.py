"""Bars of one line: what a guest needs, has and could have; what the host gave, keeps and has left.

A bar is a string of cells, each drawn as one character that also differs without colour, in a second
alphabet where the terminal knows only ASCII.
"""

from dataclasses import dataclass
from itertools import groupby
from typing import Final

from rich.text import Text

from ballonet.policy import Reserves
from ballonet_cli.scene import Gauge, Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One kind of cell: how it is drawn, and what it means in the legend."""

    drawn: str
    plain: str
    style: str
    meaning: str


NEED: Final = Cell(drawn="█", plain="#", style="green", meaning="needed")
SPARE: Final = Cell(drawn="▒", plain="=", style="cyan", meaning="more than needed")
LACK: Final = Cell(drawn="▚", plain="!", style="bold red", meaning="needed and not there")
GIVEN: Final = Cell(drawn="░", plain=".", style="bright_black", meaning="given to the host")
UNKNOWN: Final = Cell(drawn="▓", plain="%", style="white", meaning="had, need unknown")
GUESTS: Final = Cell(drawn="█", plain="#", style="green", meaning="guests")
OTHERS: Final = Cell(drawn="▓", plain="%", style="magenta", meaning="the rest")
FREE: Final = Cell(drawn="·", plain=".", style="bright_black", meaning="available")
GROW: Final = Cell(drawn="╎", plain=":", style="yellow", meaning="no growth beyond")
RECLAIM: Final = Cell(drawn="┃", plain="|", style="bold yellow", meaning="guests shrink beyond")
CRITICAL: Final = Cell(drawn="┃", plain="X", style="bold red", meaning="critical")

GUEST_LEGEND: Final = (NEED, SPARE, LACK, GIVEN)
HOST_LEGEND: Final = (GUESTS, OTHERS, FREE, GROW, RECLAIM, CRITICAL)


def guest_bar(guest: Gauge, width: int, *, plain: bool = False) -> Text:
    """Return ``width`` cells that together are the guest's maximum."""
    if guest.actual is None or not guest.maximum:
        return Text(" " * width)
    actual = _cells(guest.actual, guest.maximum, width)
    if guest.need is None:
        return _drawn([UNKNOWN] * actual + [GIVEN] * (width - actual), plain=plain)
    need = _cells(guest.need, guest.maximum, width)
    lack = max(0, need - actual)
    cells = [NEED] * min(need, actual) + [SPARE] * max(0, actual - need) + [LACK] * lack
    return _drawn(cells + [GIVEN] * (width - len(cells)), plain=plain)


def host_bar(scene: Scene, width: int, *, plain: bool = False) -> Text:
    """Return ``width`` cells that together are the host's memory, the reserves marked at its end."""
    memory = scene.host.memory
    if memory <= 0:
        return Text(" " * width)
    guests = _cells(scene.held, memory, width)
    used = max(guests, _cells(memory - scene.available, memory, width))
    cells = [GUESTS] * guests + [OTHERS] * (used - guests) + [FREE] * (width - used)
    for level, cell in _marks(scene.reserves):
        if 0 < level < memory:
            cells[min(width - 1, _cells(memory - level, memory, width))] = cell
    return _drawn(cells, plain=plain)


def _marks(reserves: Reserves | None) -> tuple[tuple[int, Cell], ...]:
    if reserves is None:
        return ()
    return ((reserves.grow, GROW), (reserves.reclaim, RECLAIM), (reserves.critical, CRITICAL))


def _cells(part: int, whole: int, width: int) -> int:
    return min(width, max(0, round(width * part / whole)))


def _drawn(cells: list[Cell], *, plain: bool) -> Text:
    bar = Text(no_wrap=True, end="")
    for cell, run in groupby(cells):
        bar.append((cell.plain if plain else cell.drawn) * len(list(run)), style=cell.style)
    return bar


def legend(kinds: tuple[Cell, ...], *, plain: bool = False) -> Text:
    """Return what the cells of a bar mean."""
    line = Text(no_wrap=True, overflow="ellipsis", end="")
    for kind in kinds:
        line.append(f"{kind.plain if plain else kind.drawn}", style=kind.style)
        line.append(f" {kind.meaning}   ", style="dim")
    line.rstrip()
    return line
