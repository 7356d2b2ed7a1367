"""From the start of the exporter to its first answer, out of the container image and out of this environment.

``python bench/image_start.py [ROUNDS]`` starts the same command in turns, for a private libvirtd with a few
guests, and prints the best and the median of both, and their ratio. The image's time includes what a
container takes: its namespaces and mounts, which are measured by themselves as well. Needs root.
"""

import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.error import URLError

from ballonet_lab import Lab
from ballonet_lab.container import Image, Mount, build_image, contained

ROUNDS = 9
GUESTS = 3
PROGRAM = "ballonet-exporter"
Start = Callable[..., AbstractContextManager[object]]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def from_environment(*command: str) -> Iterator[None]:
    program = Path(sys.executable).with_name(command[0])
    with subprocess.Popen([program, *command[1:]], stderr=subprocess.DEVNULL, env={"HOME": "/"}) as process:
        try:
            yield
        finally:
            process.kill()


def first_answer(start: Start, uri: str) -> float:
    """Return the seconds until /metrics is answered with guests."""
    port = free_port()
    address = f"127.0.0.1:{port}"
    began = time.perf_counter()
    with start(PROGRAM, "--libvirt.uri", uri, "--web.listen-address", address):
        while True:
            with suppress(URLError, ConnectionError):
                page = urllib.request.urlopen(f"http://{address}/metrics", timeout=10).read()
                seconds = time.perf_counter() - began
                assert b"\nballonet_up 1" in page
                return seconds
            time.sleep(0.002)


def bare_container(image: Image) -> float:
    """Return the seconds of a container in which next to nothing happens."""
    began = time.perf_counter()
    with contained(image, "true") as container:
        container.process.wait(30)
    return time.perf_counter() - began


def line(name: str, seconds: list[float]) -> str:
    return f"{name:34} best {min(seconds):.3f} s, median {statistics.median(seconds):.3f} s"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    image = Image.unpack(build_image())
    with Lab.start() as lab:
        lab.directory.chmod(0o755)  # As /run/libvirt is, where everybody may reach the read-only socket.
        lab.cheap_guests(GUESTS)
        inside = partial(contained, image, mounts=[Mount(source=lab.directory)], stderr=subprocess.DEVNULL)
        first_answer(inside, lab.read_only_uri), first_answer(from_environment, lab.read_only_uri)
        pairs = [
            (first_answer(inside, lab.read_only_uri), first_answer(from_environment, lab.read_only_uri))
            for _ in range(rounds)
        ]
    images, environments = ([pair[side] for pair in pairs] for side in (0, 1))
    print(f"{PROGRAM}, start to the first /metrics, {rounds} rounds, {os.cpu_count()} processors")
    print(line("image", images))
    print(line("virtual environment", environments))
    print(line("of the image's, the container", [bare_container(image) for _ in range(rounds)]))
    print(f"{'ratio of the medians':34} {statistics.median(images) / statistics.median(environments):.2f}")


if __name__ == "__main__":
    main()
