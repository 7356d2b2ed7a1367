"""Reading and changing real guests through libvirt."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from ballonet.errors import GuestGone, HypervisorUnreachable, Refused
from ballonet.guest import Guest, Hold, Overrides, Read, State, Traits
from ballonet.hypervisor import Hypervisor
from ballonet.libvirtd.domain_xml import NAMESPACE, PREFIX
from ballonet.quantity import GIB, KIB, MIB, Amount
from ballonet_lab import GuestSpec, Lab, LabGuest, eventually

HELD = Overrides(
    floor=Amount(size=256 * MIB), weight=200, exempt=True, hold=Hold(until=1790000000.0, size=512 * MIB)
)

# A paused guest that needs no operating system; two kinds of memory, of which a balloon governs the first.
VIRTIO_MEM = """
<domain type='qemu'>
  <name>plugged</name>
  <maxMemory slots='2' unit='MiB'>1024</maxMemory>
  <memory unit='MiB'>320</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/></features>
  <cpu mode='maximum'><numa><cell id='0' cpus='0' memory='64' unit='MiB'/></numa></cpu>
  <devices>
    <controller type='usb' model='none'/>
    <memory model='virtio-mem'>
      <target>
        <size unit='MiB'>256</size><node>0</node>
        <block unit='MiB'>2</block><requested unit='MiB'>128</requested>
      </target>
    </memory>
    <memballoon model='virtio'/>
  </devices>
