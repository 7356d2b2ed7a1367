"""``ballonet-operator controller`` as a process of its own, and the objects that it reads and writes."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from ballonet_lab import eventually


@dataclass
class RunningController:
    """One controller. Its log is JSON, so that tests can read it."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def said(self, message: str, **fields: object) -> list[dict[str, Any]]:
        """Return the lines of its log with this message and these fields."""
        lines = [
            json.loads(line) for line in self.log.read_text().splitlines(keepends=True) if line.endswith("\n")
        ]
        return [line for line in lines if line["msg"] == message and fields.items() <= line.items()]

    @property
    def address(self) -> str:
        """Where it serves HTTP."""
        started = eventually(lambda: self.said("controller started"), "the controller starts")
        return str(started[0]["listen"][0])

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body of one of its pages."""
        try:
            with urlopen(f"http://{self.address}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode().strip()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode().strip()

    def series(self, name: str) -> dict[tuple[str, ...], float]:
        """Return one metric: label values in the order of the labels' names -> value."""
        return {
            tuple(value for _, value in sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self.get("/metrics")[1])
            for sample in family.samples
            if sample.name == f"ballonet_controller_{name}"
        }

    def leads(self) -> bool:
        """Whether it leads, by its own words."""
        return self.get("/-/ready") == (200, "ready: leading")

    def stands_by(self) -> bool:
        """Whether it waits for another that leads, and would be ready to take over."""
        code, said = self.get("/-/ready")
        return code == 200 and said.startswith("ready: standing by, ") and not said.endswith("nobody leads")

    def end(self, number: int = signal.SIGTERM, *, within: float = 10) -> int:
        """End it with a signal and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(within)


@contextmanager
def running_controller(directory: Path, kubeconfig: Path, *flags: str) -> Iterator[RunningController]:
    """Start a controller; it is killed in the end, where it still runs. Its log ends in the test's output."""
    log = directory / f"controller-{len(list(directory.glob('controller-*.log')))}.log"
    command = [
        str(Path(sys.executable).with_name("ballonet-operator")), "controller",
        "--kubernetes.kubeconfig", str(kubeconfig), "--web.listen-address", "127.0.0.1:0",
        "--log.format", "json", *flags,
    ]  # fmt: skip
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stderr=stream)
    try:
        yield RunningController(process, log)
    finally:
        process.kill()
        process.wait(10)
        sys.stdout.write(log.read_text())
