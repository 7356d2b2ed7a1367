"""What this machine's kernel says about its memory, read from /proc.

The root of the world is a parameter, so that tests and containers can point it elsewhere. A kernel without
PSI or swap counters is fine, one without MemAvailable is not (Linux 3.14 brought it).
"""

import os
import socket
from pathlib import Path
from typing import Final

from ballonet.errors import ConfigError
from ballonet.host import Host, Pressure
from ballonet.quantity import KIB

_PROC: Final = Path("/proc")
_MICROSECONDS: Final = 1_000_000


def read_host(
    *, proc: Path = _PROC, budget: int | None = None, total: int | None = None, name: str | None = None
) -> Host:
    """Return the host as it is now.

    Args:
        proc: where the proc file system is mounted.
        budget: the most that guests together may use, bytes.
        total: takes the place of MemTotal, for a host of which a part is given away; bytes.
        name: takes the place of the machine's host name.

    Raises:
        ConfigError: ``proc`` is no proc file system that tells the memory.
    """
    meminfo = _table(proc / "meminfo")
    some, full = _pressures(proc / "pressure" / "memory")
    return Host(
        name=name if name is not None else socket.gethostname(),
        total=total if total is not None else _size(meminfo, "MemTotal", proc),
        available=_size(meminfo, "MemAvailable", proc),
        some=some,
        full=full,
        swapped_out=_swapped_out(proc / "vmstat"),
        budget=budget,
    )


def _table(path: Path) -> dict[str, int]:
    """Return the numbers of a file of ``name value [unit]`` lines; a line of another shape is left out."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError as error:
        raise ConfigError(
            f"cannot read {path}: {error.strerror}; the host's memory is read from a mounted proc file system"
        ) from error
    words = [line.replace(":", " ", 1).split() for line in lines]
    return {word[0]: int(word[1]) for word in words if len(word) > 1 and word[1].isdecimal()}


def _size(meminfo: dict[str, int], field: str, proc: Path) -> int:
    if field not in meminfo:
        raise ConfigError(f"{proc / 'meminfo'} has no {field}: Linux 3.14 or later is needed")
    return meminfo[field] * KIB


def _swapped_out(path: Path) -> int | None:
    """Return the bytes written to swap since boot; the kernel counts pages."""
    try:
        pages = _table(path).get("pswpout")
    except ConfigError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") if pages is not None else None


def _pressures(path: Path) -> tuple[Pressure | None, Pressure | None]:
    """Return the "some" and "full" lines; None where the kernel has no PSI, or has it switched off.

    Switched off (``psi=0``) the file can be opened, and reading it fails with EOPNOTSUPP.
    """
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None, None
    kinds = {line.partition(" ")[0]: line for line in lines}
    return _pressure(kinds.get("some", "")), _pressure(kinds.get("full", ""))


def _pressure(line: str) -> Pressure | None:
    """Parse ``some avg10=0.12 avg60=0.03 avg300=0.00 total=123456``; the total is in microseconds."""
    pairs = dict(word.split("=", 1) for word in line.split() if "=" in word)
    try:
        return Pressure(
            avg10=float(pairs["avg10"]),
            avg60=float(pairs["avg60"]),
            avg300=float(pairs["avg300"]),
            total=int(pairs["total"]) / _MICROSECONDS,
        )
    except (KeyError, ValueError):
        return None
