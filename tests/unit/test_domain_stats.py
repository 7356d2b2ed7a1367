"""One record of libvirt's bulk statistics as a guest; what guests report is never believed blindly."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballonet.guest import Guest, Read, Sample, State, Traits
from ballonet.libvirtd.domain_stats import Record, guest_from
from ballonet.libvirtd.domain_xml import Facts
from ballonet.quantity import KIB, LARGEST, MIB

NOW = 1_790_000_000.0

# As libvirt 9.0 gave it for a running guest of 1 GiB; sizes are KiB.
REAL = {
    "state.state": 1,
    "state.reason": 1,
    "balloon.current": 524288,
    "balloon.maximum": 1048576,
    "balloon.swap_in": 12,
    "balloon.swap_out": 34,
    "balloon.major_fault": 56,
    "balloon.minor_fault": 821,
    "balloon.unused": 127580,
    "balloon.available": 471040,
    "balloon.usable": 131936,
    "balloon.last-update": 1789999999,
    "balloon.disk_caches": 3308,
    "balloon.hugetlb_pgalloc": 5,
    "balloon.hugetlb_pgfail": 6,
    "balloon.rss": 295748,
}


def read(facts: Facts | None = None, **changed: object) -> Guest:
    """Read the real record with some fields changed, named without ``balloon.``; None takes one out."""
    changes = {_key(name): value for name, value in changed.items()}
    record = {key: value for key, value in (REAL | changes).items() if value is not None}
    return guest(record, facts)


def _key(name: str) -> str:
    words = {"state": "state.state", "reason": "state.reason", "last_update": "balloon.last-update"}
    return words.get(name, f"balloon.{name}")


def guest(record: Record, facts: Facts | None = None) -> Guest:
    return guest_from(record, uuid="u", name="web-1", facts=facts, now=NOW)


def test_a_complete_record_becomes_bytes() -> None:
    assert guest(REAL, Facts()) == Guest(
        uuid="u",
        name="web-1",
        state=State.RUNNING,
        actual=512 * MIB,
        maximum=1024 * MIB,
        resident=295748 * KIB,
        sample=Sample(
            timestamp=1789999999.0,
            total=460 * MIB,
            usable=131936 * KIB,
            unused=127580 * KIB,
            disk_caches=3308 * KIB,
            swap_in=12 * KIB,
            swap_out=34 * KIB,
            major_faults=56,
            minor_faults=821,
            hugetlb_allocations=5,
            hugetlb_failures=6,
        ),
        traits=Traits(),
    )


def test_a_guest_without_driver_has_no_sample() -> None:
    record = {"state.state": 3, "balloon.current": 64, "balloon.maximum": 64, "balloon.last-update": 0}

    paused = guest(record | {"balloon.rss": 34952})

    assert (paused.state, paused.read, paused.sample) == (State.PAUSED, Read.OK, None)


def test_a_guest_without_balloon_device_has_no_sample() -> None:
    without = guest({"state.state": 1, "balloon.current": 64, "balloon.maximum": 64, "balloon.rss": 9})

    assert (without.sample, without.dropped, without.resident) == (None, (), 9 * KIB)


def test_a_record_without_resident_size_is_incomplete() -> None:
    busy = guest({"state.state": 1, "balloon.current": 524288, "balloon.maximum": 1048576})

    assert (busy.read, busy.actual, busy.maximum, busy.sample) == (Read.BUSY, 512 * MIB, 1024 * MIB, None)


def test_a_guest_that_went_off_meanwhile_is_not_incomplete() -> None:
    assert guest({"state.state": 5, "state.reason": 1}).read is Read.OK


def test_a_statistic_that_was_not_reported_is_absent_and_not_dropped() -> None:
    partly = read(usable=None, disk_caches=None)

    assert partly.sample is not None
    assert (partly.sample.usable, partly.sample.disk_caches, partly.dropped) == (None, None, ())


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, State.UNKNOWN),
        (1, State.RUNNING),
        (2, State.IDLE),
        (3, State.PAUSED),
        (4, State.SHUTDOWN),
        (5, State.SHUT_OFF),
        (6, State.CRASHED),
        (7, State.SUSPENDED),
        (99, State.UNKNOWN),
    ],
)
def test_states_are_named_as_virsh_does(number: int, expected: State) -> None:
    assert read(state=number).state is expected


@pytest.mark.parametrize(
    ("state", "reason", "migrating"),
    [
        pytest.param(3, 2, True, id="paused for migration"),
        pytest.param(3, 12, True, id="paused for post-copy"),
        pytest.param(3, 13, True, id="post-copy failed while paused"),
        pytest.param(1, 10, True, id="runs while post-copy goes on"),
        pytest.param(1, 11, True, id="runs and post-copy failed"),
        pytest.param(3, 1, False, id="paused by a person"),
        pytest.param(1, 2, False, id="runs since a migration"),
    ],
)
def test_a_migration_shows_in_the_reason(state: int, reason: int, *, migrating: bool) -> None:
    assert read(state=state, reason=reason).migrating is migrating


def test_virtio_mem_is_part_of_neither_size() -> None:
    facts = Facts(virtio_mem_size=512 * MIB, virtio_mem_current=128 * MIB)

    plugged = read(facts, current=(256 + 128) * KIB, maximum=(256 + 512) * KIB)

    assert (plugged.actual, plugged.maximum) == (256 * MIB, 256 * MIB)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        pytest.param({"usable": 471041}, "usable", id="more usable than there is"),
        pytest.param({"unused": 471041}, "unused", id="more unused than there is"),
        pytest.param({"disk_caches": 471041}, "disk_caches", id="more caches than there is"),
        pytest.param({"available": 16 * 1048576 + 1}, "total", id="sixteen times the maximum"),
        pytest.param({"available": 0}, "total", id="no memory at all"),
        pytest.param({"available": -1}, "total", id="negative memory"),
        pytest.param({"usable": 2**64 - 1}, "usable", id="all bits set"),
        pytest.param({"swap_in": 2**54}, "swap_in", id="swap-in beyond 63 bits once it is bytes"),
        pytest.param({"major_fault": 2**63}, "major_faults", id="faults beyond 63 bits"),
        pytest.param({"minor_fault": -5}, "minor_faults", id="negative faults"),
        pytest.param({"rss": 2**60}, "resident", id="a resident size beyond 63 bits"),
        pytest.param({"current": -1}, "actual", id="a negative balloon"),
    ],
)
def test_an_impossible_statistic_is_dropped_and_named(changed: dict[str, int], name: str) -> None:
    whole = read()
    strange = read(None, **changed)

    assert strange.dropped == (name,)
    owner: tuple[object, object] = (strange.sample, whole.sample) if name in SAMPLE else (strange, whole)
    assert getattr(owner[0], name) is None
    assert getattr(owner[1], name) is not None


SAMPLE = {field.name for field in fields(Sample)}


def test_without_a_credible_total_the_others_are_held_against_the_maximum() -> None:
    strange = read(available=2**64 - 1, usable=2**64 - 1, unused=100)

    assert strange.sample is not None
    assert (strange.sample.total, strange.sample.usable, strange.sample.unused) == (None, None, 100 * KIB)
    assert strange.dropped == ("total", "usable")


@pytest.mark.parametrize(
    "stamp", [NOW + 86401, -1, 2**64 - 1], ids=["more than a day ahead", "negative", "all bits set"]
)
def test_a_sample_of_an_impossible_time_is_dropped_whole(stamp: float) -> None:
    strange = read(last_update=int(stamp))

    assert (strange.sample, strange.dropped) == (None, ("timestamp",))


def test_a_sample_slightly_ahead_is_kept_for_the_planner_to_judge() -> None:
    ahead = read(last_update=int(NOW) + 3600)

    assert ahead.sample is not None
    assert ahead.sample.timestamp == NOW + 3600


_NUMBERS = st.one_of(
    st.integers(min_value=-(2**64), max_value=2**65),
    st.integers(min_value=0, max_value=2**21),
    st.sampled_from([0, 1, 2**63 - 1, 2**63, 2**64 - 1]),
)
_VALUES = st.one_of(_NUMBERS, st.text(max_size=3), st.none())


@given(st.dictionaries(st.sampled_from(sorted(REAL)), _VALUES))
def test_no_record_raises_or_gets_an_impossible_number_through(record: dict[str, object]) -> None:
    strange = guest(record)

    sizes = [strange.actual, strange.maximum, strange.resident]
    sample = strange.sample
    if sample is not None:
        assert 0 < sample.timestamp <= NOW + 86400
        parts = [sample.usable, sample.unused, sample.disk_caches]
        sizes += [*parts, sample.total, sample.swap_in, sample.swap_out]
        sizes += [sample.major_faults, sample.minor_faults]
        assert all(part <= sample.total for part in parts if part is not None and sample.total is not None)
    assert all(0 <= size <= LARGEST for size in sizes if size is not None)
