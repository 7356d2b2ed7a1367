"""What is costly to make and kept between runs, in files that may be shared, and deleted at any time."""

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


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
