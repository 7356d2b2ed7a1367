"""A guest's serial line: commands in, their output and exit status back. ``init.sh`` is the other end."""

import base64
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ballonet_lab.errors import LabError

_READY: Final = b"ballonet guest ready"


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
            while _READY not in self._line(deadline, f"guest {self.guest} did not boot within {timeout:g} s"):
                pass

    def run(self, command: str, timeout: float) -> tuple[int, str]:
        """Run a shell command in the guest and return its exit status and everything it printed.

        Raises:
            LabError: the guest does not answer within ``timeout`` seconds, or is gone.
        """
        with self._turn:
            deadline = time.monotonic() + timeout
            late = f"guest {self.guest} did not answer {command!r} within {timeout:g} s"
            self._number += 1
            self._send(f"{self._number} {base64.b64encode(command.encode()).decode()}\n", late, deadline)
            return self._answer(deadline, late)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _send(self, text: str, late: str, deadline: float) -> None:
        self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            self._socket.sendall(text.encode())
        except TimeoutError as error:
            raise LabError(late) from error
        except OSError as error:
            raise LabError(f"guest {self.guest} is gone") from error

    def _answer(self, deadline: float, late: str) -> tuple[int, str]:
        """Return this command's answer; one that comes late, for an earlier command, is passed over."""
        begin, end = f"<{self._number} ".encode(), f">{self._number}".encode()
        while not (line := self._line(deadline, late)).startswith(begin):
            pass
        status = int(line.removeprefix(begin))
        encoded = bytearray()
        while (line := self._line(deadline, late)) != end:
            encoded += line
        return status, base64.b64decode(encoded).decode(errors="replace")

    def _line(self, deadline: float, late: str) -> bytes:
        while b"\n" not in self._received:
            self._receive(deadline, late)
        line, _, rest = self._received.partition(b"\n")
        self._received = rest
        return bytes(line).strip()

    def _receive(self, deadline: float, late: str) -> None:
        self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            received = self._socket.recv(65536)
        except TimeoutError as error:
            raise LabError(late) from error
        except OSError as error:
            raise LabError(f"guest {self.guest} is gone") from error
        if not received:
            raise LabError(f"guest {self.guest} is gone")
        self._received += received
