"""How the demo is shown: a view that stays in place on a terminal, lines anywhere else."""

import time
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import click
from rich.live import Live

from ballonet_cli.demo.picture import Picture
from ballonet_cli.live import has_screen
from ballonet_cli.tables import console
from ballonet_cli.view import Window, plain_lines, render

if TYPE_CHECKING:
    from rich.console import Console

_TITLE: Final = "ballonet demo"
# The view's own lines beside one for each guest.
_FRAME: Final = 10
_BETWEEN_LINES: Final = 5.0


class Screen:
    """Tells what happens, and shows every picture that it is given; a context manager."""

    def __init__(self) -> None:
        self._console: Console = console()
        self._live: Live | None = None
        self._began = time.monotonic()
        self._printed = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the last picture where it is and give the terminal back."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    @property
    def elapsed(self) -> float:
        """Seconds since it all began."""
        return time.monotonic() - self._began

    def say(self, words: str) -> None:
        """Print a line, headed by the seconds since the beginning."""
        line = f"{self.elapsed:5.0f} s  {words}"
        if self._live is not None:
            self._live.console.print(line, soft_wrap=True)
        else:
            click.echo(line)

    def show(self, picture: Picture, note: str) -> None:
        """Draw a picture in the place of the last one; where there is no terminal, print one now and then."""
        scene = picture.scene(_TITLE, note)
        if has_screen(self._console):
            size = self._console.size
            height = min(size.height - 1, len(picture.guests) + _FRAME)
            plain = not self._console.encoding.lower().startswith("utf")
            window = Window(width=size.width, height=height, plain=plain, keys=False)
            self._drawn().update(render(scene, window), refresh=True)
        elif self.elapsed - self._printed >= _BETWEEN_LINES:
            self._printed = self.elapsed
            for line in plain_lines(scene):
                self.say(line)

    def _drawn(self) -> Live:
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()
        return self._live
