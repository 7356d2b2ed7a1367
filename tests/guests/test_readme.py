"""Everything that the README shows is run here as it stands there, on a real guest.

A block of shell after ``<!-- run -->`` must succeed; one after ``<!-- run in background -->`` is a server
that must become ready at the address it names, and end with 0 when it is told to. Only the ports are
replaced, because another program of this machine may use them.
"""

import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from ballonet.quantity import GIB
from ballonet_cli.commands import cli
from ballonet_lab import Lab, eventually

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()

BLOCK = re.compile(r"^(?:<!-- (?P<how>run.*?) -->\n)?```sh\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = re.compile(r"127\.0\.0\.1:(?P<port>\d+)")

# What is shown and not run here: whole make targets, which other tests and CI run, and the installation, of
# which tests/hosts and tests/packages have their own. The blocks on Kubernetes are run in tests/node.
ELSEWHERE = ("make demo\n", "sudo make deb", "make image", "sudo apt install", "helm test")

Environment = dict[str, str]


@dataclass(frozen=True)
class Block:
    how: str | None
    text: str


def blocks() -> list[Block]:
    return [Block(how=match["how"], text=match["text"]) for match in BLOCK.finditer(README)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def with_free_ports(text: str, ports: dict[str, int]) -> str:
    return ADDRESS.sub(lambda match: f"127.0.0.1:{ports.setdefault(match['port'], free_port())}", text)


def run(text: str, folder: Path, environment: Environment) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{text}\nended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


@contextmanager
def running(text: str, folder: Path, environment: Environment) -> Iterator[None]:
    address = ADDRESS.search(text)
    assert address is not None, f"a server without an address: {text}"
    # exec, so that the shell becomes the server and the signal reaches it.
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            ["bash", "-c", f"exec {text}"], cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        eventually(answers(f"http://{address[0]}/-/ready", server), f"{text.strip()} was ready")
        yield
        server.terminate()
        assert server.wait(timeout=30) == 0, (folder / "server.log").read_text()
    finally:
        server.kill()
        server.wait()


def answers(url: str, server: subprocess.Popen[bytes]) -> Callable[[], bool]:
    def answered() -> bool:
        assert server.poll() is None, f"the server for {url} ended with {server.returncode}"
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return bool(response.status == 200)
        except urllib.error.URLError:
            return False

    return answered


@pytest.fixture
def environment(lab: Lab) -> Environment:
    lab.guest("web-1", maximum=GIB)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {
        **os.environ,
        "PATH": path, "LIBVIRT_DEFAULT_URI": lab.uri, "BALLONET_LIBVIRT__URI": lab.uri, "COLUMNS": "120",
    }  # fmt: skip


def test_what_the_readme_shows_works(environment: Environment, tmp_path: Path) -> None:
    ports: dict[str, int] = {}
    shown = ""
    with ExitStack() as servers:
        for block in blocks():
            text = with_free_ports(block.text, ports)
            if block.how == "run":
                shown += run(text, tmp_path, environment)
            elif block.how == "run in background":
                servers.enter_context(running(text, tmp_path, environment))

    assert "web-1" in shown
    assert re.search(r'^ballonet_guest_memory_usable_bytes\{guest="web-1"\} \d', shown, re.MULTILINE)


def test_every_block_is_run_here_or_elsewhere() -> None:
    unknown = [block.text for block in blocks() if not block.how and not block.text.startswith(ELSEWHERE)]

    assert unknown == []
    assert {block.how for block in blocks()} == {None, "run", "run in background"}


def test_the_readme_names_the_commands_that_exist() -> None:
    (row,) = re.findall(r"^\| `ballonet` \| .*? \|", README, re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", row)) - {"ballonet"}
    called = set(re.findall(r"^ballonet (\w+)|`ballonet (\w+)", README, re.MULTILINE))

    existing = set(cli.list_commands(click.Context(cli)))
    assert named == existing - {"completion"}
    assert {first or second for first, second in called} <= existing
