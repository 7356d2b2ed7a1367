"""The facts of a domain's XML, and the overrides in its metadata."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballonet.guest import Hold, Overrides, Traits
from ballonet.libvirtd.domain_xml import NAMESPACE, Facts, facts_from, xml_from
from ballonet.quantity import GIB, MIB, Amount


def domain(devices: str = "<memballoon model='virtio'/>", rest: str = "") -> str:
    return f"<domain type='kvm' id='7'><name>web-1</name>{rest}<devices>{devices}</devices></domain>"


def metadata(attributes: str) -> str:
    guest = f'<ballonet:guest xmlns:ballonet="{NAMESPACE}" {attributes}/>'
    return domain(rest=f'<metadata><other:x xmlns:other="http://other" floor="1"/>{guest}</metadata>')


def virtio_mem(size: str = "512", unit: str = "MiB", current: str = "128") -> str:
    target = f"<size unit='{unit}'>{size}</size><current unit='{unit}'>{current}</current>"
    return f"<memory model='virtio-mem'><target>{target}</target></memory>"


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        pytest.param(domain(), {}, id="a plain virtio balloon"),
        pytest.param(domain(""), {"balloon_model": "none"}, id="no balloon element"),
        pytest.param(domain("<memballoon model='none'/>"), {"balloon_model": "none"}, id="model none"),
        pytest.param(domain("<memballoon/>"), {"balloon_model": "none"}, id="no model"),
        pytest.param(
            domain("<memballoon model='virtio'><stats period='10'/></memballoon>"),
            {"statistics_period": 10},
            id="a statistics period",
        ),
        pytest.param(
            domain("<memballoon model='virtio'><stats period='often'/></memballoon>"),
            {},
            id="a broken period",
        ),
        pytest.param(
            domain("<memballoon model='virtio' autodeflate='on' freePageReporting='on'/>"),
            {"autodeflate": True, "free_page_reporting": True},
            id="autodeflate and free page reporting on",
        ),
        pytest.param(
            domain("<memballoon model='virtio' autodeflate='off' freePageReporting='off'/>"),
            {},
            id="both off",
        ),
        pytest.param(
            domain(rest="<memoryBacking><hugepages/></memoryBacking>"), {"hugepages": True}, id="huge pages"
        ),
        pytest.param(domain(rest="<memoryBacking><locked/></memoryBacking>"), {"locked": True}, id="locked"),
        pytest.param(domain(rest="<memoryBacking><nosharepages/></memoryBacking>"), {}, id="other backing"),
        pytest.param(
            domain("<memballoon model='virtio'/><hostdev mode='subsystem' type='pci' managed='yes'/>"),
            {"host_devices": True},
            id="a PCI device",
        ),
        pytest.param(
            domain("<memballoon model='virtio'/><hostdev mode='subsystem' type='mdev'/>"),
            {"host_devices": True},
            id="a mediated device",
        ),
        pytest.param(
            domain("<memballoon model='virtio'/><hostdev mode='subsystem' type='usb'/>"),
            {},
            id="a USB device",
        ),
        pytest.param(domain(rest="<launchSecurity type='sev'/>"), {"confidential": True}, id="SEV"),
        pytest.param(domain(rest="<launchSecurity type='sev-snp'/>"), {"confidential": True}, id="SEV-SNP"),
        pytest.param(domain(rest="<launchSecurity type='tdx'/>"), {"confidential": True}, id="TDX"),
        pytest.param(domain(rest="<launchSecurity type='s390-pv'/>"), {"confidential": True}, id="s390"),
        pytest.param(domain(rest="<launchSecurity type='none'/>"), {}, id="no launch security"),
    ],
)
def test_traits_are_what_the_xml_says(xml: str, expected: Mapping[str, Any]) -> None:
    assert facts_from(xml) == Facts(traits=Traits(**expected))


def test_virtio_mem_is_counted_apart_from_boot_memory() -> None:
    devices = f"{virtio_mem()}{virtio_mem('1', 'GiB', '0')}<memballoon model='virtio'/>"

    facts = facts_from(domain(devices))

    assert facts.traits.virtio_mem
    assert (facts.virtio_mem_size, facts.virtio_mem_current) == (GIB + 512 * MIB, 128 * MIB)


def test_an_ordinary_memory_module_is_no_virtio_mem() -> None:
    facts = facts_from(domain("<memory model='dimm'><target><size unit='MiB'>512</size></target></memory>"))

    assert (facts.traits.virtio_mem, facts.virtio_mem_size) == (False, 0)


@pytest.mark.parametrize("size", ["", "much", "-5", "9" * 30], ids=["empty", "words", "negative", "endless"])
def test_a_virtio_mem_size_that_cannot_be_read_counts_nothing(size: str) -> None:
    assert facts_from(domain(virtio_mem(size=size))).virtio_mem_size == 0


def test_what_is_no_xml_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot be parsed"):
        facts_from("<domain>")


def test_all_overrides_are_read() -> None:
    text = 'floor="512Mi" weight="200" exempt="yes" hold-until="1790000000" hold-size="536870912"'

    assert facts_from(metadata(text)).traits.overrides == Overrides(
        floor=Amount(size=512 * MIB),
        weight=200,
        exempt=True,
        hold=Hold(until=1790000000.0, size=512 * MIB),
    )


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        pytest.param("", Overrides(), id="nothing said"),
        pytest.param('floor="25%"', Overrides(floor=Amount(percent=25.0)), id="a floor in percent"),
        pytest.param('floor="lots"', Overrides(), id="a floor that is no size"),
        pytest.param(f'floor="{"1" * 70}"', Overrides(), id="an endless floor"),
        pytest.param('weight="0"', Overrides(), id="a weight too small"),
        pytest.param('weight="10001"', Overrides(), id="a weight too large"),
        pytest.param('weight="1e3"', Overrides(), id="a weight that is no whole number"),
        pytest.param('weight="٣"', Overrides(), id="a weight in other digits"),
        pytest.param('exempt="true"', Overrides(), id="an exemption in other words"),
        pytest.param('hold-size="1Gi"', Overrides(), id="a hold without end"),
        pytest.param('hold-until="nan"', Overrides(), id="a hold until nan"),
        pytest.param('hold-until="inf"', Overrides(), id="a hold for ever"),
        pytest.param('hold-until="-1"', Overrides(), id="a hold until before the epoch"),
        pytest.param('hold-until="tomorrow"', Overrides(), id="a hold until a word"),
        pytest.param('hold-until="1e9"', Overrides(hold=Hold(until=1e9)), id="a hold without size"),
        pytest.param(
            'hold-until="1790000000" hold-size="?"',
            Overrides(hold=Hold(until=1.79e9)),
            id="a broken hold size",
        ),
        pytest.param('weight="7" floor="?"', Overrides(weight=7), id="a broken value beside a good one"),
    ],
)
def test_overrides_that_cannot_be_used_count_as_not_written(attributes: str, expected: Overrides) -> None:
    assert facts_from(metadata(attributes)).traits.overrides == expected


def test_overrides_that_say_nothing_are_no_element() -> None:
    assert xml_from(Overrides()) is None


_AMOUNTS = st.one_of(
    st.integers(min_value=0, max_value=2**62).map(lambda size: Amount(size=size)),
    st.integers(min_value=0, max_value=100).map(lambda percent: Amount(percent=float(percent))),
)
_HOLDS = st.builds(
    Hold,
    until=st.integers(min_value=1, max_value=2**40).map(float),
    size=st.none() | st.integers(min_value=0, max_value=2**62),
)
_OVERRIDES = st.builds(
    Overrides,
    floor=st.none() | _AMOUNTS,
    weight=st.none() | st.integers(min_value=1, max_value=10_000),
    exempt=st.booleans(),
    hold=st.none() | _HOLDS,
)


@given(_OVERRIDES.filter(lambda overrides: overrides != Overrides()))
def test_overrides_are_read_as_they_were_written(overrides: Overrides) -> None:
    element = xml_from(overrides)
    assert element is not None
    # libvirt puts the element into our namespace.
    placed = element.replace("<guest", f'<guest xmlns="{NAMESPACE}"', 1)

    xml = domain(rest=f"<metadata>{placed}</metadata>")

    assert facts_from(xml).traits.overrides == overrides


@given(
    st.dictionaries(
        st.sampled_from(["floor", "weight", "exempt", "hold-until", "hold-size"]),
        st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="<&\"'")),
    )
)
def test_no_text_in_the_metadata_raises(attributes: dict[str, str]) -> None:
    text = " ".join(f'{name}="{value}"' for name, value in attributes.items())

    facts_from(metadata(text))
