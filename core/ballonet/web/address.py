"""Where a server listens: ``host:port`` as Prometheus flags write it, or sockets that systemd opened."""

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ballonet.errors import ConfigError

_FIRST_SYSTEMD_DESCRIPTOR: Final = 3  # SD_LISTEN_FDS_START of sd_listen_fds(3).
_BACKLOG: Final = 128
_EXAMPLES: Final = "write host:port, :port for all interfaces, or [address]:port for IPv6"


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port; an empty host means all interfaces, IPv4 and IPv6."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str) -> Address:
    """Return the address that a ``--web.listen-address`` names; port 0 lets the kernel choose.

    Raises:
        ConfigError: the text is no such address.
    """
    host, colon, port = text.strip().rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or (":" in host and not bracketed):
        raise ConfigError(f"{text!r} is not an address: {_EXAMPLES}")
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ConfigError(f"{text!r} has no port from 0 to 65535: {_EXAMPLES}")
    return Address(host[1:-1] if bracketed else host, int(port))


def open_sockets(addresses: Iterable[str], *, systemd: bool = False) -> list[socket.socket]:
    """Return the listening sockets that the flags ``--web.listen-address`` and ``--web.systemd-socket`` mean.

    Raises:
        ConfigError: one of them cannot be had; those before it are closed again.
    """
    if systemd:
        return from_systemd()
    opened: list[socket.socket] = []
    try:
        opened.extend(listen(parse_address(text)) for text in addresses)
    except ConfigError:
        for sock in opened:
            sock.close()
        raise
    return opened


def listen(address: Address) -> socket.socket:
    """Return a listening socket.

    Raises:
        ConfigError: the name is unknown, or the address is taken or not ours.
    """
    try:
        if not address.host:
            return _listen_everywhere(address.port)
        return _listen_on(address)
    except OSError as error:
        raise ConfigError(f"web.listen-address: cannot listen on {address}: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    """Return the kernel's words: `create_server` adds the address to them, which the message has already."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error)


def _listen_everywhere(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=_BACKLOG)
    return socket.create_server(("", port), backlog=_BACKLOG)


def _listen_on(address: Address) -> socket.socket:
    """Listen on the first address of a name, IPv4 before IPv6 as Go's net.Listen does."""
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, where = min(found, key=lambda info: info[0] != socket.AF_INET)
    return socket.create_server((str(where[0]), address.port), family=family, backlog=_BACKLOG)


def from_systemd() -> list[socket.socket]:
    """Return the listening sockets that systemd passed to this process (``sd_listen_fds``).

    Raises:
        ConfigError: there are none.
    """
    mine = os.environ.get("LISTEN_PID") == str(os.getpid())
    count = os.environ.get("LISTEN_FDS", "") if mine else ""
    if not count.isdigit() or int(count) == 0:
        raise ConfigError(
            "web.systemd-socket: systemd passed no socket to this process: start it through a .socket unit"
        )
    first = _FIRST_SYSTEMD_DESCRIPTOR
    return [socket.socket(fileno=descriptor) for descriptor in range(first, first + int(count))]
