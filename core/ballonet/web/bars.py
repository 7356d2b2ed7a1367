"""Bars of a page: what a guest needs, has and could have; what guests hold of a host and what is left.

They are drawings inside the page (SVG) whose sizes are attributes: a style of its own on each bar would need
a weaker Content-Security-Policy. Everything that a bar shows is in its text alternative as well.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from ballonet.policy import Reserves
from ballonet.quantity import format_size
from ballonet.web.markup import Markup, Template, joined

_BAR: Final = Template(
    '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{label}">'
    "{parts}</svg>"
)
_PART: Final = Template('<rect class="{kind}" x="{start}" width="{width}" height="8"/>')
_KEY: Final = Template(
    '<li><svg class="key" viewBox="0 0 8 8" aria-hidden="true"><rect class="{kind}" width="{width}" '
    'height="8"/></svg> {meaning}</li>'
)
_LEGEND: Final = Template('<ul class="legend">{keys}</ul>')
HATCH: Final = Template(
    '<svg class="defs" aria-hidden="true"><pattern id="hatch" width="2" height="2" '
    'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch" width="1.2" height="2"/>'
    "</pattern></svg>"
)()
"""The pattern of what is lacking; once per page that has such bars."""

_MARK: Final = 0.8  # Percent of a bar that a mark is wide.

GUEST_LEGEND: Final = (
    ("need", "needed"),
    ("spare", "more than needed"),
    ("lack", "needed and not there"),
    ("unknown", "what it has, need unknown"),
    ("given", "given to the host"),
    ("target", "target"),
)
HOST_LEGEND: Final = (
    ("held", "held by guests"),
    ("others", "the rest of the host"),
    ("free", "available"),
    ("grow", "growing guests leave this much"),
    ("reclaim", "guests shrink below this"),
    ("critical", "and faster below this"),
)
READING_LEGEND: Final = (
    ("need", "in use"),
    ("spare", "usable"),
    ("unknown", "not reported"),
    ("given", "given to the host"),
)
_MARKS: Final = frozenset({"target", "grow", "reclaim", "critical"})


class Part(NamedTuple):
    """A stretch of a bar, in bytes."""

    kind: str
    start: int
    end: int


def guest_bar(need: int | None, actual: int | None, maximum: int | None, target: int | None) -> Markup:
    """Return the bar of a guest; the whole of it is the guest's maximum."""
    named = (("need", need), ("has", actual), ("target", target), ("maximum", maximum))
    label = ", ".join(f"{name} {format_size(size)}" for name, size in named if size is not None)
    marks = [] if target is None else [("target", target)]
    return _drawn(_guest_parts(need, actual), marks, maximum or 0, label or "nothing is known")


def _guest_parts(need: int | None, actual: int | None) -> list[Part]:
    has = actual or 0
    if need is None:
        return [Part("unknown", 0, has)]
    parts = [Part("need", 0, min(need, has)), Part("spare", need, has), Part("lack", has, need)]
    return [part for part in parts if part.end > part.start]


def reading_bar(usable: int | None, actual: int | None, maximum: int | None) -> Markup:
    """Return the bar of a guest of which nobody worked out what it needs."""
    used = None if usable is None or actual is None else max(0, actual - usable)
    named = (("has", actual), ("usable", usable), ("maximum", maximum))
    label = ", ".join(f"{name} {format_size(size)}" for name, size in named if size is not None)
    return _drawn(_guest_parts(used, actual), [], maximum or 0, label or "nothing is known")


def host_bar(memory: int, held: int, available: int, reserves: Reserves | None) -> Markup:
    """Return the bar of a host, its reserves marked from the end, where the available memory is."""
    used = max(held, memory - available)
    parts = [Part("held", 0, held), Part("others", held, used), Part("free", used, memory)]
    levels = () if reserves is None else _levels(reserves)
    label = f"guests hold {format_size(held)} of {format_size(memory)}, {format_size(available)} is available"
    for name, level in levels:
        label += f", {name} reserve {format_size(level)}"
    return _drawn(parts, [(name, memory - level) for name, level in levels], memory, label)


def _levels(reserves: Reserves) -> tuple[tuple[str, int], ...]:
    return (("grow", reserves.grow), ("reclaim", reserves.reclaim), ("critical", reserves.critical))


def _drawn(parts: Iterable[Part], marks: Iterable[tuple[str, int]], whole: int, label: str) -> Markup:
    drawn = [_part(part.kind, _percent(part.start, whole), _percent(part.end, whole)) for part in parts]
    for kind, place in marks:
        start = min(_percent(place, whole), 100 - _MARK)
        drawn.append(_part(kind, start, start + _MARK))
    return _BAR(label=label, parts=joined(each for each in drawn if each))


def _part(kind: str, start: float, end: float) -> Markup:
    return _PART(kind=kind, start=f"{start:.4g}", width=f"{max(0.0, end - start):.4g}")


def _percent(part: int, whole: int) -> float:
    return min(100.0, max(0.0, 100 * part / whole)) if whole > 0 else 0.0


def legend(kinds: Iterable[tuple[str, str]]) -> Markup:
    """Return what the colours and marks of bars mean."""
    return _LEGEND(
        keys=joined(
            _KEY(kind=kind, width=2 if kind in _MARKS else 8, meaning=meaning) for kind, meaning in kinds
        )
    )
