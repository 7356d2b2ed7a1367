"""The facts of a guest that only its libvirt XML tells, as values.

Pure translation of ``virsh dumpxml``. The XML itself is libvirt's and well-formed; what a person wrote into
its ``<metadata>`` is not trusted: a value that cannot be used counts as not written and raises nothing.
Elements are described in https://libvirt.org/formatdomain.html. No libvirt call may live here.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from ballonet.errors import ConfigError
from ballonet.guest import Hold, Overrides, Traits
from ballonet.quantity import KIB, LARGEST, Amount, parse_amount, parse_size

# The namespace of our element below <metadata>, and the prefix that virsh shows it with.
NAMESPACE: Final = "https://ballonet.dev/libvirt/1"
PREFIX: Final = "ballonet"

_CONFIDENTIAL: Final = frozenset({"sev", "sev-snp", "tdx", "s390-pv"})
# Devices that VFIO assigns; usb and scsi hostdevs go through QEMU and pin nothing.
_VFIO: Final = frozenset({"pci", "mdev"})
_UNITS: Final = {
    "b": 1, "bytes": 1,
    "KB": 10**3, "k": KIB, "KiB": KIB,
    "MB": 10**6, "M": KIB**2, "MiB": KIB**2,
    "GB": 10**9, "G": KIB**3, "GiB": KIB**3,
    "TB": 10**12, "T": KIB**4, "TiB": KIB**4,
}  # fmt: skip
_HEAVIEST: Final = 10_000  # The largest weight, as in a policy.
_LONGEST: Final = 64  # Characters of an attribute worth parsing.


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one XML document says.

    Attributes:
        virtio_mem_size: the most that the guest's virtio-mem devices can plug in together, bytes.
        virtio_mem_current: what they have plugged in.
    """

    traits: Traits = Traits()
    virtio_mem_size: int = 0
    virtio_mem_current: int = 0


def facts_from(xml: str) -> Facts:
    """Return the facts of a domain's XML.

    Raises:
        ValueError: the text is no XML (``xml.etree.ElementTree.ParseError`` is not one, so it is wrapped).
    """
    try:
        domain = ET.fromstring(xml)  # noqa: S314 - libvirt wrote it, with every name escaped.
    except ET.ParseError as error:
        raise ValueError(f"libvirt's domain XML cannot be parsed: {error}") from error
    plugged = domain.findall("devices/memory[@model='virtio-mem']")
    return Facts(
        traits=_traits(domain, virtio_mem=bool(plugged)),
        virtio_mem_size=sum(_size(device.find("target/size")) for device in plugged),
        virtio_mem_current=sum(_size(device.find("target/current")) for device in plugged),
    )


def _traits(domain: ET.Element, *, virtio_mem: bool) -> Traits:
    balloon = domain.find("devices/memballoon")
    backing = domain.find("memoryBacking")
    hostdevs = domain.iterfind("devices/hostdev")
    security = domain.find("launchSecurity")
    return Traits(
        balloon_model="none" if balloon is None else balloon.get("model", "none"),
        statistics_period=_period(balloon),
        autodeflate=balloon is not None and balloon.get("autodeflate") == "on",
        free_page_reporting=balloon is not None and balloon.get("freePageReporting") == "on",
        hugepages=backing is not None and backing.find("hugepages") is not None,
        locked=backing is not None and backing.find("locked") is not None,
        host_devices=any(device.get("type") in _VFIO for device in hostdevs),
        virtio_mem=virtio_mem,
        confidential=security is not None and security.get("type") in _CONFIDENTIAL,
        overrides=_overrides(domain.find(f"metadata/{{{NAMESPACE}}}guest")),
    )


def _period(balloon: ET.Element | None) -> int:
    stats = balloon.find("stats") if balloon is not None else None
    text = stats.get("period", "") if stats is not None else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _size(element: ET.Element | None) -> int:
    """Return the bytes of an element such as ``<size unit='KiB'>1048576</size>``; 0 where it says none."""
    text = ((element.text or "") if element is not None else "").strip()
    if element is None or not (text.isascii() and text.isdigit() and len(text) < 20):
        return 0
    return min(LARGEST, int(text) * _UNITS.get(element.get("unit", "KiB"), 0))


def _overrides(element: ET.Element | None) -> Overrides:
    if element is None:
        return Overrides()
    return Overrides(
        floor=_floor(element.get("floor", "")),
        weight=_weight(element.get("weight", "")),
        exempt=element.get("exempt") == "yes",
        hold=_hold(element.get("hold-until", ""), element.get("hold-size", "")),
    )


def _floor(text: str) -> Amount | None:
    try:
        return parse_amount(text) if len(text) <= _LONGEST else None
    except ConfigError:
        return None


def _weight(text: str) -> int | None:
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(_HEAVIEST))
    weight = int(text) if digits else 0
    return weight if 1 <= weight <= _HEAVIEST else None


def _hold(until: str, size: str) -> Hold | None:
    """Return the hold; one whose end cannot be read holds nothing, one whose size cannot holds as it is."""
    try:
        moment = float(until) if len(until) <= _LONGEST else math.nan
    except ValueError:
        return None
    if not (math.isfinite(moment) and moment > 0):
        return None
    try:
        return Hold(until=moment, size=parse_size(size) if 0 < len(size) <= _LONGEST else None)
    except ConfigError:
        return Hold(until=moment)


def xml_from(overrides: Overrides) -> str | None:
    """Return the metadata element that says ``overrides``, without prefix as ``virDomainSetMetadata`` wants.

    None when there is nothing to say, which removes the element.
    """
    attributes = dict(_attributes(overrides))
    if not attributes:
        return None
    return ET.tostring(ET.Element("guest", attributes), encoding="unicode")


def _attributes(overrides: Overrides) -> Iterator[tuple[str, str]]:
    if overrides.floor is not None:
        percent = overrides.floor.percent
        yield "floor", f"{percent:g}%" if percent is not None else str(overrides.floor.size or 0)
    if overrides.weight is not None:
        yield "weight", str(overrides.weight)
    if overrides.exempt:
        yield "exempt", "yes"
    if overrides.hold is not None:
        yield "hold-until", f"{overrides.hold.until:.0f}"
        if overrides.hold.size is not None:
            yield "hold-size", str(overrides.hold.size)
