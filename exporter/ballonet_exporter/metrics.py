"""The table of metrics: every name, meaning and origin, as data.

What a guest or a kernel did not report has no series: never 0, never NaN. Value series of a guest carry one
label, ``guest``, the domain's name, which is unique on a host at any time; everything else that identifies it
is on ``ballonet_guest_info``. ``docs/metrics.md`` is generated from this table.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from ballonet.guest import Guest, Read, is_fresh
from ballonet.host import Host
from ballonet_exporter.exposition import Family


@dataclass(frozen=True, slots=True)
class GuestFact:
    """A family whose series say something by their labels and have the value 1."""

    family: Family
    read: Callable[[Guest], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class GuestValue:
    """A family with one number per guest; ``read`` gets the guest and the time, None means not reported."""

    family: Family
    read: Callable[[Guest, float], float | None]


@dataclass(frozen=True, slots=True)
class HostValue:
    """A family of the host: numbers by their labels."""

    family: Family
    read: Callable[[Host], Iterator[tuple[Mapping[str, str], float]]]


def _fact(
    name: str, meaning: str, labels: tuple[str, ...], read: Callable[[Guest], dict[str, str]]
) -> GuestFact:
    family = Family(f"ballonet_guest_{name}", meaning, ("guest", *labels))
    return GuestFact(family, lambda guest: {"guest": guest.name} | read(guest))


def _value(name: str, meaning: str, read: Callable[[Guest, float], float | None]) -> GuestValue:
    return GuestValue(Family(f"ballonet_guest_{name}", meaning, ("guest",)), read)


def _sample(name: str, meaning: str, field: str) -> GuestValue:
    """Return the row of a field of the driver's report."""
    value: Callable[[object], float | None] = attrgetter(field)
    return _value(name, meaning, lambda guest, _: value(guest.sample) if guest.sample else None)


def _if_active(field: str) -> Callable[[Guest, float], float | None]:
    """Return a reader for what only a running guest has; libvirt gives some of it for the others too."""
    value: Callable[[object], float | None] = attrgetter(field)
    return lambda guest, _: value(guest) if guest.active else None


def _identity(guest: Guest) -> dict[str, str]:
    """Return the labels of the info series; what is in the XML is missing until that could be read."""
    if guest.traits is None:
        return {"uuid": guest.uuid}
    return {
        "uuid": guest.uuid,
        "balloon_model": guest.traits.balloon_model,
        "autodeflate": str(guest.traits.autodeflate).lower(),
        "free_page_reporting": str(guest.traits.free_page_reporting).lower(),
    }


def _reported_at(guest: Guest, _: float) -> float | None:
    return guest.sample.timestamp if guest.sample and guest.sample.timestamp > 0 else None


def _period(guest: Guest, _: float) -> float | None:
    if guest.traits is None or guest.traits.balloon_model == "none":
        return None
    return guest.traits.statistics_period


def _fresh(guest: Guest, now: float) -> float | None:
    return is_fresh(guest, now) if guest.active else None


def _pressures(host: Host) -> Iterator[tuple[Mapping[str, str], float]]:
    for kind, pressure in (("some", host.some), ("full", host.full)):
        if pressure is not None:
            yield {"kind": kind, "window": "10s"}, pressure.avg10 / 100
            yield {"kind": kind, "window": "60s"}, pressure.avg60 / 100
            yield {"kind": kind, "window": "300s"}, pressure.avg300 / 100


UP: Final = Family("ballonet_up", "1 when libvirt answered this scrape, 0 when it did not.")
LIBVIRT_INFO: Final = Family(
    "ballonet_libvirt_info",
    "Versions of libvirt and of the hypervisor behind it, and the host's name as libvirt gives it.",
    ("libvirt_version", "hypervisor", "hypervisor_version", "host"),
)

