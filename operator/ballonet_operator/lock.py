"""At most one agent per host: a locked file that names its holder.

Two agents would move the same balloons to and fro. The kernel drops the lock with its process, however that
ends, so there is nothing to clean up after a crash.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from ballonet.errors import ConfigError


class Lock:
    """Held from ``take`` until ``release`` or the end of the process."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self.path = path

    @classmethod
    def take(cls, uri: str, environment: Mapping[str, str] = os.environ) -> Self:
        """Take the lock of the host behind this libvirt URI.

        Raises:
            ConfigError: another process holds it, or the file cannot be made.
        """
        path = _directory(environment) / f"agent-{hashlib.sha256(uri.encode()).hexdigest()[:16]}.lock"
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            raise ConfigError(
                f"{path}: the agent's lock cannot be made: {error.strerror}: "
                "start it as the user who may, or name a directory in RUNTIME_DIRECTORY"
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise ConfigError(
                f"another agent looks after {uri} already: process {holder or 'unknown'} holds {path}: "
                "stop that one first"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(descriptor, path)

    def release(self) -> None:
        """Give the lock back. The file stays: to remove it could take it from the next holder."""
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def _directory(environment: Mapping[str, str]) -> Path:
    """Return where the lock lies: the service's own directory, the system's, the user's, or /tmp."""
    given = environment.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given)
    system = Path("/run/ballonet")
    with suppress(OSError):
        system.mkdir(mode=0o755, exist_ok=True)
    if os.access(system, os.W_OK):
        return system
    return Path(environment.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
