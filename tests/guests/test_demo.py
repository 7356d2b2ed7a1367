"""The demo itself, played with small guests: that it works, that it fails where it should, what it leaves."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ballonet_lab import eventually

DEMO = [sys.executable, "-m", "ballonet_cli", "demo", "--guest-memory", "512MiB"]
DIRECTORY = re.compile(r"/tmp/ballonet-\w+")
ADDRESS = re.compile(r"^ +(?:exporter|agent) +(http://127\.0\.0\.1:\d+/metrics)$", re.MULTILINE)
# The demo gives up after 280 seconds by itself, and then reads the guests' logs.
PATIENCE = 340
pytestmark = pytest.mark.timeout(400)


def stop_kept(output: str) -> None:
    """End a demo that was left running, also where the test did not come to that."""
    directory = DIRECTORY.search(output)
    if directory is not None and Path(directory[0]).exists():
        subprocess.run([*DEMO[:4], "--stop", directory[0]], check=False, timeout=60)


@contextmanager
def playing(output: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as stream:
        demo = subprocess.Popen([*DEMO, *options], stdout=stream, stderr=stream, stdin=subprocess.DEVNULL)
    try:
        yield demo
    finally:
        if demo.poll() is None:
            demo.terminate()
            demo.wait(60)


def play(output: Path, *options: str) -> tuple[int, str]:
    with playing(output, *options) as demo:
        code = demo.wait(PATIENCE)
    return code, output.read_text()


@pytest.fixture
def output(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "output"
    yield file
    if file.exists():
        stop_kept(file.read_text())


def directory_of(output: str) -> str:
    found = DIRECTORY.search(output)
    assert found is not None, output
    return found[0]


def processes_of(directory: str) -> list[str]:
    """Return the command lines that name the demo's directory: libvirtd, guests, exporter, agent."""
    lines = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                lines.append((entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " "))
            except OSError:
                continue  # It ended meanwhile.
    return [line for line in lines if f"{directory}/" in line]


def assert_nothing_is_left(output: str) -> None:
    directory = directory_of(output)
    assert processes_of(directory) == []
    assert not Path(directory).exists()


def moments(output: str) -> list[str]:
    """Return the names of the moments, in the order of the table, and check that each has all its guests."""
    table = output.partition("MOMENT")[2].partition("WROTE ITS LOAD IN")[0]
    names = re.findall(r"^(\S[a-z ]*?) +A +(?:busy|idle) ", table, re.MULTILINE)
    assert len(re.findall(r" [A-F] +(?:busy|idle) ", table)) == 6 * len(names), table
    assert len(re.findall(r" sum .* inside the budget of 2Gi$", table, re.MULTILINE)) == len(names), table
    return names


def scrape(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as response:
        body: bytes = response.read()
    return body.decode()


def test_the_roles_swap_and_every_guest_gets_what_it_needs(output: Path) -> None:
    code, told = play(output, "--keep")

    assert code == 0, told
    assert "smaller than the textbook's 8Gi because --guest-memory says so" in told
    assert moments(told) == ["start", "settled", "roles swapped", "after"]
    assert "NOT inside" not in told
    waits = told.partition("WROTE ITS LOAD IN")[2]
    for name in "DEFABC":
        assert re.search(rf"^{name} +\d+\.\d s +\d+\.\d s +\d+\.\d s$", waits, re.MULTILINE), told
    assert "OOM killer: quiet in all guests" in told
    assert re.search(r"^ +\d+ s  guest=A need=\S+ actual=\S+ maximum=512Mi ", told, re.MULTILINE)

    addresses = ADDRESS.findall(told)
    scraped = [scrape(address) for address in addresses]
    assert ["ballonet_guest_balloon_actual_bytes" in text for text in scraped] == [True, False]
    assert ["ballonet_guest_need_bytes" in text for text in scraped] == [False, True]

    stop = re.search(r"ballonet demo (--stop \S+)$", told, re.MULTILINE)
    assert stop is not None, told
    subprocess.run([*DEMO[:4], *stop[1].split()], check=True, capture_output=True, timeout=60)
    assert_nothing_is_left(told)


def test_it_fails_and_says_why_where_nobody_moves_memory(output: Path) -> None:
    code, told = play(output, "--mode", "Observe")

    assert code == 1, told
    assert "mode: Observe" in told
    assert moments(told) == ["start"]
    assert re.search(
        r"^Error: the demo did not work: the guests use .* more than the budget of 2Gi$", told, re.MULTILINE
    )
    assert "Traceback" not in told
    assert "It worked" not in told
    assert_nothing_is_left(told)


def test_a_signal_in_the_middle_leaves_nothing_behind(output: Path) -> None:
    with playing(output) as demo:
        eventually(lambda: "the agent starts" in output.read_text(), "the agent started", within=200)
        os.kill(demo.pid, signal.SIGTERM)
        code = demo.wait(60)

    assert code == 128 + signal.SIGTERM, output.read_text()
    assert "Traceback" not in output.read_text()
    assert_nothing_is_left(output.read_text())
