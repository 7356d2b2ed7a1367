"""Compiling a Go program with progress to be seen, and with caches that are gone when it is done.

The caller's own settings of Go (GOPROXY, GOFLAGS and the rest) are left as they are.
"""

import os
import queue
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from ballonet_lab.cache import say
from ballonet_lab.errors import LabError
from ballonet_lab.kubernetes.golang import Go

# Go's caches and its scratch directory. Read-only, as Go makes them, an ordinary user could not remove them.
_DIRECTORIES: Final = {"GOCACHE": "cache", "GOMODCACHE": "modules", "GOTMPDIR": "work"}
_WRITABLE: Final = "-modcacherw"
# What Go says besides the names of packages.
_REMARK: Final = "go: "
_EVERY: Final = 15.0
_QUOTED: Final = 3
# More memory for the compiler, less time: cheap here, where a package takes a few hundred MiB at most.
_COLLECTOR: Final = "400"


def compile_program(go: Go, sources: Path, program: Path, *, flags: Sequence[str], scratch: Path) -> None:
    """Compile the program in ``sources``.

    Args:
        go: the compiler.
        sources: the directory of the main package, with its go.mod.
        program: the file to write.
        flags: of ``go build``.
        scratch: holds Go's caches, 3 GB of them. Where it is found as a build left it that was cut off,
            this one goes on from there.

    Raises:
        LabError: Go cannot fetch a module, or cannot compile it.
    """
    environment = go_environment(os.environ, scratch)
    for name in _DIRECTORIES:
        Path(environment[name]).mkdir(parents=True, exist_ok=True)
    run = partial(_run, str(go.ready(scratch)), directory=sources, environment=environment)
    say(f"Kubernetes: fetching the sources, then compiling them with {go.version}")
    packages = run("list", _WRITABLE, "-deps", ".")
    run("build", "-v", _WRITABLE, *flags, "-o", str(program), ".", total=len(packages))


def go_environment(environment: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """Return the environment for Go: the caller's, and caches of its own where the caller names none."""
    own = {name: str(scratch / directory) for name, directory in _DIRECTORIES.items()}
    return own | {"GOGC": _COLLECTOR, "GOWORK": "off"} | dict(environment)


def _run(
    go: str, *arguments: str, directory: Path, environment: Mapping[str, str], total: int | None = None
) -> list[str]:
    """Run Go to its end and return the packages that it names; with ``total`` say how far it is."""
    with subprocess.Popen(
        [go, *arguments], cwd=directory, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    ) as process:  # fmt: skip
        try:
            lines = _listen(process, total)
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise LabError(f"`go {arguments[0]}` failed: {' '.join(lines[-_QUOTED:]) or 'it says nothing'}")
    return [line for line in lines if not line.startswith(_REMARK)]


def _listen(process: subprocess.Popen[str], total: int | None) -> list[str]:
    """Collect what Go says, line by line, and tell now and then how many packages it has named."""
    said: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_pass_on, args=(process, said), daemon=True).start()
    lines: list[str] = []
    begin = told = time.monotonic()
    while True:
        try:
            line = said.get(timeout=1)
        except queue.Empty:
            pass
        else:
            if line is None:
                return lines
            lines.append(line)
        now = time.monotonic()
        if total and now - told >= _EVERY:
            told = now
            done = sum(not line.startswith(_REMARK) for line in lines)
            say(f"Kubernetes: {now - begin:.0f} s, package {done} of {total} at most")


def _pass_on(process: subprocess.Popen[str], said: "queue.Queue[str | None]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        said.put(line.rstrip("\n"))
    said.put(None)
