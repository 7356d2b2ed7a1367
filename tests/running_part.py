"""A part of ``ballonet-operator`` as a process that talks to a Kubernetes API server."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final

_NUMBERS: Final = count(1)


@contextmanager
def running_part(
    part: str, directory: Path, kubeconfig: Path, flags: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run it; a part that still runs in the end is told to stop, and must stop in good order.

    Its log ends in the test's own output.
    """
    log = directory / f"{part}-{next(_NUMBERS)}.log"
    program = str(Path(sys.executable).with_name("ballonet-operator"))
    given = {"--kubernetes.kubeconfig": str(kubeconfig), "--web.listen-address": "127.0.0.1:0", **flags}
    command = [program, part, *(word for flag in given.items() for word in flag)]
    environment = {**os.environ, "RUNTIME_DIRECTORY": str(directory)}
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stderr=stream, env=environment)
    try:
        yield process
        if process.poll() is None:
            process.terminate()
            assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait(10)
        sys.stdout.write(log.read_text())
