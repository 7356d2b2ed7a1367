"""What a process has used, from /proc: time of all its threads, and memory."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Memory of a process in MiB: resident now, resident at its most, and now without files' pages."""

    now: float
    most: float
    own: float

    @classmethod
    def of(cls, pid: int) -> "Memory":
        lines = (line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        fields = {name: value.split() for name, value in lines}
        now, most, own = (int(fields[name][0]) / 1024 for name in ("VmRSS", "VmHWM", "RssAnon"))
        return cls(now=now, most=most, own=own)


def find_process(program: str, mark: str) -> int:
    """Return the process of this program whose arguments have ``mark`` in them."""
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            words = (directory / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if Path(words[0].decode()).name == program and any(mark.encode() in word for word in words):
            return int(directory.name)
    raise LookupError(f"no process of {program} has {mark} among its arguments")


class Meter:
    """CPU time of several processes between two moments, in percent of one core."""

    def __init__(self, **pids: int) -> None:
        self._pids = pids
        self._before = {name: cpu_seconds(pid) for name, pid in pids.items()}

    def used(self) -> dict[str, float]:
        """Return the CPU seconds that each has used since the start."""
        return {name: cpu_seconds(pid) - self._before[name] for name, pid in self._pids.items()}
