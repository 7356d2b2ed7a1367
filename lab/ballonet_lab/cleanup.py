"""Ending a lab: its processes by their ids, then its directory. Needs nothing but the directory's path.

Which processes are a lab's own is read from the machine, not remembered, so that the same code cleans up
after a caller that was killed: they are libvirtd and QEMU processes that either name the lab's directory in
their arguments or have it mounted in a mount namespace of their own.
"""

import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from ballonet_lab.errors import LabError

_PROGRAMS: Final = ("libvirtd", "qemu-system-")
_PATIENCE: Final = 20.0


def remove_lab(directory: Path) -> None:
    """Kill whatever runs in a lab and remove its directory; a lab that is already gone is left alone.

    Raises:
        LabError: a process does not die.
    """
    deadline = time.monotonic() + _PATIENCE
    while processes := lab_processes(directory):
        if time.monotonic() > deadline:
            raise LabError(f"processes of the lab {directory} do not die: {processes}")
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)
    shutil.rmtree(directory, ignore_errors=True)


def lab_processes(directory: Path) -> list[int]:
    """Return the ids of the lab's libvirtd and guests."""
    mark = os.fsencode(directory)
    return [
        int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _owned(entry, mark)
    ]


def _owned(process: Path, mark: bytes) -> bool:
    try:
        arguments = (process / "cmdline").read_bytes()
        program = Path(os.fsdecode(arguments.split(b"\0", 1)[0])).name
        if not program.startswith(_PROGRAMS):
            return False
        return _names(arguments, mark) or _names((process / "mountinfo").read_bytes(), mark)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


def _names(text: bytes, mark: bytes) -> bool:
    """Whether ``text`` holds a path below ``mark``; a longer name that only begins like it does not count."""
    return mark + b"/" in text
