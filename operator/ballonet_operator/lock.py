"""At most one agent per host: a locked file that names its holder.

Two agents would move the same balloons to and fro. The kernel drops the lock with its process, however that
ends, so there is nothing to clean up after a crash.
"""

import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from ballonet.errors import ConfigError

_SYSTEM: Final = Path("/run/ballonet")


class Lock:
    """Held from ``take`` until ``release`` or the end of the process."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self.path = path

    @classmethod
    def take(cls, uri: str, environment: Mapping[str, str] = os.environ, *, system: Path = _SYSTEM) -> Self:
        """Take the lock of the host behind this libvirt URI.

        Raises:
            ConfigError: another process holds it, or the file cannot be made.
        """
        name = f"agent-{hashlib.sha256(uri.encode()).hexdigest()[:16]}.lock"
        path = _directory(environment, system) / name
        if path.parent != system and _is_held(system / name):
            raise ConfigError(
                f"another user's agent looks after {uri} already: {system / name}: stop that one first, "
                "or remove the file that it left"
            )
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


def _is_held(path: Path) -> bool:
    """Whether an agent of another user may hold this lock.

    A file that this user may not read counts as held: the service's goes with its directory when it stops.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        return error.errno != errno.ENOENT
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _directory(environment: Mapping[str, str], system: Path) -> Path:
    """Return where the lock lies: the service's own directory, the system's, the user's, or /tmp."""
    given = environment.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given)
    with suppress(OSError):
        system.mkdir(mode=0o755, exist_ok=True)
    if os.access(system, os.W_OK):
        return system
    return Path(environment.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
