"""Events that wait for an API server, which in these tests is never there."""

from pathlib import Path

import pytest

from ballonet.apiserver import ApiServer
from ballonet.errors import ApiServerUnreachable
from ballonet.reason import Reason
from ballonet_operator.node.event_queue import EventQueue
from host_reports import recent, report, stay
from worlds import NOW, guest

NOWHERE = """\
apiVersion: v1
kind: Config
clusters: [{name: nowhere, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
users: [{name: nobody, user: {token: none}}]
current-context: nowhere
"""


@pytest.fixture
def queue(tmp_path: Path) -> EventQueue:
    file = tmp_path / "kubeconfig"
    file.write_text(NOWHERE)
    return EventQueue(ApiServer(file))


def trouble(queue: EventQueue, minute: int) -> bool:
    """Let another guest be stuck in every minute."""
    stuck = stay(guest(f"vm-{minute}"), Reason.STUCK)
    return queue.record(recent(report(stuck, at=NOW + 60 * minute)))


def test_it_says_when_there_is_something_to_send(queue: EventQueue) -> None:
    assert not queue.record(recent(report(stay(guest()))))
    assert trouble(queue, 1)
    assert not queue.record(recent(report(stay(guest("vm-1"), Reason.STUCK), at=NOW + 62)))


def test_what_cannot_be_sent_waits(queue: EventQueue) -> None:
    trouble(queue, 1)

    for _ in range(2):
        with pytest.raises(ApiServerUnreachable):
            queue.send("kvm-1", "u-1")

    assert queue.counts() == {"events_done": 0, "events_failed": 0, "events_dropped": 0}


def test_of_what_waits_for_too_long_the_oldest_is_left_out(queue: EventQueue) -> None:
    for minute in range(40):
        trouble(queue, minute)

    assert queue.counts()["events_dropped"] == 40 - 32
    assert queue._waiting[0].subject == "uuid-vm-8"


def test_what_comes_too_fast_is_counted(queue: EventQueue) -> None:
    crowd = [stay(guest(f"vm-{number}"), Reason.STUCK) for number in range(12)]

    assert queue.record(recent(report(*crowd)))

    assert queue.counts()["events_dropped"] == 2
