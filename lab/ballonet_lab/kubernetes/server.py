"""One server of the control plane as a process: started, ended, reaped, and quoted when it fails."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ballonet_lab.errors import LabError

_PATIENCE: Final = 10.0
_QUOTED: Final = 300


@dataclass(slots=True)
class Server:
    """A server, by the program and the arguments that start it.

    Attributes:
        program: its path; the file's name says what it is.
        arguments: they name the control plane's directory, by which a left process is found.
        log: all that it says.
        entrance: words before the command that run it somewhere else, such as in other namespaces.
    """

    program: Path
    arguments: Sequence[str]
    log: Path
    entrance: Sequence[str] = ()
    _process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def process(self) -> int:
        """The id of its process.

        Raises:
            LabError: it was not started.
        """
        if self._process is None:
            raise LabError(f"{self.program.name} does not run")
        return self._process.pid

    @property
    def started(self) -> bool:
        """Whether it was started, and not ended here since."""
        return self._process is not None

    def start(self) -> None:
        """Start it; it is not ready yet."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [*self.entrance, str(self.program), *self.arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", start_new_session=True,
            )  # fmt: skip

    def stop(self) -> None:
        """Kill it. Asked to end, an API server would wait for its watchers, for a minute if need be."""
        if self._process is not None:
            self._process.kill()
        self.reap()

    def reap(self) -> None:
        """Take note that it was ended."""
        if self._process is not None:
            self._process.wait(_PATIENCE)
            self._process = None

    def check(self) -> None:
        """Make sure that it runs.

        Raises:
            LabError: it has ended.
        """
        if self._process is None or self._process.poll() is not None:
            raise LabError(f"{self.program.name} does not run: {self.last_words()}")

    def last_words(self) -> str:
        """Return the last line of its log."""
        lines = self.log.read_text(errors="replace").split("\n") if self.log.exists() else []
        said = next((line.strip() for line in reversed(lines) if line.strip()), "it says nothing")
        return said[-_QUOTED:]
