"""This process's own metrics, under the names that every Prometheus client library uses.

https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics. Read here and not by
``prometheus_client``, whose import costs more memory than the 150 guests of a host.
"""

import os
import resource
from pathlib import Path
from typing import Final

from ballonet_exporter.exposition import NO_LABELS, Family, Reading

_PROC: Final = Path("/proc")


CPU: Final = Family("process_cpu_seconds_total", "Processor time that this exporter took.")
START: Final = Family("process_start_time_seconds", "When this exporter started.")
VIRTUAL: Final = Family("process_virtual_memory_bytes", "Address space of this exporter.")
RESIDENT: Final = Family("process_resident_memory_bytes", "Memory of this exporter.")
OPEN: Final = Family("process_open_fds", "Files and sockets that this exporter has open.")
MOST_OPEN: Final = Family("process_max_fds", "Files and sockets that this exporter may have open.")

FAMILIES: Final = (CPU, START, VIRTUAL, RESIDENT, OPEN, MOST_OPEN)


def read_process(proc: Path = _PROC) -> list[Reading]:
    """Return the readings; none of a process file system that does not show this process."""
    try:
        # The second field is the program's name in parentheses and may hold anything, so count from its end.
        fields = (proc / "self" / "stat").read_text().rpartition(")")[2].split()
        boot = _boot_time(proc)
        open_files = sum(1 for _ in (proc / "self" / "fd").iterdir())
    except OSError:
        return []
    ticks = os.sysconf("SC_CLK_TCK")
    values = (
        (CPU, (int(fields[11]) + int(fields[12])) / ticks),
        (START, boot + int(fields[19]) / ticks),
        (VIRTUAL, float(fields[20])),
        (RESIDENT, float(fields[21]) * os.sysconf("SC_PAGE_SIZE")),
        (OPEN, float(open_files)),
        (MOST_OPEN, float(resource.getrlimit(resource.RLIMIT_NOFILE)[0])),
    )
    return [Reading(family, ((NO_LABELS, value),)) for family, value in values]


def _boot_time(proc: Path) -> int:
    lines = (proc / "stat").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("btime ")), 0)
