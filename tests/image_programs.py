"""Programs of the image at work for a lab's libvirtd; their logs are JSON, so that tests can read them."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ballonet_lab import eventually
from ballonet_lab.container import Contained, Image, Mount, contained
from running_agent import RunningAgent
from running_exporter import RunningExporter

WEB = ("--web.listen-address", "127.0.0.1:0", "--log.format", "json")


@dataclass(frozen=True, slots=True)
class ImageProgram:
    """One of the image's programs that serves HTTP."""

    container: Contained
    log: Path

    def as_exporter(self) -> RunningExporter:
        """Return it as the exporter's tests know it, once it listens."""
        (address,) = eventually(self._addresses, "the exporter listens")
        return RunningExporter(self.container.process, f"http://{address}")

    def as_agent(self) -> RunningAgent:
        """Return it as the agent's tests know it; it is ended by ``container.end``."""
        return RunningAgent(self.container.process, self.log)

    def _addresses(self) -> list[str]:
        return re.findall(r"127\.0\.0\.1:\d+", self.log.read_text())


@contextmanager
def image_program(
    image: Image,
    log: Path,
    *command: str,
    mounts: Sequence[Mount],
    user: tuple[int, int] | None = None,
) -> Iterator[ImageProgram]:
    """Start a program of the image; it is killed in the end, where it still runs."""
    with log.open("w") as stream:
        running = contained(image, *command, *WEB, mounts=mounts, user=user, stderr=stream)
        try:
            with running as container:
                yield ImageProgram(container, log)
        finally:
            sys.stdout.write(log.read_text())
