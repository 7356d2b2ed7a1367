"""Who is left alone, and the reason given for it."""

from dataclasses import replace

import pytest

from ballonet.decision import Signals, Stay
from ballonet.guest import Guest, Hold, Overrides, Read, State
from ballonet.policy import Mode, Selector
from ballonet.quantity import GIB, MIB, Amount
from ballonet.reason import Reason, sentence
from worlds import NOW, Story, by_name, decide, guest, only, policy, sample, traits, view


def hungry(**fields: object) -> Guest:
    """Return a guest that would be grown at once if it took part."""
    return guest(**{"maximum": 4 * GIB, "usable": 0, **fields})  # type: ignore[arg-type]


LEFT_ALONE = [
    pytest.param(hungry(migrating=True), Reason.MIGRATING, id="a-migration"),
    pytest.param(hungry(state=State.PAUSED), Reason.NOT_RUNNING, id="paused"),
    pytest.param(hungry(state=State.SHUT_OFF), Reason.NOT_RUNNING, id="shut-off"),
    pytest.param(hungry(state=State.CRASHED), Reason.NOT_RUNNING, id="crashed"),
    pytest.param(hungry(state=State.SUSPENDED), Reason.NOT_RUNNING, id="suspended"),
    pytest.param(hungry(state=State.SHUTDOWN), Reason.NOT_RUNNING, id="in-shutdown"),
    pytest.param(hungry(state=State.UNKNOWN), Reason.NOT_RUNNING, id="no-state"),
    pytest.param(hungry(read=Read.BUSY), Reason.READ_INCOMPLETE, id="busy"),
    pytest.param(hungry(read=Read.DEADLINE), Reason.READ_INCOMPLETE, id="too-slow"),
    pytest.param(hungry(read=Read.VANISHED), Reason.READ_INCOMPLETE, id="vanished"),
    pytest.param(hungry(read=Read.BUSY, frozen=True), Reason.UNRESPONSIVE, id="busy-again-and-again"),
    pytest.param(replace(hungry(), actual=None), Reason.READ_INCOMPLETE, id="no-size"),
    pytest.param(replace(hungry(), maximum=None), Reason.READ_INCOMPLETE, id="no-maximum"),
    pytest.param(replace(hungry(), maximum=0), Reason.READ_INCOMPLETE, id="a-maximum-of-nothing"),
    pytest.param(hungry(traits=None), Reason.READ_INCOMPLETE, id="no-xml"),
    pytest.param(
        hungry(traits=traits(balloon_model="none")), Reason.NO_BALLOON_DEVICE, id="no-balloon-device"
    ),
    pytest.param(
        hungry(traits=traits(overrides=Overrides(exempt=True))), Reason.EXEMPT, id="its-metadata-says-so"
    ),
    pytest.param(
        hungry(traits=traits(overrides=Overrides(hold=Hold(until=NOW + 1)))), Reason.HELD, id="held"
    ),
    pytest.param(
        hungry(traits=traits(overrides=Overrides(hold=Hold(until=NOW + 1, size=GIB)))),
        Reason.HELD,
        id="held-at-a-size",
    ),
    pytest.param(hungry(traits=traits(hugepages=True)), Reason.HUGEPAGES, id="huge-pages"),
    pytest.param(hungry(traits=traits(locked=True)), Reason.MEMORY_PINNED, id="locked-memory"),
    pytest.param(hungry(traits=traits(host_devices=True)), Reason.MEMORY_PINNED, id="an-assigned-device"),
    pytest.param(hungry(traits=traits(confidential=True)), Reason.MEMORY_PINNED, id="encrypted-memory"),
    pytest.param(hungry(dropped=("total",)), Reason.STATISTICS_IMPOSSIBLE, id="an-impossible-total"),
    pytest.param(hungry(dropped=("usable",)), Reason.STATISTICS_IMPOSSIBLE, id="an-impossible-usable"),
    pytest.param(hungry(sample=None), Reason.STATISTICS_NEVER_SEEN, id="no-report-ever"),
    pytest.param(
        hungry(sample=replace(sample(usable=0), total=None)), Reason.STATISTICS_NEVER_SEEN, id="no-total"
    ),
    pytest.param(
        hungry(sample=replace(sample(usable=0), usable=None, unused=None)),
        Reason.STATISTICS_NEVER_SEEN,
        id="neither-usable-nor-unused",
    ),
]


@pytest.mark.parametrize(("one", "reason"), LEFT_ALONE)
def test_a_guest_is_left_alone_and_told_why(one: Guest, reason: Reason) -> None:
    decision = only(decide(view(one)))
    assert isinstance(decision, Stay)
    assert decision.reason is reason
    assert decision.policy == "all"


