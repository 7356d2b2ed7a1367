"""A machine made small for a while: memory that a process locks, and a swap file so that nothing is killed.

MemAvailable, pressure and swapping are real then; MemTotal stays what it is. It presses on everything else
that runs on the machine, and needs root.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ballonet.quantity import GIB
from ballonet_lab.errors import LabError
from ballonet_lab.packages import require_programs

# Unlike /tmp this is never a tmpfs, on which no swap file can lie.
_DISK: Final = Path("/var/tmp")  # noqa: S108


@contextmanager
def small_host(available: int, *, swap: int = 2 * GIB, directory: Path = _DISK) -> Iterator[None]:
    """Make the machine's available memory small, and undo it in the end, however this process ends.

    What remains when everything is killed by SIGKILL, the keeper of the memory included: the swap file, in
    ``directory``, in use; ``swapoff`` and ``rm`` remove it.

    Args:
        available: the bytes of MemAvailable that are left at the beginning.
        swap: size of the swap file; 0 adds none.
        directory: where the swap file lies, on a disk.

    Raises:
        LabError: this is not root, or the machine has less memory available than that, or no room for the
            swap file.
    """
    if os.geteuid() != 0:
        raise LabError("only root can lock memory and add swap: run `make test-pressure` as root")
    require_programs("mkswap", "swapon", "swapoff")
    command = [sys.executable, "-m", "ballonet_lab.keeper", str(available), str(swap), str(directory)]
    keeper = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    with keeper:
        assert keeper.stdout is not None
        if keeper.stdout.readline() != b"ready\n":
            raise LabError(
                keeper.communicate()[1].decode(errors="replace").strip() or "the memory keeper died"
            )
        yield
    if keeper.returncode != 0:
        raise LabError("the memory that was locked, or the swap file, could not be given back")
