"""What libvirt said about one guest, as values.

Built by ``hypervisor`` once per cycle or scrape; everything below reads only these. ``None`` always means
"not reported", never zero. All sizes are bytes, all times seconds since the epoch.
"""

from dataclasses import dataclass
from enum import StrEnum

from ballonet.quantity import Amount


class State(StrEnum):
    """A guest's state in the words of ``virsh domstate``."""

    RUNNING = "running"
    IDLE = "idle"
    PAUSED = "paused"
    SHUTDOWN = "in shutdown"
    SHUT_OFF = "shut off"
    CRASHED = "crashed"
    SUSPENDED = "pmsuspended"
    UNKNOWN = "no state"


class Read(StrEnum):
    """How the reading of one guest ended; the label of ``ballonet_guest_read_status``."""

    OK = "ok"
    BUSY = "busy"  # Somebody holds the guest's job: libvirt gave only what needs no monitor.
    DEADLINE = "deadline"  # The call that asked for this guest had not returned by its deadline.
    VANISHED = "vanished"  # Listed, and gone when it was asked.


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One report of the guest's balloon driver; all fields belong to the same instant.

    The names are ours, the fields libvirt's (``virsh domstats --balloon``): ``total`` is ``available``
    there, the guest's MemTotal; ``usable`` its MemAvailable; ``unused`` its MemFree.
    """

    timestamp: float  # balloon.last-update, a whole second of the host's clock; 0 when never reported.
    total: int | None = None
    usable: int | None = None
    unused: int | None = None
    disk_caches: int | None = None
    swap_in: int | None = None  # Bytes since the guest booted, as the next three.
    swap_out: int | None = None
    major_faults: int | None = None
    minor_faults: int | None = None
    hugetlb_allocations: int | None = None
    hugetlb_failures: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A size that a person pinned until a moment (``ballonet hold``), kept in the guest's metadata."""

    until: float
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What the guest's own libvirt metadata says about its terms; it wins over the policy."""

    floor: Amount | None = None
    weight: int | None = None
    exempt: bool = False
    hold: Hold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """Facts of the guest's XML, read once per guest and again after a lifecycle event."""

    balloon_model: str = "virtio"  # "none" when the guest has no balloon device.
    statistics_period: int = 0  # Seconds; 0: the guest reports once at boot and never again.
    autodeflate: bool = False
    free_page_reporting: bool = False
    hugepages: bool = False
    locked: bool = False
    host_devices: bool = False  # A device is assigned by VFIO, so all guest memory is pinned.
    virtio_mem: bool = False
    confidential: bool = False  # SEV, TDX or s390 secure execution.
    overrides: Overrides = Overrides()

    @property
    def pinned(self) -> bool:
        """Whether the host can never take this guest's pages, whatever its balloon says."""
        return self.locked or self.host_devices or self.confidential


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """One libvirt domain at one instant.

    Attributes:
        actual: what the balloon leaves the guest now (``balloon.current``); trails the truth by up to 1 s.
        maximum: the most the balloon can give back, boot memory without virtio-mem.
        resident: host memory behind the guest (``balloon.rss``); absent when the read was incomplete.
        sample: the driver's last report, or None when there is none.
        migrating: the guest is the source or target of a migration.
        frozen: several reads in a row were incomplete.
        dropped: names of statistics that were impossible and therefore dropped.
    """

    uuid: str
    name: str
    state: State = State.RUNNING
    read: Read = Read.OK
    actual: int | None = None
    maximum: int | None = None
    resident: int | None = None
    sample: Sample | None = None
    traits: Traits | None = None  # None until the XML could be read.
    migrating: bool = False
    frozen: bool = False
    dropped: tuple[str, ...] = ()
    # Set by callers that know more than libvirt does (KubeVirt); policies select by them.
    namespace: str | None = None
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def active(self) -> bool:
        """Whether the guest has a QEMU process."""
        return self.state not in (State.SHUT_OFF, State.CRASHED, State.UNKNOWN)


def is_fresh(guest: Guest, now: float) -> bool:
    """Whether the driver's last report may be believed as current.

    A report older than three periods is stale (control law); one second more because ``last-update`` is
    cut to whole seconds. A report from the future (the host's clock was set back) is stale as well.
    Paused guests, and guests whose period is 0, never report again.
    """
    period = guest.traits.statistics_period if guest.traits else 0
    if guest.sample is None or guest.sample.timestamp <= 0 or period <= 0 or guest.state is State.PAUSED:
        return False
    age = now - guest.sample.timestamp
    return -2.0 <= age <= 3 * period + 1
