"""The guests that a host's status tells of one by one."""

from dataclasses import replace

import pytest

from ballonet.decision import Decision, Starvation
from ballonet.guest import Guest, State
from ballonet.manifests.v1alpha1_host import MOST_DETAILS
from ballonet.manifests.v1alpha1_status import LONGEST_MESSAGE
from ballonet.quantity import GIB, MIB
from ballonet.reason import Reason
from ballonet_operator.node.guest_details import details
from ballonet_operator.report import Outcome, Result
from herd import HOSTILE
from host_reports import done, report, resize, stay
from worlds import guest


def shrunk(name: str, by: int = 100 * MIB) -> Guest:
    return guest(name, actual=GIB - by)


def names(*decisions: Decision) -> list[str]:
    return [each.guest for each in details(report(*decisions))[0]]


def test_trouble_comes_first_and_then_who_has_least_of_its_maximum() -> None:
    told = names(
        stay(shrunk("little", 10 * MIB)),
        stay(shrunk("much", 500 * MIB)),
        stay(guest("pinned"), Reason.MEMORY_PINNED),
        stay(guest("impossible"), Reason.STATISTICS_IMPOSSIBLE),
        stay(guest("stale"), Reason.STATISTICS_STALE),
        stay(shrunk("lacking"), Reason.HOST_FULL),
        stay(guest("unresponsive"), Reason.UNRESPONSIVE),
        stay(guest("stuck"), Reason.STUCK),
        stay(guest("starved"), starved=Starvation.FAULTING),
    )

    assert told == [
        "starved",
        "stuck",
        "unresponsive",
        "lacking",
        "stale",
        "impossible",
        "pinned",
        "much",
        "little",
    ]


@pytest.mark.parametrize(
    "decision",
    [
        pytest.param(stay(guest()), id="at its maximum and well"),
        pytest.param(stay(shrunk("a"), Reason.NO_POLICY, None), id="nobody's"),
        pytest.param(
            stay(Guest(uuid="a", name="a", state=State.SHUT_OFF, maximum=GIB), Reason.NOT_RUNNING),
            id="not running",
        ),
        pytest.param(stay(guest(), Reason.HELD), id="held at its maximum"),
    ],
)
def test_of_other_guests_nothing_is_told(decision: Decision) -> None:
    assert details(report(decision)) == ((), 0)


def test_sizes_are_in_whole_mi_and_the_target_is_what_was_really_asked() -> None:
    made, failed = resize(shrunk("made"), 800 * MIB + 5), resize(shrunk("refused"), 800 * MIB)
    refusal = Outcome(decision=failed, result=Result.REFUSED, cause="busy", message="domain\nis busy")

    (first, second), _ = details(report(made, failed, outcomes=[done(made), refusal]))

    assert (first.guest, first.target) == ("refused", "924Mi")
    assert first.message.endswith("and this guest can spare some; not moved: domain is busy")
    assert (second.guest, second.actual, second.target, second.maximum) == ("made", "924Mi", "800Mi", "1Gi")
    assert (second.policy, second.reason) == ("all", "HostLow")


def test_a_starved_guest_is_said_to_be_starved_whatever_holds_it() -> None:
    (told,), _ = details(report(stay(guest(), Reason.FROZEN_BY_POLICY, starved=Starvation.EXHAUSTED)))

    assert told.message == (
        "the policy freezes its guests where they are; it is starved: next to nothing is usable"
    )


def test_what_wavers_within_the_dead_band_is_settled() -> None:
    one = shrunk("a")

    assert details(report(stay(one, Reason.SMALL_CHANGE))) == details(report(stay(one)))


def test_of_too_many_the_rest_is_counted() -> None:
    crowd = [stay(shrunk(f"{number:03}", (number + 1) * MIB)) for number in range(MOST_DETAILS + 3)]
    trouble = stay(guest("zz"), Reason.STUCK)

    told, omitted = details(report(*crowd, trouble))

    assert (len(told), omitted) == (MOST_DETAILS, 4)
    assert [each.guest for each in told[:2]] == ["zz", "066"]


def test_the_order_of_guests_is_no_news() -> None:
    herd = [stay(shrunk(name)) for name in "abc"]
    jittered = [replace(each, guest=replace(each.guest, actual=924 * MIB + 4096)) for each in herd[:1]]

    assert details(report(*reversed(herd))) == details(report(*herd)) == details(report(*jittered, *herd[1:]))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HOSTILE, id="escapes"),
        pytest.param("x" * 100_000, id="long"),
        pytest.param("\udcff" * 300, id="surrogates"),
        pytest.param("\n\t " * 50, id="blank"),
    ],
)
def test_what_guests_are_called_and_what_libvirt_says_is_bounded_and_printable(text: str) -> None:
    one = replace(shrunk("a"), name=text, uuid=text)
    move = resize(one, 800 * MIB, owner=text)
    refusal = Outcome(decision=move, result=Result.REFUSED, cause="busy", message=text)

    (told,), _ = details(report(move, outcomes=[refusal]))

    for value, longest in ((told.guest, 253), (told.uuid, 253), (told.message, LONGEST_MESSAGE)):
        assert value.isprintable()
        assert len(value) <= longest
