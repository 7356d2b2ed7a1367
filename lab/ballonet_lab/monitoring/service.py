"""One server of the monitoring: its directory, its port, and whether it is ready."""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from ballonet_lab.errors import LabError
from ballonet_lab.kubernetes.ports import LOOPBACK, free_ports
from ballonet_lab.kubernetes.server import Server
from ballonet_lab.packages import find_program
from ballonet_lab.patience import eventually
from ballonet_lab.warden import Warden

_PATIENCE: Final = 30.0


@dataclass
class Service:
    """A server in a private directory, with which it ends, as it does with the process that started it.

    Attributes:
        directory: everything of it lies there.
        port: on loopback; the same when it is started again.
    """

    directory: Path
    port: int
    server: Server
    warden: Warden

    @classmethod
    def prepare(
        cls, program: str, arguments: Callable[[Path, int], Sequence[str]], files: dict[str, str]
    ) -> "Service":
        """Return a server that does not run yet.

        Args:
            program: its name, as ``packages.PROGRAMS`` knows it.
            arguments: makes them from its directory and its port.
            files: what lies in the directory, by name.
        """
        path = Path(find_program(program))
        directory = Path(tempfile.mkdtemp(prefix="ballonet-monitoring-", dir="/tmp"))
        for name, text in files.items():
            (directory / name).write_text(text)
        (port,) = free_ports(1)
        server = Server(path, arguments(directory, port), directory / "log")
        return cls(directory, port, server, Warden.start(directory))

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def process(self) -> int:
        """The id of its process.

        Raises:
            LabError: it does not run.
        """
        return self.server.process

    def start(self, ready: str) -> None:
        """Start it and wait until it answers.

        Args:
            ready: the path that answers when it is ready.

        Raises:
            LabError: it ends, or takes too long.
        """
        self.server.start()
        what = f"{self.server.program.name} is ready"
        eventually(lambda: self._is_there(ready), what, within=_PATIENCE, every=0.05)

    def close(self) -> None:
        """End it and remove its directory."""
        self.warden.clean()
        self.server.reap()

    def get(self, path: str, **query: str) -> Any:
        """Return the JSON that it answers.

        Raises:
            LabError: it answers something else, or nothing.
        """
        return json.loads(self._answer(Request(f"http://{self.address}{path}?{urlencode(query)}")))

    def send(self, path: str, content: object = None, method: str = "POST") -> str:
        """Send JSON and return what it answers.

        Raises:
            LabError: it refuses, or does not answer.
        """
        body = None if content is None else json.dumps(content).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(f"http://{self.address}{path}", data=body, headers=headers, method=method)
        return self._answer(request).decode()

    def _answer(self, request: Request) -> bytes:
        try:
            with urlopen(request, timeout=30) as answer:  # noqa: S310 - the address is made here.
                content: bytes = answer.read()
        except HTTPError as error:
            with error:
                said = error.read().decode(errors="replace").strip()
            raise LabError(f"{request.full_url} is refused: {error.code} {said[:300]}") from error
        except (OSError, HTTPException) as error:
            raise LabError(f"{request.full_url} is not answered: {error}") from error
        return content

    def _is_there(self, ready: str) -> bool:
        self.server.check()
        try:
            with urlopen(f"http://{self.address}{ready}", timeout=5):
                return True
        except HTTPError as error:
            # A server that wants a certificate or a password says so only when it listens.
            with error:
                return error.code in (400, 401)
        except (OSError, HTTPException):
            return False
