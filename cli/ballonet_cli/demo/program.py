"""The exporter and the agent as processes of their own, and how they end."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet_cli.demo.scrape import ready
from ballonet_cli.demo.story import Unmet

_START: Final = 60.0  # A cold Python on a machine whose processors the guests use.
_END: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program of this distribution that serves /metrics on loopback."""

    name: str
    port: int
    log: Path
    _process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, name: str, arguments: list[str], folder: Path, *, outlives: bool) -> "Program":
        """Start it, in a session of its own where the terminal's Ctrl-C does not reach it.

        Args:
            name: of its log and its file of the process id.
            arguments: what follows ``python -m``.
            folder: for these two files, and for its lock.
            outlives: it goes on when this process dies; otherwise it ends even if this one is killed.
        """
        port = _free_port()
        log = folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*_tether(outlives=outlives), sys.executable, "-m", *arguments,
                 f"--web.listen-address=127.0.0.1:{port}"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder, start_new_session=True,
                env={**_environment(), "RUNTIME_DIRECTORY": str(folder)},
            )  # fmt: skip
        (folder / f"{name}.pid").write_text(f"{process.pid}\n")
        return cls(name=name, port=port, log=log, _process=process)

    @property
    def address(self) -> str:
        """Where to scrape it."""
        return f"http://127.0.0.1:{self.port}/metrics"

    def wait_ready(self) -> None:
        """Wait until it does its work.

        Raises:
            Unmet: it ended, or is not ready in time.
        """
        deadline = time.monotonic() + _START
        while not ready(self.port):
            self.check()
            if time.monotonic() > deadline:
                raise Unmet(f"the {self.name} was not ready within {_START:g} s: {self._last_line()}")
            time.sleep(0.1)

    def check(self) -> None:
        """Make sure that it still runs.

        Raises:
            Unmet: it ended; the message has the last line of its log.
        """
        code = self._process.poll()
        if code is not None:
            raise Unmet(f"the {self.name} ended with {code}: {self._last_line()}")

    def stop(self) -> None:
        """End it and wait for that."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_END)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()

    def _last_line(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "its log is empty"


def stop_kept(folder: Path, mark: str) -> None:
    """End the programs whose process ids lie in a folder, if they are still the ones that were started.

    Args:
        folder: where the demo kept the ids.
        mark: a text that is in their command line and in no other.
    """
    for file in sorted(folder.glob("*.pid")):
        process = int(file.read_text())
        deadline = time.monotonic() + _END
        while mark in _command_line(process):
            late = time.monotonic() > deadline
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL if late else signal.SIGTERM)
            time.sleep(0.1)


def _command_line(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _tether(*, outlives: bool) -> list[str]:
    """Return the words before a command that end it with its parent, where util-linux is there to do so."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv and not outlives else []


def _environment() -> dict[str, str]:
    """Return the environment without settings that a person made for the programs of a real host."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BALLONET_")}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
