"""An exporter that really runs, on a free port of the loopback interface, and a scraper for it."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Scrape:
    """One answer: the page, every series of it, and how long it took."""

    page: str
    series: dict[str, dict[Labels, float]]
    seconds: float

    def value(self, name: str, **labels: str) -> float | None:
        """Return the value of the one series of this name that has at least these labels."""
        wanted = set(labels.items())
        found = [value for there, value in self.series.get(name, {}).items() if wanted <= set(there)]
        assert len(found) <= 1, f"{len(found)} series of {name} with {labels}"
        return found[0] if found else None

    def labels(self, name: str, **labels: str) -> dict[str, str]:
        """Return all labels of the one series of this name that has at least these."""
        wanted = set(labels.items())
        (found,) = [dict(there) for there in self.series.get(name, {}) if wanted <= set(there)]
        return found

    def of(self, guest: str) -> dict[str, float]:
        """Return what is said of one guest, by the name of the series without its prefix."""
        return {
            name.removeprefix("ballonet_guest_"): value
            for name, series in self.series.items()
            for labels, value in series.items()
            if name.startswith("ballonet_guest_") and ("guest", guest) in labels
        }


@dataclass(frozen=True, slots=True)
class RunningExporter:
    """A process and where it answers."""

    process: "subprocess.Popen[str]"
    url: str

    def get(self, path: str, timeout: float = 30, **headers: str) -> tuple[bytes, float]:
        """Return a page and the seconds it took; underscores in header names stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, headers=named)
        started = time.monotonic()
        with urllib.request.urlopen(request, timeout=timeout) as response:
            page: bytes = response.read()
        return page, time.monotonic() - started

    def scrape(self, query: str = "", **headers: str) -> Scrape:
        """Scrape once."""
        page, seconds = self.get(f"/metrics{query}", 30, **headers)
        series: dict[str, dict[Labels, float]] = {}
        for family in text_string_to_metric_families(page.decode()):
            for sample in family.samples:
                labels = tuple(sorted(sample.labels.items()))
                series.setdefault(sample.name, {})[labels] = sample.value
        return Scrape(page.decode(), series, seconds)


@contextmanager
def running_exporter(
    uri: str, *flags: str, program: Sequence[str] = (sys.executable, "-m", "ballonet_exporter")
) -> Iterator[RunningExporter]:
    """Start an exporter for a hypervisor, wait until it listens, and end it as systemd would."""
    command = [*program, "--libvirt.uri", uri]
    command += ["--web.listen-address", "127.0.0.1:0", "--log.format", "json", *flags]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BALLONET_")}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield RunningExporter(process, f"http://{_address(process)}")
        finally:
            process.terminate()
            assert process.wait(20) == 0


def _address(process: "subprocess.Popen[str]") -> str:
    """Return the address that the log tells; what came before it is part of the error where there is none."""
    assert process.stderr is not None
    before = ""
    for line in process.stderr:
        before += line
        if line.startswith("{") and json.loads(line)["msg"] == "listening":
            (address,) = re.findall(r"127\.0\.0\.1:\d+", str(json.loads(line)["address"]))
            return str(address)
    raise AssertionError(f"the exporter did not start: {before}")
