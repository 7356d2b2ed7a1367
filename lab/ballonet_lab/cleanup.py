"""Ending a lab: its processes by their ids, its control groups, its directory. Needs only the path of that.

Which processes are a lab's own is read from the machine, not remembered, so that the same code cleans up
after a caller that was killed: they are processes of a few known programs that either name the lab's
directory in their arguments or have it mounted in a mount namespace of their own.
"""

import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from ballonet_lab.cgroups import remove_cgroups
from ballonet_lab.errors import LabError

# The first process of a node; all others of the node die with it.
NODE_INIT: Final = "ballonet-node"
# How the name of a node's directory begins, and so that of its control groups: others may be anybody's.
NODE_PREFIX: Final = "ballonet-node-"
_PROGRAMS: Final = (
    NODE_INIT,
    "libvirtd",
    "qemu-system-",
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "prometheus",
)
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
    if directory.name.startswith(NODE_PREFIX):
        remove_cgroups(directory.name)
    shutil.rmtree(directory, ignore_errors=True)


def lab_processes(directory: Path) -> list[int]:
    """Return the ids of the lab's servers and guests."""
    named = os.fsencode(directory) + b"/"
    mounts = os.fsdecode(Path("/proc/self/mountinfo").read_bytes())
    mounted = b" " + os.fsencode(place_in_filesystem(directory, mounts)) + b"/"
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _owned(entry, named, mounted)
    ]


def place_in_filesystem(directory: Path, mountinfo: str) -> Path:
    """Return where a directory lies in its own filesystem, which is how mounts of parts of it are listed.

    Where /tmp is a filesystem of its own, as it is on Debian 13, that is not the path that people use.

    Args:
        directory: an absolute path.
        mountinfo: what /proc/self/mountinfo says (``man 5 proc_pid_mountinfo``).
    """
    root, point = Path("/"), Path("/")
    for line in mountinfo.splitlines():
        fields = line.split(" ")
        # Of several mounts on one place the last one is seen.
        if directory.is_relative_to(fields[4]) and len(fields[4]) >= len(str(point)):
            root, point = Path(fields[3]), Path(fields[4])
    return root / directory.relative_to(point)


def _owned(process: Path, named: bytes, mounted: bytes) -> bool:
    """Whether a process is one of the lab's; the slashes at the ends keep out names that only begin alike."""
    try:
        arguments = (process / "cmdline").read_bytes()
        program = Path(os.fsdecode(arguments.split(b"\0", 1)[0])).name
        if not program.startswith(_PROGRAMS):
            return False
        return named in arguments or mounted in (process / "mountinfo").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
