"""How many Events are let through, and what one looks like in Kubernetes."""

import pytest

from ballonet_operator.node.event_object import event_object
from ballonet_operator.node.event_rate import SELDOM, EventRate
from ballonet_operator.node.host_events import HostEvent
from worlds import NOW


def trouble(subject: str = "a", at: float = NOW, reason: str = "GuestStuck") -> HostEvent:
    return HostEvent(reason, subject, "stuck", at)


def recovery(subject: str = "a", at: float = NOW) -> HostEvent:
    return HostEvent("GuestRecovered", subject, "free", at, "GuestStuck")


def passed(*events: HostEvent) -> list[HostEvent]:
    """Return the Events that are let through."""
    rate, through = EventRate(), []
    for each in events:
        rate, let = rate.admit(each)
        through += [let] if let is not None else []
    return through


def test_one_trouble_of_one_guest_is_told_once_in_ten_minutes() -> None:
    events = [trouble(at=NOW + second) for second in range(0, 1801, 60)]

    assert [each.at - NOW for each in passed(*events)] == [0, 600, 1200, 1800]


def test_other_troubles_and_other_guests_are_told() -> None:
    assert len(passed(trouble(), trouble("b"), trouble(reason="GuestStarved"), trouble())) == 3


def test_all_together_are_ten_and_then_one_a_minute() -> None:
    events = [trouble(str(number), NOW + number) for number in range(600)]

    times = [each.at - NOW for each in passed(trouble("before", NOW - 86_400), *events)][1:]
    assert times[:10] == list(range(10))
    assert len(times) == 10 + 9


def test_what_was_left_out_is_counted_in_the_next_one() -> None:
    flood = [trouble(str(number)) for number in range(15)]

    last = passed(*flood, trouble("late", NOW + 60), trouble("later", NOW + 120))[-2:]

    assert [each.message for each in last] == [
        "stuck (5 earlier ones were left out, to tell not too much)",
        "stuck",
    ]


def test_the_end_of_a_trouble_is_told_only_if_its_beginning_was() -> None:
    events = [trouble(), recovery(at=NOW + 1), trouble(at=NOW + 2), recovery(at=NOW + 3), recovery("b")]

    assert [each.at - NOW for each in passed(*events)] == [0, 1]


def test_an_end_is_told_whenever_it_comes() -> None:
    events = [
        trouble(),
        recovery(at=NOW + 590),
        trouble(at=NOW + SELDOM),
        recovery(at=NOW + SELDOM + 1),
    ]

    assert len(passed(*events)) == 4


def test_a_clock_that_is_set_back_does_not_silence_for_ever() -> None:
    assert len(passed(trouble(), trouble(at=NOW - 86_400))) == 2


def test_the_event_is_about_the_host() -> None:
    body = event_object(trouble(), "kvm-1", "u-1")

    assert body["metadata"]["namespace"] == "default"
    assert body["involvedObject"] == {
        "apiVersion": "ballonet.dev/v1alpha1",
        "kind": "BalloonHost",
        "name": "kvm-1",
        "uid": "u-1",
    }
    assert (body["type"], body["reason"], body["message"]) == ("Warning", "GuestStuck", "stuck")
    assert (body["reportingComponent"], body["reportingInstance"]) == ("ballonet-agent", "kvm-1")
    assert body["firstTimestamp"] == body["lastTimestamp"] == "1970-01-12T13:46:40Z"
    assert event_object(recovery(), "kvm-1", "u-1")["type"] == "Normal"


def name(event: HostEvent, node: str = "kvm-1") -> str:
    return str(event_object(event, node, "u-1")["metadata"]["name"])


def test_an_agent_that_is_started_again_tells_a_trouble_under_the_same_name() -> None:
    assert name(trouble(at=NOW + 200)) == name(trouble(at=NOW + 260))
    assert name(trouble()) != name(trouble(at=NOW + SELDOM))


@pytest.mark.parametrize(
    "other", [trouble("b"), trouble(reason="GuestStarved"), recovery()], ids=["guest", "reason", "end"]
)
def test_other_things_have_other_names(other: HostEvent) -> None:
    assert name(other) != name(trouble())


def test_two_ends_have_two_names() -> None:
    assert name(recovery()) != name(recovery(at=NOW + 1))


@pytest.mark.parametrize("node", ["kvm-1", "a" * 253, "x." * 126 + "y", "kvm-1.example.org"])
def test_a_name_is_one_that_kubernetes_takes(node: str) -> None:
    made = name(trouble("\udcff\n" * 100), node)

    assert len(made) <= 253
    assert all(label and label.strip("-") == label for label in made.split("."))
    assert made.startswith(node[:200])
