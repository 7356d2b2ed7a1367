"""Which wishes for a size can be met, and what a person is told about the others."""

from typing import Any

import pytest

from ballonet.errors import BallonetError, ConfigError, Refused
from ballonet.guest import Guest, Read, State
from ballonet.quantity import GIB, MIB, Amount
from ballonet_cli.request import Request, judge, parse_wish
from worlds import NOW, guest, sample, traits


@pytest.mark.parametrize(
    ("text", "size"),
    [
        pytest.param("512MiB", 512 * MIB, id="as virsh writes it"),
        pytest.param("512Mi", 512 * MIB, id="as Kubernetes writes it"),
        pytest.param("50%", 512 * MIB, id="percentage of the maximum"),
        pytest.param("max", GIB, id="all of it"),
        pytest.param(" MAX ", GIB, id="all of it, shouted"),
    ],
)
def test_a_wish_is_a_size_a_percentage_or_the_maximum(text: str, size: int) -> None:
    assert judge(guest(usable=900 * MIB), parse_wish(text), NOW) == Request(size=size)


@pytest.mark.parametrize("text", ["", "much", "110%", "-1Gi", "12m", "1e9", "٣Gi"])
def test_a_wish_that_is_no_size_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_wish(text)

    assert "\n" not in str(caught.value)


def test_a_size_above_the_maximum_is_clamped_and_said() -> None:
    request = judge(guest(), Amount(size=4 * GIB), NOW)

    assert request.size == GIB
    assert len(request.remarks) == 1
    assert request.remarks[0].startswith(
        "a cannot have 4Gi: its maximum is 1Gi, so it is set to that; for more"
    )


@pytest.mark.parametrize(
    ("subject", "kind", "words"),
    [
        pytest.param(guest(state=State.SHUT_OFF), ConfigError, "`virsh start a`", id="off"),
        pytest.param(
            guest(traits=traits(balloon_model="none")), ConfigError, "<memballoon model='virtio'/>", id="bare"
        ),
        pytest.param(guest(traits=traits(hugepages=True)), ConfigError, "huge pages", id="huge pages"),
        pytest.param(guest(traits=traits(locked=True)), ConfigError, "locked memory", id="locked"),
        pytest.param(guest(traits=traits(host_devices=True)), ConfigError, "host device", id="host device"),
        pytest.param(guest(traits=traits(confidential=True)), ConfigError, "encrypted", id="confidential"),
        pytest.param(guest(migrating=True), Refused, "is being migrated", id="migrating"),
        pytest.param(guest(frozen=True), Refused, "does not answer", id="frozen"),
        pytest.param(guest(read=Read.BUSY), Refused, "does not answer", id="busy"),
        pytest.param(
            Guest(uuid="u", name="a", read=Read.DEADLINE), Refused, "does not answer", id="not read at all"
        ),
        pytest.param(guest(usable=100 * MIB), ConfigError, "or add --force", id="needs more"),
    ],
)
def test_a_guest_that_cannot_be_set_is_named_with_why_and_what_to_do(
    subject: Guest, kind: type[BallonetError], words: str
) -> None:
    with pytest.raises(kind) as caught:
        judge(subject, Amount(size=512 * MIB), NOW)

    assert str(caught.value).startswith("a ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_force_takes_more_than_the_guest_says_it_can_give() -> None:
    assert judge(guest(usable=0), Amount(size=512 * MIB), NOW, force=True).size == 512 * MIB


@pytest.mark.parametrize("force", [False, True])
def test_no_guest_is_set_to_what_none_boots_with(*, force: bool) -> None:
    with pytest.raises(ConfigError, match="ask for at least 64Mi"):
        judge(guest(), Amount(size=63 * MIB), NOW, force=force)


def test_a_size_without_a_unit_is_spelt_out_as_bytes() -> None:
    with pytest.raises(ConfigError, match="a cannot run in 512 bytes: ask for at least 64Mi"):
        judge(guest(), Amount(size=512), NOW)


def test_a_growing_guest_is_never_refused_for_its_use() -> None:
    small = guest(actual=256 * MIB, usable=0)

    assert judge(small, Amount(size=300 * MIB), NOW).size == 300 * MIB


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"sample": None}, "never reported", id="no sample"),
        pytest.param({"sample": sample(usable=0, timestamp=0)}, "never reported", id="sample of the epoch"),
        pytest.param({"state": State.PAUSED}, "`virsh resume a`", id="paused"),
    ],
)
def test_a_guest_that_may_not_move_is_set_with_a_warning(fields: dict[str, Any], words: str) -> None:
    request = judge(guest(**fields), Amount(size=512 * MIB), NOW)

    assert request.size == 512 * MIB
    assert len(request.remarks) == 1
    assert words in request.remarks[0]


def test_old_statistics_do_not_speak_against_a_size() -> None:
    old = guest(sample=sample(usable=0, timestamp=NOW - 60))

    assert judge(old, Amount(size=512 * MIB), NOW) == Request(size=512 * MIB)


def test_a_hostile_name_is_escaped_in_what_is_said() -> None:
    request = judge(guest("a\x1b[31m\n"), Amount(size=2 * GIB), NOW)

    assert request.remarks[0].startswith(r"a\x1b[31m\n cannot have 2Gi")
