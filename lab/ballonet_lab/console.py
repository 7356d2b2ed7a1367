"""A guest's serial line: commands in, their output and exit status back. ``init.sh`` is the other end."""

import base64
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ballonet_lab.errors import LabError

_READY: Final = b"ballonet guest ready"
# Seconds. A guest without any free memory drops what it receives, so a command may have to be sent again.
_SEND_AGAIN: Final = 3.0


@dataclass(slots=True)
class Console:
    """One connection to a guest; commands of several threads take their turns."""

    guest: str
    _socket: socket.socket
    _received: bytearray = field(default_factory=bytearray)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _number: int = 0

    @classmethod
    def connect(cls, guest: str, path: Path) -> "Console":
        """Connect to a guest that was created just now; QEMU keeps nothing for those who come late."""
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(path))
        return cls(guest, client)

    def wait_ready(self, timeout: float) -> None:
        """Wait until the guest takes commands.

        Raises:
            LabError: it does not within ``timeout`` seconds.
        """
        with self._turn:
            deadline = time.monotonic() + timeout
            while _READY not in (line := self._line(deadline) or b""):
                if not line and time.monotonic() >= deadline:
                    raise LabError(f"guest {self.guest} did not boot within {timeout:g} s")

    def run(self, command: str, timeout: float) -> tuple[int, str]:
        """Run a shell command in the guest and return its exit status and everything it printed.

        Raises:
            LabError: the guest does not answer within ``timeout`` seconds, or is gone.
        """
        with self._turn:
            self._number += 1
            answer = self._ask(base64.b64encode(command.encode()), time.monotonic() + timeout)
        if answer is None:
            raise LabError(f"guest {self.guest} did not answer {command!r} within {timeout:g} s")
        return answer

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _ask(self, encoded: bytes, deadline: float) -> tuple[int, str] | None:
        """Send the command until its answer comes; the guest carries out each number only once."""
        request = b"%d %d %b\n" % (self._number, len(encoded), encoded)
        while time.monotonic() < deadline:
            self._send(request, deadline)
            answer = self._answer(min(deadline, time.monotonic() + _SEND_AGAIN), deadline)
            if answer is not None:
                return answer
        return None

    def _answer(self, begun: float, deadline: float) -> tuple[int, str] | None:
        """Return this command's answer if it has begun by then; that of an earlier command is passed over."""
        begin, end = f"<{self._number} ".encode(), f">{self._number}".encode()
        while not (line := self._line(begun) or b"").startswith(begin):
            if time.monotonic() >= begun:
                return None
        status = int(line.removeprefix(begin))
        encoded = bytearray()
        while (piece := self._line(deadline)) != end:
            if piece is None:
                return None
            encoded += piece
        return status, base64.b64decode(encoded).decode(errors="replace")

    def _send(self, request: bytes, deadline: float) -> None:
        with suppress(TimeoutError), self._still_there():
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            self._socket.sendall(request)

    def _line(self, deadline: float) -> bytes | None:
        """Return the next line, or None where there is none in time."""
        while b"\n" not in self._received:
            try:
                with self._still_there():
                    self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
                    received = self._socket.recv(65536)
            except TimeoutError:
                return None
            if not received:
                raise LabError(f"guest {self.guest} is gone")
            self._received += received
        line, _, self._received = self._received.partition(b"\n")
        return bytes(line).strip()

    @contextmanager
    def _still_there(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise
        except OSError as error:
            raise LabError(f"guest {self.guest} is gone") from error