@pytest.mark.parametrize(("one", "reason"), LEFT_ALONE)
def test_a_guest_that_is_left_alone_is_left_alone_by_a_host_in_need_as_well(
    one: Guest, reason: Reason
) -> None:
    decision = only(decide(view(one, available=0, signals=Signals(critical=frozenset({"all"})))))
    assert isinstance(decision, Stay)
    assert decision.reason is reason


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(hungry(), id="a-usual-guest"),
        pytest.param(hungry(state=State.IDLE), id="idle"),
        pytest.param(hungry(traits=traits(overrides=Overrides(hold=Hold(until=NOW)))), id="hold-is-over"),
        pytest.param(hungry(dropped=("major_faults",)), id="a-counter-was-impossible"),
        pytest.param(
            hungry(sample=replace(sample(usable=0), usable=None, unused=0)), id="an-old-kernel"
        ),
        pytest.param(hungry(traits=traits(virtio_mem=True)), id="virtio-mem-beside-the-balloon"),
        pytest.param(hungry(traits=traits(free_page_reporting=True)), id="free-page-reporting"),
    ],
)  # fmt: skip
def test_a_guest_that_can_be_helped_takes_part(one: Guest) -> None:
    assert only(decide(view(one))).reason is Reason.STARVED


def test_a_freezing_policy_leaves_its_guests_where_they_are() -> None:
    decision = only(decide(view(hungry(), available=0), policy(mode=Mode.FREEZE)))
    assert (type(decision), decision.reason) == (Stay, Reason.FROZEN_BY_POLICY)


def test_a_firing_alert_freezes_the_guest_that_it_names() -> None:
    signals = Signals(freeze=frozenset({"uuid-a"}))
    decided = by_name(decide(view(hungry(name="a"), hungry(name="b"), signals=signals)))
    assert (decided["a"].reason, decided["b"].reason) == (Reason.FROZEN_BY_ALERT, Reason.STARVED)


def test_freezing_wins_over_a_growing_alert() -> None:
    signals = Signals(freeze=frozenset({"uuid-a"}), grow=frozenset({"uuid-a"}))
    assert only(decide(view(hungry(), signals=signals))).reason is Reason.FROZEN_BY_ALERT


def test_a_guest_that_no_policy_selects_is_nobodys() -> None:
    decision = only(decide(view(hungry()), policy(guests=Selector(names=("other",)))))
    assert (decision.reason, decision.policy) == (Reason.NO_POLICY, None)


@pytest.mark.parametrize(("one", "reason"), LEFT_ALONE)
def test_nobodys_guest_is_nobodys_whatever_else_is_the_matter_with_it(one: Guest, reason: Reason) -> None:
    elsewhere = policy(guests=Selector(names=("other",)))
    assert only(decide(view(one), elsewhere)).reason is Reason.NO_POLICY, reason


def test_the_reason_given_is_the_one_that_would_have_to_go_first() -> None:
    wretch = hungry(
        migrating=True,
        state=State.PAUSED,
        traits=traits(hugepages=True, locked=True, overrides=Overrides(exempt=True)),
        sample=None,
    )
    frozen = policy(mode=Mode.FREEZE)
    given = [only(decide(view(wretch), frozen)).reason]
    for mended in (
        {"migrating": False},
        {"state": State.RUNNING},
        {"traits": traits(hugepages=True, locked=True)},
        {"traits": traits(locked=True)},
        {"traits": traits()},
    ):
        wretch = replace(wretch, **mended)
        given.append(only(decide(view(wretch), frozen)).reason)
    assert given == [
        Reason.MIGRATING, Reason.NOT_RUNNING, Reason.EXEMPT, Reason.HUGEPAGES, Reason.MEMORY_PINNED,
        Reason.FROZEN_BY_POLICY,
    ]  # fmt: skip
    assert only(decide(view(wretch))).reason is Reason.STATISTICS_NEVER_SEEN


def test_a_guest_is_left_alone_in_the_cycle_in_which_it_cannot_be_read_and_moved_in_the_next() -> None:
    story = Story()
    story.then(hungry(), refused=True)
    assert only(story.then(hungry(read=Read.BUSY))).reason is Reason.READ_INCOMPLETE
    assert only(story.then(hungry())).reason is Reason.STARVED


def test_a_held_guest_moves_again_when_its_time_is_over() -> None:
    story = Story(policies=(policy(floor=Amount(size=0)),))
    held = hungry(traits=traits(overrides=Overrides(hold=Hold(until=NOW + 60))))
    reasons = [only(story.then(held, after=20)).reason for _ in range(4)]
    assert reasons == [Reason.HELD, Reason.HELD, Reason.HELD, Reason.STARVED]


def test_an_idle_guest_without_a_report_is_not_shrunk_however_little_it_uses() -> None:
    booting = guest(actual=4 * GIB, maximum=4 * GIB, resident=200 * MIB, sample=None)
    assert isinstance(only(decide(view(booting, available=0))), Stay)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_sentence(reason: Reason) -> None:
    assert sentence(reason)
    assert not sentence(reason).endswith(".")
