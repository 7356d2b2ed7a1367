"""A process that outlives its caller by a moment: when the caller ends, however it ends, it removes the lab.

It notices by the end of its standard input, a pipe whose other end only the caller holds, so that not even
SIGKILL leaves a guest behind. It runs in a session of its own, where the terminal's Ctrl-C does not reach it.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet_lab.errors import LabError

# What the caller writes to the pipe so that the lab outlives it.
KEEP: Final = b"keep\n"
_PATIENCE: Final = 30.0


@dataclass(slots=True)
class Warden:
    """The caller's side of it."""

    _process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, directory: Path) -> "Warden":
        """Begin to watch over a lab's directory."""
        command = [sys.executable, "-m", "ballonet_lab.watch", str(directory)]
        return cls(subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True))

    def clean(self) -> None:
        """Have the lab removed now.

        Raises:
            LabError: something is left.
        """
        self._dismiss(b"")

    def keep(self) -> None:
        """Leave the lab as it is, for ever."""
        self._dismiss(KEEP)

    def _dismiss(self, word: bytes) -> None:
        if self._process.returncode is not None:
            return
        try:
            self._process.communicate(word, timeout=_PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise LabError(f"the lab could not be removed within {_PATIENCE:g} s") from error
        if self._process.returncode != 0:
            raise LabError("the lab could not be removed")
