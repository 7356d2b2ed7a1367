"""The live view of one host: a bar for the host, a bar for every guest, what the signs mean.

``render`` draws a scene into a window of a given size and never beyond it; ``plain_lines`` says the same as
``key=value`` lines for a log or a pipe. Neither knows where the scene came from, or when.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Group
from rich.text import Text

from ballonet.quantity import format_size
from ballonet_cli.bars import GUEST_LEGEND, HOST_LEGEND, guest_bar, host_bar, legend
from ballonet_cli.guest_table import size_text
from ballonet_cli.order import Order, ordered
from ballonet_cli.printable import logfmt_value, name_text, printable
from ballonet_cli.scene import Gauge, Scene

_NUMBER = 9  # Cells of a column of sizes, such as "1023.9Mi" and a blank.
_REASON = 22  # Cells of the longest reason and a blank.
_SHORTEST_BAR = 10
_HEAD, _FOOT = 6, 3  # Lines above and below the guests.
_LOW = 16  # In a lower window legends and keys give their lines to guests.


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How the scene is looked at.

    Attributes:
        width, height: of the terminal, in cells.
        first: the number of guests scrolled away above.
        plain: draw with ASCII only.
        keys: show which keys do what.
    """

    width: int
    height: int
    order: Order = Order.NAME
    first: int = 0
    plain: bool = False
    keys: bool = True

    @property
    def rows(self) -> int:
        """How many guests fit."""
        around = _HEAD - 2 + 1 if self.low else _HEAD + _FOOT
        return max(1, self.height - around)

    @property
    def low(self) -> bool:
        """Whether there is no room for words about the signs."""
        return self.height < _LOW

    def scrolled(self, by: int, guests: int) -> int:
        """Return the new ``first`` after scrolling, kept where there are guests."""
        return max(0, min(self.first + by, guests - self.rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Cells that each part of a guest's line gets; 0 leaves the part out."""

    name: int
    target: int
    bar: int
    reason: int


def render(scene: Scene, window: Window) -> Group:
    """Return the scene as lines that fit the window exactly; long names are cut, none is ever wrapped."""
    guests = ordered(scene.guests, window.order)
    first = min(window.first, max(0, len(guests) - window.rows))
    shown = guests[first : first + window.rows]
    columns = _columns(scene, window.width)
    lines = [
        *_head(scene, window),
        _headings(columns),
        *(_guest(guest, columns, plain=window.plain) for guest in shown),
        *_foot(scene, window, first, len(guests)),
    ]
    return Group(*(_cut(line, window.width) for line in lines[: window.height]))


def _columns(scene: Scene, width: int) -> _Columns:
    longest = max((cell_len(printable(guest.name)) for guest in scene.guests), default=5)
    name = max(6, min(longest + 1, width // 4))
    rest = width - name - 3 * _NUMBER
    decided = any(guest.reason is not None for guest in scene.guests)
    target = _NUMBER if decided and rest - _NUMBER >= _SHORTEST_BAR else 0
    reason = _REASON if decided and rest - target - _REASON >= _SHORTEST_BAR else 0
    return _Columns(name=name, target=target, bar=max(0, rest - target - reason - 1), reason=reason)


def _head(scene: Scene, window: Window) -> list[Text]:
    title = Text.assemble((printable(scene.title), "bold"), "  ", name_text(scene.host.name), "  ")
    title.append(_summary(scene))
    bar = host_bar(scene, max(0, window.width), plain=window.plain)
    signs = [] if window.low else [legend(HOST_LEGEND, plain=window.plain), Text()]
    return [title, _host_numbers(scene), bar, *signs]


def _summary(scene: Scene) -> Text:
    lacking = sum(1 for guest in scene.guests if guest.need is not None and guest.gap > 0)
    shrunk = sum(1 for guest in scene.guests if (guest.actual or 0) < (guest.maximum or 0) and guest.actual)
    words = Text(f"{len(scene.guests)} guests, {shrunk} below their maximum")
    if lacking:
        words.append(f", {lacking} below their need", style="bold red")
    return words


def _host_numbers(scene: Scene) -> Text:
    host, reserves = scene.host, scene.reserves
    of = "budget" if host.budget is not None and host.budget < host.total else "memory"
    words = Text(f"{of} {format_size(host.memory)}, guests hold {format_size(scene.held)},")
    words.append(f" available {format_size(scene.available)}")
    if reserves is not None:
        levels = (reserves.grow, reserves.reclaim, reserves.critical)
        words.append(f", reserves {' / '.join(format_size(level) for level in levels)}")
    if host.some is not None:
        words.append(f", pressure {host.some.avg10:.1f}%", style="red" if scene.pressed else "")
    if scene.overcommitted:
        words.append(f", {format_size(scene.overcommitted)} short of the guests' needs", style="bold red")
    return words


def _headings(columns: _Columns) -> Text:
    line = Text(set_cell_size("GUEST", columns.name), style="bold")
    for heading in ("NEED", "ACTUAL", "MAXIMUM", *(["TARGET"] if columns.target else [])):
        line.append(heading.rjust(_NUMBER - 1) + " ")
    line.append(set_cell_size("", columns.bar + 1))
    return line.append("REASON" if columns.reason else "")


def _guest(guest: Gauge, columns: _Columns, *, plain: bool) -> Text:
    line = _fitted(guest.name, columns.name, plain=plain)
    line.append(_number(guest.need), style="bold red" if guest.need and guest.gap > 0 else "")
    line.append(_number(guest.actual)).append(_number(guest.maximum))
    if columns.target:
        moving = guest.target is not None and guest.target != guest.actual
        line.append(_number(guest.target), style="bold" if moving else "dim")
    line.append(guest_bar(guest, columns.bar, plain=plain)).append(" ")
    if columns.reason:
        line.append(guest.reason.value if guest.reason else "", style="dim")
    return line


def _number(size: int | None) -> str:
    return size_text(size).rjust(_NUMBER - 1) + " "


def _fitted(name: str, width: int, *, plain: bool) -> Text:
    """Return a name in exactly ``width`` cells, the last one blank."""
    shown = printable(name)
    if plain:
        shown = shown.encode("ascii", "backslashreplace").decode("ascii")
    if cell_len(shown) > width - 1:
        shown = set_cell_size(shown, width - 2) + ("~" if plain else "…")
    return Text(set_cell_size(shown, width))


def _foot(scene: Scene, window: Window, first: int, guests: int) -> list[Text]:
    beyond = guests - first - window.rows
    more = f"... {first} above, {max(0, beyond)} below" if first or beyond > 0 else ""
    note = printable(scene.notes[-1]) if scene.notes else ""
    line = Text(more or note, style="dim")
    return [line] if window.low else [line, legend(GUEST_LEGEND, plain=window.plain), *_keys(window)]


def _keys(window: Window) -> list[Text]:
    if not window.keys:
        return []
    line = Text("q quit   sort: ", style="dim")
    for order in Order:
        style = "bold reverse" if order is window.order else "dim"
        line.append(f"{order.key} {order.value}", style=style).append("  ")
    return [line.append(" up/down, page, home/end scroll")]


def _cut(line: Text, width: int) -> Text:
    line.no_wrap, line.overflow, line.end = True, "crop", "\n"
    line.truncate(width, overflow="crop")
    return line


def plain_lines(scene: Scene) -> Sequence[str]:
    """Return the scene as one line for the host and one per guest, sizes as people write them."""
    return [_host_line(scene), *(_guest_line(guest) for guest in ordered(scene.guests, Order.NAME))]


def _host_line(scene: Scene) -> str:
    fields = {
        "host": logfmt_value(scene.host.name),
        "memory": format_size(scene.host.memory),
        "available": format_size(scene.available),
        "guests": format_size(scene.held),
    }
    if scene.reserves is not None:
        fields["grow_above"] = format_size(scene.reserves.grow)
        fields["reclaim_below"] = format_size(scene.reserves.reclaim)
        fields["critical_below"] = format_size(scene.reserves.critical)
    if scene.overcommitted:
        fields["overcommitted"] = format_size(scene.overcommitted)
    return _joined(fields)


def _guest_line(guest: Gauge) -> str:
    fields = {
        "guest": logfmt_value(guest.name),
        "need": size_text(guest.need),
        "actual": size_text(guest.actual),
        "maximum": size_text(guest.maximum),
    }
    if guest.reason is not None:
        fields |= {"target": size_text(guest.target), "reason": guest.reason.value}
    return _joined(fields)


def _joined(fields: dict[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in fields.items())
