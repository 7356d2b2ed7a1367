"""What a lab guest looks like, and the libvirt XML that says so. No I/O."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

from ballonet.quantity import GIB, MIB
from ballonet_lab.image import GuestImage


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestSpec:
    """A guest to be made; sizes are bytes.

    Attributes:
        name: its libvirt name, which must be new in this lab.
        maximum: the memory it boots with. A Linux guest needs some 128 MiB to boot.
        current: the balloon's first target; ``maximum`` where None.
        memory_stats_period: seconds between its memory statistics; 0 turns them off.
        model: ``none`` gives it no balloon device.
        driver: False leaves its balloon device without a driver.
        autodeflate: QEMU gives memory back when the guest runs out of it.
        free_page_reporting: the guest tells the host which pages it does not use.
        swap: size of its swap disk, 0 for none.
        vcpus: virtual processors.
        paused: it is created but not started, and nobody waits for it.
        persistent: libvirt keeps its definition, so that it can be off; others vanish when they stop.
        metadata: one XML element of a namespace of its own for its ``<metadata>``.
    """

    name: str
    maximum: int = GIB
    current: int | None = None
    memory_stats_period: int = 2
    model: Literal["virtio", "none"] = "virtio"
    driver: bool = True
    autodeflate: bool = False
    free_page_reporting: bool = False
    swap: int = 0
    vcpus: int = 1
    paused: bool = False
    persistent: bool = False
    metadata: str | None = None

    @property
    def reports_statistics(self) -> bool:
        """Whether libvirt will see memory statistics of it once it is up."""
        return self.model == "virtio" and self.driver and self.memory_stats_period > 0


def linux_domain(spec: GuestSpec, *, image: GuestImage, kvm: bool, console: Path, disk: Path) -> str:
    """Return the XML of a guest that is a real Linux.

    Args:
        spec: the guest.
        image: what it boots.
        kvm: whether the machine's hardware virtualisation works.
        console: the socket of its serial line.
        disk: the file of its swap disk, used only where it has one.
    """
    domain = _domain(spec, kvm=kvm)
    system = _system(domain, machine="q35")
    _text(system, "kernel", str(image.kernel))
    _text(system, "initrd", str(image.initramfs))
    _text(system, "cmdline", _command_line(spec))
    SubElement(SubElement(domain, "features"), "acpi")
    # A kernel that panics reboots at once; let that be seen instead of a fresh guest in its place.
    _text(domain, "on_reboot", "destroy")
    SubElement(domain, "cpu", mode="host-passthrough" if kvm else "maximum")
    devices = _devices(domain)
    if spec.swap:
        _disk(devices, disk)
    serial = SubElement(devices, "serial", type="unix")
    SubElement(serial, "source", mode="bind", path=str(console))
    _balloon(devices, spec)
    return tostring(domain, encoding="unicode")


def cheap_domain(name: str) -> str:
    """Return the XML of a guest without an operating system, to be created paused, as small as QEMU gets."""
    domain = _domain(GuestSpec(name=name, maximum=64 * MIB), kvm=False)
    _system(domain, machine="pc")
    _balloon(_devices(domain), GuestSpec(name=name))
    return tostring(domain, encoding="unicode")


def _domain(spec: GuestSpec, *, kvm: bool) -> Element:
    domain = Element("domain", type="kvm" if kvm else "qemu")
    _text(domain, "name", spec.name)
    if spec.metadata is not None:
        SubElement(domain, "metadata").append(fromstring(spec.metadata))  # noqa: S314 - the test's own text.
    _text(domain, "memory", str(spec.maximum), unit="b")
    _text(domain, "currentMemory", str(spec.maximum if spec.current is None else spec.current), unit="b")
    _text(domain, "vcpu", str(spec.vcpus))
    return domain


def _system(domain: Element, *, machine: str) -> Element:
    system = SubElement(domain, "os")
    _text(system, "type", "hvm", arch="x86_64", machine=machine)
    return system


def _command_line(spec: GuestSpec) -> str:
    words = ["console=ttyS0", "quiet", "panic=-1", "mitigations=off", "random.trust_cpu=on"]
    if spec.swap:
        words.append("ballonet.swap=on")
    if not spec.driver:
        # The second word keeps a driver quiet that is built into the kernel.
        words += ["ballonet.balloon=off", "initcall_blacklist=virtio_balloon_driver_init"]
    return " ".join(words)


def _devices(domain: Element) -> Element:
    devices = SubElement(domain, "devices")
    SubElement(devices, "controller", type="usb", model="none")
    return devices


def _disk(devices: Element, path: Path) -> None:
    disk = SubElement(devices, "disk", type="file", device="disk")
    SubElement(disk, "driver", name="qemu", type="raw", cache="unsafe")
    SubElement(disk, "source", file=str(path))
    SubElement(disk, "target", dev="vda", bus="virtio")


def _balloon(devices: Element, spec: GuestSpec) -> None:
    balloon = SubElement(devices, "memballoon", model=spec.model)
    if spec.model == "none":
        return
    if spec.autodeflate:
        balloon.set("autodeflate", "on")
    if spec.free_page_reporting:
        balloon.set("freePageReporting", "on")
    if spec.memory_stats_period:
        SubElement(balloon, "stats", period=str(spec.memory_stats_period))


def _text(parent: Element, tag: str, text: str, **attributes: str) -> None:
    SubElement(parent, tag, attributes).text = text
