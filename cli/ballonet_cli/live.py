"""The live view on a terminal, and its stand-in where there is none.

Whoever has scenes can show them here: both loops take a function that returns the scene of now. A resized
window, a guest that comes or goes and a libvirt that is away for a while change what is shown, never whether
the view goes on.
"""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from types import FrameType
from typing import Final

import click
from rich.console import Console
from rich.live import Live

from ballonet.errors import BallonetError
from ballonet_cli.failures import warn
from ballonet_cli.keyboard import Keyboard, keyboard
from ballonet_cli.scene import Scene
from ballonet_cli.steering import steered
from ballonet_cli.view import Window, plain_lines, render

Look = Callable[[], Scene]
# How soon a resized window is drawn anew.
_BLINK: Final = 0.25


def has_screen(console: Console) -> bool:
    """Whether the console can show a view that moves."""
    return console.is_terminal and not console.is_dumb_terminal


def show_live(look: Look, console: Console, window: Window, *, interval: float, times: int | None) -> None:
    """Show scenes until the person quits, or ``times`` of them.

    Raises:
        BallonetError: the very first look failed. Later failures are shown, and looking goes on.
    """
    scene = look()
    with _tidy_end(), keyboard() as keys, Live(console=console, screen=True, auto_refresh=False) as live:
        view: Window | None = window
        shown = 1
        while view is not None:
            view = _until_next(live, keys, scene, view, interval)
            if view is None or shown == times:
                return
            scene, shown = _next(look, scene), shown + 1


def _next(look: Look, last: Scene) -> Scene:
    try:
        return look()
    except BallonetError as error:
        return replace(last, notes=(*last.notes[-9:], f"{error}; trying again"))


def _until_next(live: Live, keys: Keyboard, scene: Scene, window: Window, seconds: float) -> Window | None:
    """Draw the scene, and again at every key and at every change of the window, until the next is due."""
    due = time.monotonic() + seconds
    drawn: Window | None = None
    while True:
        size = live.console.size
        window = replace(window, width=size.width, height=size.height)
        if window != drawn:
            live.update(render(scene, window), refresh=True)
            drawn = window
        left = due - time.monotonic()
        if left <= 0:
            return window
        key = keys.key(min(left, _BLINK))
        if key is not None:
            turned = steered(window, key, len(scene.guests))
            if turned is None:
                return None
            window = turned


def show_lines(look: Look, *, interval: float, times: int | None) -> None:
    """Print scenes as lines, each line headed by its time, for ever or ``times`` of them.

    Raises:
        BallonetError: the very first look failed. Later failures are said, and looking goes on.
    """
    _print_scene(look())
    for _ in count() if times is None else range(times - 1):
        time.sleep(interval)
        try:
            _print_scene(look())
        except BallonetError as error:
            warn(f"{error}; trying again")


def _print_scene(scene: Scene) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    for line in plain_lines(scene):
        click.echo(f"{stamp} {line}")
    sys.stdout.flush()


@contextmanager
def _tidy_end() -> Iterator[None]:
    """Let a termination or a hang-up end the view like a quit, so that the terminal is left as it was."""
    ends = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, _leave) for number in ends}
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)
