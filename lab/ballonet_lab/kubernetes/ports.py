"""Free ports on loopback, for servers that must be told theirs before they start."""

import random
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from ballonet_lab.errors import LabError

LOOPBACK: Final = "127.0.0.1"
_LOWEST: Final = 10_000
_TRIES: Final = 1_000


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now, none of which the kernel hands out by itself.

    It would hand them to connections that go out: while a server is down, a client that tries again and
    again would be given the very port that it asks for, and speak with itself.

    Raises:
        LabError: there are too few.
    """
    ports: list[int] = []
    with ExitStack() as held:
        for _ in range(_TRIES):
            port = random.randrange(_LOWEST, _first_ephemeral())  # noqa: S311 - no secret.
            listener = held.enter_context(socket.socket())
            try:
                listener.bind((LOOPBACK, port))
            except OSError:
                continue
            ports.append(port)
            if len(ports) == count:
                return ports
    raise LabError(f"there are no {count} free ports on {LOOPBACK}")


def _first_ephemeral() -> int:
    """Return the first port that the kernel gives to connections (``man 7 ip``)."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    return max(first, _LOWEST + 1_000)
