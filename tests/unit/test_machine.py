"""The host's memory from a proc file system."""

import socket
from pathlib import Path

import pytest

from ballonet.errors import ConfigError
from ballonet.host import Host, Pressure
from ballonet.machine import read_host
from ballonet.quantity import GIB, KIB

MEMINFO = """\
MemTotal:       24684084 kB
MemFree:        20000000 kB
MemAvailable:   22000000 kB
HugePages_Total:       3
Strange line
"""
PRESSURE = """\
some avg10=0.12 avg60=1.50 avg300=0.05 total=123456789
full avg10=0.01 avg60=0.02 avg300=0.03 total=500000
"""


def proc(
    root: Path, *, meminfo: str = MEMINFO, pressure: str = PRESSURE, vmstat: str = "pswpout 3\n"
) -> Path:
    (root / "pressure").mkdir()
    (root / "meminfo").write_text(meminfo)
    (root / "pressure" / "memory").write_text(pressure)
    (root / "vmstat").write_text(vmstat)
    return root


def test_a_host_is_read_in_bytes_and_seconds(tmp_path: Path) -> None:
    assert read_host(proc=proc(tmp_path), name="kvm-1", budget=8 * GIB) == Host(
        name="kvm-1",
        total=24684084 * KIB,
        available=22000000 * KIB,
        some=Pressure(avg10=0.12, avg60=1.5, avg300=0.05, total=123.456789),
        full=Pressure(avg10=0.01, avg60=0.02, avg300=0.03, total=0.5),
        swapped_out=3 * 4096,
        budget=8 * GIB,
    )


def test_a_smaller_total_can_be_given(tmp_path: Path) -> None:
    assert read_host(proc=proc(tmp_path), total=2 * GIB).total == 2 * GIB


def test_the_machine_has_its_own_name_where_none_is_given(tmp_path: Path) -> None:
    assert read_host(proc=proc(tmp_path)).name == socket.gethostname()


def test_a_kernel_without_psi_and_swap_counters_is_fine(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text(MEMINFO)

    host = read_host(proc=tmp_path)

    assert (host.some, host.full, host.swapped_out) == (None, None, None)


@pytest.mark.parametrize(
    "pressure",
    ["", "some avg10=x avg60=0 avg300=0 total=0", "some avg10=0.1", "nonsense"],
    ids=["empty", "no number", "fields missing", "another format"],
)
def test_pressure_that_cannot_be_read_is_absent(tmp_path: Path, pressure: str) -> None:
    host = read_host(proc=proc(tmp_path, pressure=pressure))

    assert (host.some, host.full) == (None, None)


def test_a_kernel_older_than_memavailable_is_refused(tmp_path: Path) -> None:
    root = proc(tmp_path, meminfo="MemTotal: 1024 kB\n")

    with pytest.raises(ConfigError, match=r"meminfo has no MemAvailable: Linux 3\.14 or later is needed"):
        read_host(proc=root)


def test_a_place_without_meminfo_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"cannot read {tmp_path}/meminfo: No such file or directory"):
        read_host(proc=tmp_path)


def test_this_machine_can_be_read() -> None:
    host = read_host()

    assert 0 < host.available < host.total
    assert host.memory == host.total
