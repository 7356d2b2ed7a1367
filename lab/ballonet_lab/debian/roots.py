"""Root file systems of Debian trixie, made once and kept as archives."""

import hashlib
import os
import shutil
import tempfile
from enum import Enum
from pathlib import Path
from typing import Final

from ballonet_lab.cache import cache_directory, locked, say
from ballonet_lab.debootstrap import SUITE, bootstrap
from ballonet_lab.errors import LabError
from ballonet_lab.packages import require_programs
from ballonet_lab.programs import run_program

_PATIENCE: Final = 900.0


class Kind(Enum):
    """What a root file system is for, and the packages that it has beyond the least of Debian."""

    HOST = ("systemd", "systemd-sysv", "dbus", "python3", "python3-libvirt", "ca-certificates")
    BUILD = ("debhelper", "lintian", "python3", "python3-hatchling", "python3-libvirt", "python3-pip")


def unpack_root(kind: Kind, directory: Path) -> None:
    """Fill an empty directory with a fresh root file system.

    Raises:
        LabError: this is not root, or it cannot be made.
    """
    require_programs("debootstrap", "tar", "unshare")
    if os.geteuid() != 0:
        raise LabError("a root file system is made by root only: run this as root, or with sudo")
    archive = shelf() / f"{SUITE}-{kind.name.lower()}-{_key(kind)}.tar"
    with locked("debian"):
        if not archive.exists():
            _make(kind, archive)
    directory.mkdir(exist_ok=True)
    run_program("tar", "--directory", str(directory), "--extract", "--preserve-permissions", "--file",
                str(archive), timeout=_PATIENCE)  # fmt: skip


def shelf() -> Path:
    """Return the directory in the cache for all that has to do with Debian hosts."""
    directory = cache_directory() / "debian"
    directory.mkdir(exist_ok=True)
    return directory


def enter_root(root: Path, script: str, *arguments: str, network: bool, timeout: float = _PATIENCE) -> str:
    """Run a shell script in a root file system, with the machine's devices, and return what it wrote.

    Raises:
        LabError: it failed.
    """
    enter = (
        'mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; root=$1; shift; exec chroot "$root" "$@"'
    )
    # A PID namespace of its own takes every process with it that the script leaves behind.
    alone = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
    return run_program(
        *alone, *([] if network else ["--net"]), "sh", "-ec", enter, "sh", str(root),
        "env", "-i", "PATH=/usr/sbin:/usr/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
        "sh", "-ec", script, "sh", *arguments,
        timeout=timeout,
    )  # fmt: skip


def _key(kind: Kind) -> str:
    return hashlib.sha256(repr((SUITE, kind.value)).encode()).hexdigest()[:12]


def _make(kind: Kind, archive: Path) -> None:
    say(f"Debian {SUITE} for {kind.name.lower()}: made with debootstrap, about a minute, once")
    with tempfile.TemporaryDirectory(prefix="ballonet-debian-", ignore_cleanup_errors=True) as scratch:
        root, draft = Path(scratch) / "root", archive.with_suffix(f".{os.getpid()}")
        bootstrap(root)
        # apt finds its servers as the machine finds them.
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        install = 'apt-get -q -y install --no-install-recommends "$@"; apt-get clean'
        enter_root(root, install, *kind.value, network=True)
        run_program("tar", "--directory", str(root), "--create", "--file", str(draft), ".", timeout=_PATIENCE)
        draft.rename(archive)