</domain>
"""


@pytest.fixture(scope="module")
def linux(lab: Lab) -> dict[str, LabGuest]:
    """Guests of several kinds, which every test leaves as it found them."""
    specs = [
        GuestSpec(name="usual", maximum=GIB, persistent=True),
        GuestSpec(name="silent", maximum=256 * MIB, memory_stats_period=0, autodeflate=True),
        GuestSpec(name="no-device", maximum=256 * MIB, model="none"),
        GuestSpec(name="no-driver", maximum=256 * MIB, driver=False),
    ]
    return {guest.name: guest for guest in lab.guests(specs)}


@pytest.fixture(scope="module")
def hypervisor(lab: Lab) -> Iterator[Hypervisor]:
    # Other tests share the two processors: what takes time is told by the tests of faults.
    hypervisor = Hypervisor(lab.uri, read_only=False, deadline=10)
    yield hypervisor
    hypervisor.close()


def named(hypervisor: Hypervisor, name: str) -> Guest:
    return next(guest for guest in hypervisor.read().guests if guest.name == name)


def test_a_survey_says_whom_it_asked(lab: Lab, hypervisor: Hypervisor) -> None:
    survey = hypervisor.read()
    version = lab.virsh.run("version")

    assert survey.hypervisor == "QEMU"
    assert f"Using library: libvirt {survey.libvirt_version}\n" in version
    assert f"Running hypervisor: QEMU {survey.hypervisor_version}\n" in version
    assert survey.host_name == lab.virsh.run("hostname").strip()


def test_a_guest_that_reports_is_read_whole(linux: dict[str, LabGuest], hypervisor: Hypervisor) -> None:
    inside = linux["usual"].free()

    guest = named(hypervisor, "usual")

    assert (guest.state, guest.read, guest.frozen, guest.dropped) == (State.RUNNING, Read.OK, False, ())
    assert (guest.actual, guest.maximum) == (GIB, GIB)
    assert guest.resident is not None
    assert guest.resident > 64 * MIB
    assert guest.traits == Traits(statistics_period=2)
    assert guest.sample is not None
    assert guest.sample.total == inside.total
    assert guest.sample.usable == pytest.approx(inside.available, abs=64 * MIB)
    assert guest.sample.timestamp == pytest.approx(time.time(), abs=10)


@pytest.mark.parametrize(
    ("name", "traits"),
    [
        ("silent", Traits(autodeflate=True)),
        ("no-device", Traits(balloon_model="none")),
        ("no-driver", Traits(statistics_period=2)),
    ],
)
def test_a_guest_says_what_kind_it_is(
    linux: dict[str, LabGuest], hypervisor: Hypervisor, name: str, traits: Traits
) -> None:
    assert linux[name].pid

    guest = named(hypervisor, name)

    assert (guest.traits, guest.read, guest.actual) == (traits, Read.OK, 256 * MIB)
    assert (guest.sample is None) == (name != "silent")


def test_a_balloon_is_moved_and_the_guest_sees_it(linux: dict[str, LabGuest], hypervisor: Hypervisor) -> None:
    inside = linux["usual"]
    before = inside.free().total

    hypervisor.set_memory(named(hypervisor, "usual"), 512 * MIB + 3 * KIB)
    eventually(lambda: named(hypervisor, "usual").actual == 512 * MIB, "the balloon reached 512 MiB")
    shrunk = inside.free().total
    hypervisor.set_memory(named(hypervisor, "usual"), GIB)
    eventually(lambda: named(hypervisor, "usual").actual == GIB, "the balloon was empty again")

    assert before - shrunk == 512 * MIB
    assert inside.free().total == before


def test_a_statistics_period_that_is_set_makes_a_guest_report(
    linux: dict[str, LabGuest], hypervisor: Hypervisor
) -> None:
    assert linux["silent"].pid
    silent = named(hypervisor, "silent")
    assert silent.sample is not None
    first = silent.sample.timestamp

    def reported() -> bool:
        sample = named(hypervisor, "silent").sample
        return sample is not None and sample.timestamp > first

    hypervisor.set_statistics_period(silent, 1)
    assert (named(hypervisor, "silent").traits or Traits()).statistics_period == 1
    eventually(reported, "the guest reported")
    hypervisor.set_statistics_period(silent, 0)
    assert (named(hypervisor, "silent").traits or Traits()).statistics_period == 0


def test_overrides_are_kept_with_the_guest_and_can_be_taken_back(
    linux: dict[str, LabGuest], hypervisor: Hypervisor
) -> None:
    usual = linux["usual"]

    hypervisor.set_overrides(named(hypervisor, "usual"), HELD)
    written = named(hypervisor, "usual")
    kept = usual.virsh.run("dumpxml", "--inactive", "usual")
    hypervisor.set_overrides(written, Overrides())
    removed = named(hypervisor, "usual")

    assert (written.traits or Traits()).overrides == HELD
    assert 'weight="200"' in kept
    assert (removed.traits or Traits()).overrides == Overrides()
    assert NAMESPACE not in usual.virsh.run("dumpxml", "usual")
    hypervisor.set_overrides(removed, Overrides())  # To remove what is not there is no error.


def test_metadata_that_somebody_else_writes_is_seen(
    linux: dict[str, LabGuest], hypervisor: Hypervisor
) -> None:
    virsh = linux["no-driver"].virsh
    assert (named(hypervisor, "no-driver").traits or Traits()).overrides == Overrides()

    virsh.run("metadata", "no-driver", NAMESPACE, "--key", PREFIX, "--set", "<guest weight='7'/>", "--live")

    def weight() -> bool:
        return (named(hypervisor, "no-driver").traits or Traits()).overrides.weight == 7

    # An event says so; facts are read again by their age only after a minute.
    eventually(weight, "the event brought the weight", within=10)
    virsh.run("metadata", "no-driver", NAMESPACE, "--remove", "--live")


def test_virtio_mem_is_not_the_balloons(lab: Lab, hypervisor: Hypervisor) -> None:
    file = lab.directory / "plugged.xml"
    file.write_text(VIRTIO_MEM)
    lab.virsh.run("create", str(file), "--paused")
    try:
        guest = named(hypervisor, "plugged")
        assert guest.traits is not None
        assert (guest.traits.virtio_mem, guest.maximum, guest.actual) == (True, 64 * MIB, 64 * MIB)
        # libvirt agrees on the largest size that it takes.
        hypervisor.set_memory(guest, 64 * MIB)
    finally:
        lab.virsh.run("destroy", "plugged")


@pytest.mark.parametrize(
    ("name", "size", "cause"),
    [
        pytest.param("usual", GIB + 4 * KIB, "above_maximum", id="above the maximum"),
        pytest.param("usual", 4 * KIB - 1, "below_minimum", id="less than a page"),
        pytest.param("usual", -GIB, "below_minimum", id="a negative size"),
        pytest.param("no-device", 128 * MIB, "no_balloon_device", id="no balloon device"),
    ],
)
def test_a_size_that_cannot_be_is_refused(
    linux: dict[str, LabGuest], hypervisor: Hypervisor, name: str, size: int, cause: str
) -> None:
    assert linux[name].pid

    with pytest.raises(Refused, match=f"^cannot resize {name} to ") as refusal:
        hypervisor.set_memory(named(hypervisor, name), size)

    assert refusal.value.cause == cause


@pytest.mark.parametrize(
    ("name", "size", "cause"),
    [
        pytest.param("usual", 2 * GIB, "above_maximum", id="above the maximum"),
        pytest.param("no-device", 128 * MIB, "no_balloon_device", id="no balloon device"),
    ],
)
def test_libvirt_refuses_the_same_where_we_know_nothing_of_the_guest(
    linux: dict[str, LabGuest], hypervisor: Hypervisor, name: str, size: int, cause: str
) -> None:
    assert linux[name].pid
    unknown = Guest(uuid=named(hypervisor, name).uuid, name=name)

    with pytest.raises(Refused) as refusal:
        hypervisor.set_memory(unknown, size)

    assert refusal.value.cause == cause


def test_a_guest_without_balloon_device_has_no_statistics_period(
    linux: dict[str, LabGuest], hypervisor: Hypervisor
) -> None:
    assert linux["no-device"].pid

    with pytest.raises(Refused) as refusal:
        hypervisor.set_statistics_period(named(hypervisor, "no-device"), 2)

    assert refusal.value.cause == "no_balloon_device"


def test_a_read_only_connection_reads_all_and_changes_nothing(lab: Lab, linux: dict[str, LabGuest]) -> None:
    assert linux
    reader = Hypervisor(lab.read_only_uri, read_only=True, deadline=10)
    usual = named(reader, "usual")
    changes: list[Callable[[], None]] = [
        lambda: reader.set_memory(usual, 512 * MIB),
        lambda: reader.set_statistics_period(usual, 5),
        lambda: reader.set_overrides(usual, HELD),
    ]

    for change in changes:
        with pytest.raises(Refused, match="the connection is read-only") as refusal:
            change()
        assert refusal.value.cause == "read_only"
    assert usual.sample is not None
    reader.close()


def test_a_guest_that_is_off_is_listed_and_takes_only_what_is_kept(
    lab: Lab, boot_off: str, hypervisor: Hypervisor
) -> None:
    off = named(hypervisor, boot_off)

    with pytest.raises(Refused) as refusal:
        hypervisor.set_memory(off, 64 * MIB)
    hypervisor.set_overrides(off, HELD)

    assert (off.state, off.active, off.read, off.traits, off.sample) == (
        State.SHUT_OFF,
        False,
        Read.OK,
        None,
        None,
    )
    assert refusal.value.cause == "not_running"
    assert 'weight="200"' in lab.virsh.run("dumpxml", boot_off)


@pytest.fixture
def boot_off(lab: Lab) -> Iterator[str]:
    file = lab.directory / "off.xml"
    file.write_text(VIRTIO_MEM.replace("plugged", "off"))
    lab.virsh.run("define", str(file))
    yield "off"
    lab.virsh.run("undefine", "off")


def test_a_guest_that_is_gone_is_gone(lab: Lab, hypervisor: Hypervisor) -> None:
    (qemu,) = lab.cheap_guests(1, "leaving")
    leaving = named(hypervisor, qemu.name)
    qemu.destroy()

    with pytest.raises(GuestGone, match="cannot resize leaving-0000 to 32Mi"):
        hypervisor.set_memory(leaving, 32 * MIB)

    assert qemu.name not in {guest.name for guest in hypervisor.read().guests}


@pytest.mark.parametrize(
    ("socket", "why"),
    [
        ("/nonexistent", "No such file or directory; is libvirt running here"),
        ("/etc/passwd", "Connection refused; is libvirt running there"),
    ],
    ids=["no socket", "nobody behind the socket"],
)
def test_an_unreachable_libvirt_is_told_in_one_line(socket: str, why: str) -> None:
    uri = f"qemu+unix:///system?socket={socket}"

    with pytest.raises(HypervisorUnreachable, match=why) as unreachable:
        Hypervisor(uri, read_only=True).read()

    assert str(unreachable.value).startswith(f"cannot reach libvirt at {uri}: ")
    assert "\n" not in str(unreachable.value)


def test_libvirt_prints_nothing_of_its_own(lab: Lab, linux: dict[str, LabGuest]) -> None:
    assert linux
    program = f"""
from ballonet.errors import BallonetError
from ballonet.hypervisor import Hypervisor
for uri in ("qemu+unix:///system?socket=/nonexistent", {lab.uri!r}):
    hypervisor = Hypervisor(uri, read_only=False, deadline=10)
    try:
        guests = hypervisor.read().guests
        hypervisor.set_memory(next(guest for guest in guests if guest.name == "no-device"), 4096)
    except BallonetError as error:
        print(type(error).__name__)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert (ran.stdout, ran.stderr) == ("HypervisorUnreachable\nRefused\n", "")
