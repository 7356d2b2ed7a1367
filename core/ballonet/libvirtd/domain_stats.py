"""What one record of ``virsh domstats --state --balloon`` says, as a ``Guest``.

Pure translation: libvirt's keys and KiB become our fields and bytes. Every statistic comes from the guest's
own driver, so each is checked before it may become a number anybody computes with; a value that cannot be
true is left out and named in ``Guest.dropped``. No libvirt call and no clock may live here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ballonet.guest import Guest, Read, Sample, State
from ballonet.libvirtd.domain_xml import Facts
from ballonet.quantity import KIB, LARGEST

Record = Mapping[str, object]

# virDomainState, include/libvirt/libvirt-domain.h.
_STATES: Final = {
    1: State.RUNNING,
    2: State.IDLE,
    3: State.PAUSED,
    4: State.SHUTDOWN,
    5: State.SHUT_OFF,
    6: State.CRASHED,
    7: State.SUSPENDED,
}
# State and reason of a guest that is the source or target of a migration: virDomainPausedReason MIGRATION,
# POSTCOPY and POSTCOPY_FAILED, virDomainRunningReason POSTCOPY and POSTCOPY_FAILED. The source of a live
# migration runs on with its old reason until the last moment; libvirt shows no cheap sign of that.
_MIGRATING: Final = frozenset({(3, 2), (3, 12), (3, 13), (1, 10), (1, 11)})

# A guest's MemTotal is a little below its memory. Sixteen times the maximum leaves room for every way of
# plugging memory in that the maximum may not show yet; more than that is a lie.
_ABSURD: Final = 16
# The host's own clock stamps the report; a day ahead means that the stamp is broken, not that a clock moved.
_FUTURE: Final = 86400.0


def is_complete(record: Record) -> bool:
    """Whether libvirt asked the guest's QEMU for the record: its resident set is the last thing it adds.

    ``NOWAIT`` makes libvirt leave out what needs the QEMU when somebody else holds the guest's job.
    """
    return "balloon.rss" in record


def guest_from(record: Record, *, uuid: str, name: str, facts: Facts | None, now: float) -> Guest:
    """Return the guest that a statistics record describes.

    ``now`` only serves to recognise impossible timestamps.
    """
    fields = _Fields(record)
    state, reason = fields.number("state.state"), fields.number("state.reason")
    guest_state = _STATES.get(state or 0, State.UNKNOWN)
    actual = fields.size("actual", "balloon.current")
    maximum = fields.size("maximum", "balloon.maximum")
    resident = fields.size("resident", "balloon.rss")
    sample = _sample(fields, maximum, now)
    plugged, in_use = (facts.virtio_mem_size, facts.virtio_mem_current) if facts else (0, 0)
    incomplete = not is_complete(record) and guest_state not in (State.SHUT_OFF, State.CRASHED)
    return Guest(
        uuid=uuid,
        name=name,
        state=guest_state,
        read=Read.BUSY if incomplete else Read.OK,
        actual=_without(actual, in_use),
        maximum=_without(maximum, plugged),
        resident=resident,
        sample=sample,
        traits=facts.traits if facts else None,
        migrating=(state, reason) in _MIGRATING,
        dropped=tuple(fields.dropped),
    )


def _without(size: int | None, virtio_mem: int) -> int | None:
    """Return the part of a size that the balloon governs: libvirt adds virtio-mem to both of its sizes."""
    return size - virtio_mem if size is not None and size > virtio_mem else size


@dataclass(slots=True)
class _Fields:
    """Reads numbers out of one record and remembers the names of those that are impossible."""

    record: Record
    dropped: list[str] = field(default_factory=list)

    def number(self, key: str) -> int | None:
        """Return a field as libvirt gave it, or None where it is absent or no number."""
        value = self.record.get(key)
        return value if isinstance(value, int) else None

    def size(self, name: str, key: str, *, least: int = 0, most: int = LARGEST) -> int | None:
        """Return a field of KiB in bytes."""
        return self._checked(name, key, KIB, least, most)

    def count(self, name: str, key: str) -> int | None:
        """Return a counter."""
        return self._checked(name, key, 1, 0, LARGEST)

    def _checked(self, name: str, key: str, unit: int, least: int, most: int) -> int | None:
        value = self.number(key)
        if value is None:
            return None
        if least <= value * unit <= most:
            return value * unit
        self.dropped.append(name)
        return None


def _sample(fields: _Fields, maximum: int | None, now: float) -> Sample | None:
    """Return the driver's last report; None when it never reported, or its timestamp cannot be true."""
    timestamp = fields.number("balloon.last-update") or 0
    if timestamp == 0:
        return None
    if not 0 < timestamp <= now + _FUTURE:
        fields.dropped.append("timestamp")
        return None
    absurd = _ABSURD * maximum if maximum else LARGEST
    total = fields.size("total", "balloon.available", least=1, most=absurd)
    part = absurd if total is None else total
    return Sample(
        timestamp=float(timestamp),
        total=total,
        usable=fields.size("usable", "balloon.usable", most=part),
        unused=fields.size("unused", "balloon.unused", most=part),
        disk_caches=fields.size("disk_caches", "balloon.disk_caches", most=part),
        swap_in=fields.size("swap_in", "balloon.swap_in"),
        swap_out=fields.size("swap_out", "balloon.swap_out"),
        major_faults=fields.count("major_faults", "balloon.major_fault"),
        minor_faults=fields.count("minor_faults", "balloon.minor_fault"),
        hugetlb_allocations=fields.count("hugetlb_allocations", "balloon.hugetlb_pgalloc"),
        hugetlb_failures=fields.count("hugetlb_failures", "balloon.hugetlb_pgfail"),
    )
