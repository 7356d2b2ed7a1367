"""The process behind ``small_host``: ``python -m ballonet_lab.keeper AVAILABLE SWAP DIRECTORY``.

It adds the swap file and forks a child that locks the memory; it prints ``ready``, and undoes everything
when its standard input ends, which even a killed caller brings about. The child offers itself to the host's
OOM killer first, the keeper does not, so that somebody is left to remove the swap file.
"""

import ctypes
import mmap
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ballonet.quantity import KIB, MIB
from ballonet_lab.errors import LabError
from ballonet_lab.programs import run_program

# Near enough to what was wished; MemAvailable moves by as much on its own.
_NEAR: Final = 16 * MIB
_PIECE: Final = 256 * MIB
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
# include/uapi/linux/prctl.h
_PR_SET_PDEATHSIG: Final = 1


def main() -> int:
    """Keep the machine small until standard input ends."""
    available, swap, directory = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    try:
        with _swap_file(swap, directory), _locked_memory(available):
            os.write(sys.stdout.fileno(), b"ready\n")
            sys.stdin.buffer.read()
    except LabError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


@contextmanager
def _swap_file(size: int, directory: Path) -> Iterator[None]:
    if size == 0:
        yield
        return
    with tempfile.NamedTemporaryFile(prefix="ballonet-swap-", dir=directory) as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            raise LabError(f"no room for a swap file of {size} bytes in {directory}: {error}") from error
        run_program("mkswap", file.name)
        run_program("swapon", file.name)
        try:
            yield
        finally:
            run_program("swapoff", file.name, timeout=300)


@contextmanager
def _locked_memory(available: int) -> Iterator[None]:
    """Lock memory in a child until that much is left, and let go of it in the end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be_the_child(available, writing)
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            if complaint := answer.read():
                raise LabError(complaint)
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _be_the_child(available: int, writing: int) -> None:
    """Lock the memory, close the pipe to say that it is done, and wait to be killed."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    Path("/proc/self/oom_score_adj").write_text("1000")
    complaint = _lock(available)
    os.write(writing, complaint.encode())
    os.close(writing)
    while True:
        signal.pause()


def _lock(available: int) -> str:
    """Lock memory until MemAvailable is near ``available``; return what went wrong, or nothing."""
    if _available() < available - _NEAR:
        return (
            f"this machine has {_available()} bytes available, less than the {available} that were asked for"
        )
    while (surplus := _available() - available) > _NEAR:
        size = min(surplus, _PIECE) // mmap.PAGESIZE * mmap.PAGESIZE
        piece = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        with suppress(OSError):
            piece.madvise(mmap.MADV_HUGEPAGE)  # Several times faster, where the kernel knows it.
        _pieces.append(piece)
        address = ctypes.addressof(ctypes.c_char.from_buffer(piece))
        if _LIBC.mlock(ctypes.c_void_p(address), ctypes.c_size_t(len(piece))) != 0:
            return f"memory cannot be locked: {os.strerror(ctypes.get_errno())}"
    return ""


# Kept for as long as the child lives.
_pieces: Final[list[mmap.mmap]] = []


def _available() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * KIB for line in lines if line.startswith("MemAvailable:"))


if __name__ == "__main__":
    sys.exit(main())
