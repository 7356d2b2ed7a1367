"""``ballonet-operator controller`` as a process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from fleet.figures import cpu_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningController:
    """The process, where it answers, when it was started."""

    process: "subprocess.Popen[bytes]"
    url: str
    begun: float

    def cpu(self) -> float:
        """Return the CPU seconds that it has used since its start."""
        return cpu_seconds(self.process.pid)

    def wait_until_ready(self, within: float) -> float:
        """Wait until it says that it is ready, and return when."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise SystemExit("the controller has ended")
            try:
                with urlopen(f"{self.url}/-/ready", timeout=10):
                    return time.monotonic()
            except (URLError, TimeoutError):
                time.sleep(0.05)
        raise SystemExit(f"the controller is not ready after {within:g} s")


@contextmanager
def running_controller(directory: Path, kubeconfig: Path) -> Iterator[RunningController]:
    """Start a controller; the last lines of its log are printed when the benchmark fails."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    log = directory / "controller.log"
    command = [
        str(Path(sys.executable).with_name("ballonet-operator")), "controller",
        "--kubernetes.kubeconfig", str(kubeconfig), "--web.listen-address", address,
    ]  # fmt: skip
    with log.open("wb") as stream:
        begun = time.monotonic()
        process = subprocess.Popen(command, stderr=stream, env={**os.environ})
    try:
        yield RunningController(process=process, url=f"http://{address}", begun=begun)
    except BaseException:
        print("\n".join(log.read_text().splitlines()[-20:]), file=sys.stderr)
        raise
    finally:
        process.terminate()
        process.wait(30)
