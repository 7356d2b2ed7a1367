"""What is costly to make and kept between runs, in files that may be shared, and deleted at any time."""

import fcntl
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ballonet_lab.errors import LabError


def cache_directory() -> Path:
    """Return ``~/.cache/ballonet``, or the same below XDG_CACHE_HOME, making it where it is missing."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    directory = Path(base) / "ballonet"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a lock between processes for the time that one thing in the cache is made."""
    with (cache_directory() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """Return a directory of the cache, which ``make`` fills where it is missing.

    It is filled below a temporary name, so that nobody ever sees half of it.

    Args:
        name: its path in the cache.
        make: fills the empty directory that it is given.
    """
    home = cache_directory() / name
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        with locked(home.name), tempfile.TemporaryDirectory(prefix="making-", dir=home.parent) as scratch:
            if not home.exists():
                ready = Path(scratch) / "ready"
                ready.mkdir()
                make(ready)
                ready.rename(home)
    return home


def checked(content: bytes, expected: str, what: str) -> bytes:
    """Return a content whose SHA-256 is as expected.

    Raises:
        LabError: it is not; ``what`` tells what it was to be.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise LabError(f"{what} has the SHA-256 {found} instead of {expected}")
    return content


def remembered(name: str, stamp: str, make: Callable[[], str]) -> str:
    """Return what ``make`` returned last time, asking it only where ``stamp`` has changed since.

    Args:
        name: the file's name in the cache.
        stamp: one line that changes whenever the answer may.
        make: returns the answer.
    """
    file = cache_directory() / name
    with locked(name):
        known, _, answer = file.read_text().partition("\n") if file.exists() else ("", "", "")
        if known != stamp:
            answer = make()
            write_atomically(file, f"{stamp}\n{answer}".encode())
    return answer


def write_atomically(file: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.rename(file)


def say(message: str) -> None:
    """Tell the person who waits what is going on; standard output is left to the results."""
    print(f"lab: {message}", file=sys.stderr, flush=True)  # noqa: T201
