"""A wire that can be cut: a TCP proxy in this process, on loopback.

It is a stand-in for what cannot be had on demand: a connection that is torn, or falls silent, while the
server is well.
"""

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from ballonet_lab.closing import Closing
from ballonet_lab.errors import LabError
from ballonet_lab.kubernetes.ports import LOOPBACK, free_ports

_PIECE: Final = 65536
# Close at once and with a reset, as a torn connection ends (SO_LINGER in ``man 7 socket``).
_ABRUPTLY: Final = struct.pack("ii", 1, 0)


@dataclass
class Wire(Closing):
    """A way to a server that can be cut and mended; use it as a context manager, or call ``close``."""

    _target: tuple[str, int]
    _port: int
    _listener: socket.socket | None = None
    _ends: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _flowing: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def to(cls, server: str) -> "Wire":
        """Lay a wire to the server at this URL."""
        address = urlsplit(server)
        if not address.hostname or not address.port:
            raise LabError(f"{server} names no host and port")
        (port,) = free_ports(1)
        wire = cls((address.hostname, address.port), port)
        wire.mend()
        return wire

    @property
    def server(self) -> str:
        """The URL of this end, for clients; the server's certificate covers it."""
        return f"https://{LOOPBACK}:{self._port}"

    @property
    def connections(self) -> int:
        """How many connections there are through it."""
        with self._lock:
            return len(self._ends) // 2

    def cut(self) -> None:
        """Tear all connections and refuse new ones."""
        with self._lock:
            if self._listener is not None:
                _tear(self._listener)
                self._listener = None
            for end in self._ends:
                _tear(end)
            self._ends.clear()
            self._flowing.set()

    def hold(self) -> None:
        """Carry nothing until it is mended, and tell neither side: what is sent meanwhile comes late."""
        self._flowing.clear()

    def mend(self) -> None:
        """Accept connections, on the same port as before, and carry what they say."""
        self._flowing.set()
        with self._lock:
            if self._listener is not None:
                return
            self._listener = socket.create_server((LOOPBACK, self._port), backlog=64)
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Remove the wire; it is the last cut."""
        self.cut()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                threading.Thread(target=self._join, args=(listener, near), daemon=True).start()

    def _join(self, listener: socket.socket, near: socket.socket) -> None:
        """Connect one client with the server, unless the wire was cut in the meantime."""
        try:
            far = socket.create_connection(self._target)
        except OSError:
            _tear(near)
            return
        with self._lock:
            if self._listener is not listener:
                _tear(near)
                _tear(far)
                return
            self._ends |= {near, far}
        threading.Thread(target=self._carry, args=(near, far), daemon=True).start()
        self._carry(far, near)

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        """Pass on what comes until either side ends it; then both are ended."""
        with suppress(OSError):
            while piece := source.recv(_PIECE):
                self._flowing.wait()
                target.sendall(piece)
        with self._lock:
            for end in (source, target):
                self._ends.discard(end)
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()


def _tear(end: socket.socket) -> None:
    """Reset a connection; whoever waits in it notices at once.

    Reading is shut down first, since a socket is not closed while a thread waits in it. To shut down writing
    as well would say goodbye in good order.
    """
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPTLY)
        end.shutdown(socket.SHUT_RD)
    end.close()
