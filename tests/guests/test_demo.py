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

from ballonet_lab import eventually

DEMO = [sys.executable, "-m", "ballonet_cli", "demo", "--guest-memory", "512MiB"]
DIRECTORY = re.compile(r"/tmp/ballonet-\w+")
ADDRESS = re.compile(r"^ +(?:exporter|agent) +(http://127\.0\.0\.1:\d+/metrics)$", re.MULTILINE)
# The demo gives up after 280 seconds by itself; its libvirtd and guests come before that.
PATIENCE = 290


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


def test_the_roles_swap_and_every_guest_gets_what_it_needs(tmp_path: Path) -> None:
    code, output = play(tmp_path / "output", "--keep")

    assert code == 0, output
    assert "smaller than the textbook's 8Gi because --guest-memory says so" in output
    assert moments(output) == ["start", "settled", "roles swapped", "after"]
    assert "NOT inside" not in output
    waits = output.partition("WROTE ITS LOAD IN")[2]
    for name in "DEFABC":
        assert re.search(rf"^{name} +\d+\.\d s +\d+\.\d s +\d+\.\d s$", waits, re.MULTILINE), output
    assert "OOM killer: quiet in all guests" in output
    assert re.search(r"^ +\d+ s  guest=A need=\S+ actual=\S+ maximum=512Mi ", output, re.MULTILINE)

    addresses = ADDRESS.findall(output)
    scraped = [scrape(address) for address in addresses]
    assert ["ballonet_guest_balloon_actual_bytes" in text for text in scraped] == [True, False]
    assert ["ballonet_guest_need_bytes" in text for text in scraped] == [False, True]

    stop = re.search(r"ballonet demo (--stop \S+)$", output, re.MULTILINE)
    assert stop is not None, output
    subprocess.run([*DEMO[:4], *stop[1].split()], check=True, capture_output=True, timeout=60)
    assert_nothing_is_left(output)


def test_it_fails_and_says_why_where_nobody_moves_memory(tmp_path: Path) -> None:
    code, output = play(tmp_path / "output", "--mode", "Observe")

    assert code == 1, output
    assert "mode: Observe" in output
    assert moments(output) == ["start"]
    assert re.search(
        r"^Error: the demo did not work: the guests use .* more than the budget of 2Gi$", output, re.MULTILINE
    )
    assert "Traceback" not in output
    assert "It worked" not in output
    assert_nothing_is_left(output)


def test_a_signal_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    output = tmp_path / "output"
    with playing(output) as demo:
        eventually(lambda: "the agent starts" in output.read_text(), "the agent started", within=200)
        os.kill(demo.pid, signal.SIGTERM)
        code = demo.wait(60)

    assert code == 128 + signal.SIGTERM, output.read_text()
    assert "Traceback" not in output.read_text()
    assert_nothing_is_left(output.read_text())
