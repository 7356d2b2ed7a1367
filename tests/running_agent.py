"""``ballonet-operator agent`` as a process of its own, and what it says of itself."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from ballonet_lab import eventually

PROGRAM = Path(sys.executable).with_name("ballonet-operator")


@dataclass
class RunningAgent:
    """One agent. Its log is JSON, so that tests can read it."""

    process: "subprocess.Popen[Any]"
    log: Path

    def lines(self, message: str | None = None) -> list[dict[str, Any]]:
        """Return its log, or the lines with one message."""
        lines = [
            json.loads(line) for line in self.log.read_text().splitlines(keepends=True) if line.endswith("\n")
        ]
        return [line for line in lines if message in (None, line["msg"])]

    def said(self, message: str, **fields: object) -> list[dict[str, Any]]:
        """Return the lines with this message and these fields."""
        return [line for line in self.lines(message) if fields.items() <= line.items()]

    def asked(self, guest: str) -> int | None:
        """Return the last size that it has set for a guest."""
        moves = (line for line in self.lines() if line["msg"] in ("guest grown", "guest shrunk"))
        sizes = [int(line["to_bytes"]) for line in moves if line["guest"] == guest]
        return sizes[-1] if sizes else None

    @property
    def address(self) -> str:
        """Where it serves HTTP."""
        return str(eventually(lambda: self.lines("agent started"), "the agent starts")[0]["listen"][0])

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body of one of its pages."""
        try:
            with urlopen(f"http://{self.address}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def series(self, name: str) -> dict[tuple[str, ...], float]:
        """Return one metric: label values in the order of the labels' names -> value."""
        return {
            tuple(value for _, value in sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self.get("/metrics")[1])
            for sample in family.samples
            if sample.name == f"ballonet_{name}"
        }

    def cycles(self) -> int:
        """Return how many complete cycles it has run."""
        return int(self.series("cycles_total").get(("complete",), 0))

    def run_cycles(self, count: int) -> None:
        """Wait until it has run so many complete cycles more."""
        goal = self.cycles() + count
        eventually(lambda: self.cycles() >= goal, f"{count} cycles are run")

    def reason(self, guest: str) -> str:
        """Return what the last cycle decided for a guest."""
        reasons = [labels[2] for labels in self.series("guest_decision") if labels[0] == guest]
        return reasons[0] if reasons else ""

    @property
    def memory(self) -> int:
        """Its resident memory, bytes."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:"))) * 1024

    def end(self, number: int = signal.SIGTERM, *, within: float = 60) -> int:
        """End it with a signal and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(within)


@contextmanager
def running_agent(
    directory: Path,
    uri: str,
    policies: Path | None,
    *flags: str,
    interval: str = "1s",
    environment: Mapping[str, str] | None = None,
    program: Path = PROGRAM,
) -> Iterator[RunningAgent]:
    """Start an agent; it is killed in the end, where it still runs. Its log ends in the test's own output.

    Without a directory of policies the flags have a node's name.
    """
    log = directory / f"agent-{len(list(directory.glob('agent-*.log')))}.log"
    command = [
        str(program), "agent",
        *(("--policies", str(policies)) if policies else ()),
        "--libvirt.uri", uri, "--interval", interval, "--log.format", "json",
        "--web.listen-address", "127.0.0.1:0", *flags,
    ]  # fmt: skip
    settings = {"RUNTIME_DIRECTORY": str(directory), **(environment or {})}
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stderr=stream, env={**os.environ, **settings})
    try:
        yield RunningAgent(process, log)
    finally:
        process.kill()
        process.wait(10)
        sys.stdout.write(log.read_text())