# A guest that vanished while it was read has this one series and no other.
READ_STATUS: Final = _fact(
    "read_status",
    f"How the reading of the guest ended ({', '.join(Read)}). busy: another job holds the domain, so libvirt "
    "gave only what needs no monitor. deadline: its call did not return in time.",
    ("status",),
    lambda guest: {"status": guest.read.value},
)
GUEST_FACTS: Final = (
    _fact(
        "info",
        "The guest's UUID, and its balloon device (uuid and devices/memballoon of the domain XML).",
        ("uuid", "balloon_model", "autodeflate", "free_page_reporting"),
        _identity,
    ),
    _fact(
        "state",
        "The guest's present state in the words of virsh domstate (state.state).",
        ("state",),
        lambda guest: {"state": guest.state.value},
    ),
)
GUEST_VALUES: Final = (
    _value(
        "balloon_actual_bytes",
        "Memory that the balloon leaves a running guest (balloon.current); trails by up to a second.",
        _if_active("actual"),
    ),
    _value(
        "balloon_maximum_bytes",
        "Memory of the guest with an empty balloon (balloon.maximum, without virtio-mem).",
        lambda guest, _: guest.maximum,
    ),
    _sample("memory_total_bytes", "The guest's MemTotal (balloon.available).", "total"),
    _sample(
        "memory_usable_bytes",
        "What the guest could give up without swapping, its MemAvailable (balloon.usable).",
        "usable",
    ),
    _sample("memory_unused_bytes", "The guest's MemFree (balloon.unused).", "unused"),
    _sample(
        "memory_disk_caches_bytes",
        "The guest's page cache, tmpfs and shared memory included (balloon.disk_caches).",
        "disk_caches",
    ),
    _value(
        "memory_resident_bytes",
        "Host memory behind the guest, that of its QEMU process (balloon.rss).",
        _if_active("resident"),
    ),
    _sample(
        "swap_in_bytes_total", "Read from the guest's swap since it booted (balloon.swap_in).", "swap_in"
    ),
    _sample(
        "swap_out_bytes_total", "Written to the guest's swap since it booted (balloon.swap_out).", "swap_out"
    ),
    _sample(
        "major_faults_total",
        "Page faults of the guest that read a disk (balloon.major_fault).",
        "major_faults",
    ),
    _sample(
        "minor_faults_total",
        "Page faults of the guest that read no disk (balloon.minor_fault).",
        "minor_faults",
    ),
    _sample(
        "hugetlb_allocations_total",
        "Huge pages that the guest allocated (balloon.hugetlb_pgalloc).",
        "hugetlb_allocations",
    ),
    _sample(
        "hugetlb_failures_total",
        "Huge pages that the guest failed to allocate (balloon.hugetlb_pgfail).",
        "hugetlb_failures",
    ),
    _value(
        "statistics_timestamp_seconds",
        "When the balloon driver last reported, by the host's clock (balloon.last-update); absent if never.",
        _reported_at,
    ),
    _value(
        "statistics_period_seconds",
        "How often the driver is asked to report (memballoon/stats period); 0: once at boot and never again.",
        _period,
    ),
    _value(
        "statistics_fresh",
        "1 when the driver's last report is at most three periods old, 0 when the guest's memory, swap and "
        "fault series are older or missing, or it is paused (balloon.last-update, memballoon/stats period).",
        _fresh,
    ),
)
HOST_VALUES: Final = (
    HostValue(
        Family("ballonet_host_memory_total_bytes", "Memory of the host (MemTotal of /proc/meminfo)."),
        lambda host: iter([({}, host.total)]),
    ),
    HostValue(
        Family(
            "ballonet_host_memory_available_bytes",
            "Memory that the host can give without swapping (MemAvailable of /proc/meminfo).",
        ),
        lambda host: iter([({}, host.available)]),
    ),
    HostValue(
        Family(
            "ballonet_host_memory_pressure_ratio",
            "Share of a window in which some or all (full) tasks waited for memory (/proc/pressure/memory).",
            ("kind", "window"),
        ),
        _pressures,
    ),
)

COLLECTOR_DURATION: Final = Family(
    "ballonet_scrape_collector_duration_seconds",
    "How long the collector took for this scrape, or for an overlapping one that shared its result.",
    ("collector",),
)
COLLECTOR_SUCCESS: Final = Family(
    "ballonet_scrape_collector_success",
    "1 when the collector could read its source, 0 when it could not.",
    ("collector",),
)
BUILD_INFO: Final = Family(
    "ballonet_exporter_build_info",
    "Version of this exporter and of its Python.",
    ("version", "python_version"),
)

FAMILIES: Final = (
    UP,
    LIBVIRT_INFO,
    READ_STATUS.family,
    *(fact.family for fact in GUEST_FACTS),
    *(value.family for value in GUEST_VALUES),
    *(value.family for value in HOST_VALUES),
    COLLECTOR_DURATION,
    COLLECTOR_SUCCESS,
    BUILD_INFO,
)
