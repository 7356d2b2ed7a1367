"""Single keys from a terminal, without waiting for a line."""

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SEQUENCES: Final = {
    b"\x1b[A": "up", b"\x1bOA": "up", b"\x1b[B": "down", b"\x1bOB": "down",
    b"\x1b[5~": "page up", b"\x1b[6~": "page down",
    b"\x1b[H": "home", b"\x1bOH": "home", b"\x1b[1~": "home",
    b"\x1b[F": "end", b"\x1bOF": "end", b"\x1b[4~": "end",
    b"\x1b": "q", b"\x03": "q", b"\x04": "q",
}  # fmt: skip


class Keyboard:
    """Keys as words: letters as they are, arrows by name; nothing at all where input is no terminal."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def key(self, seconds: float) -> str | None:
        """Return the next key, or None when none came within ``seconds``."""
        watched = [] if self._descriptor is None else [self._descriptor]
        ready, _, _ = select.select(watched, [], [], max(0.0, seconds))
        if not ready or self._descriptor is None:
            return None
        read = os.read(self._descriptor, 32)
        if not read:
            self._descriptor = None  # The terminal is gone; the next write to it ends the program.
            return "q"
        return _SEQUENCES.get(read) or read[:1].decode("ascii", "replace")


@contextmanager
def keyboard() -> Iterator[Keyboard]:
    """Read standard input key by key; the terminal is as before afterwards, whatever happens."""
    if not sys.stdin.isatty():
        yield Keyboard(None)
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield Keyboard(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
