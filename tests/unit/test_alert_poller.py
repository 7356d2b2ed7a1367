"""When alerts are asked for, and when what was said last does not hold any more."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from agent_parts import actor, hypervisor, page
from ballonet.decision import Signals
from ballonet.errors import AlertmanagerFailed, HypervisorUnreachable
from ballonet.policy import Action, AlertRule, Policy
from ballonet.quantity import MIB
from ballonet_lab import eventually
from ballonet_operator.alerts.alert import Alert
from ballonet_operator.alerts.own_names import OwnNames
from ballonet_operator.alerts.poller import Poller
from ballonet_operator.alerts.questions import Question
from ballonet_operator.alerts.unasked import Unasked
from ballonet_operator.cycle import Cycle
from ballonet_operator.observe import Observer
from worlds import NOW, guest, host, view

RULE = AlertRule(labels=(("alertname", "Filling"),), action=Action.RECLAIM)
POLICY = Policy(name="all", alerts=(RULE,))
SEEN = view(guest("a"))
ACTS = Signals(reclaim=frozenset({"all"}))


def alert(fingerprint: str = "f1", **labels: str) -> Alert:
    return Alert(fingerprint=fingerprint, labels={"alertname": "Filling", "host": "kvm-1", **labels})


@dataclass
class FakeSource:
    """An Alertmanager that answers what a test wants; a real one is asked in ``tests/alerts``."""

    url: str = "http://one:9093"
    answer: list[Alert] | AlertmanagerFailed = field(default_factory=list)
    asked: list[tuple[Question, ...]] = field(default_factory=list)

    def alerts(self, questions: Iterable[Question]) -> Mapping[str, Alert]:
        self.asked.append(tuple(questions))
        if isinstance(self.answer, AlertmanagerFailed):
            raise self.answer
        return {each.fingerprint: each for each in self.answer}


def away(cause: str = "unreachable") -> AlertmanagerFailed:
    return AlertmanagerFailed("it does not answer", cause=cause)


@dataclass
class Time:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


class Stage:
    """A poller whose time and whose Alertmanagers a test commands; its thread does not run."""

    def __init__(self, *sources: FakeSource) -> None:
        self.time = Time()
        names = OwnNames("kvm-1")
        self.poller = Poller(sources, names, interval=15, expiry=60, clock=self.time)

    def after(self, seconds: float = 15, *, poll: bool = True) -> Signals:
        """Let time pass, ask, and return what a cycle then gets."""
        self.time.now += seconds
        if poll:
            self.poller.poll(POLICY.alerts)
        return self.poller.look(SEEN, [POLICY])[0].signals

    @property
    def reachable(self) -> bool | None:
        return self.poller.look(SEEN, [POLICY])[1].reachable


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def messages(lines: pytest.LogCaptureFixture) -> list[str]:
    said = [record.getMessage() for record in lines.records]
    lines.clear()
    return said


def test_what_fires_acts_until_it_is_over() -> None:
    source = FakeSource(answer=[alert()])
    stage = Stage(source)
    assert stage.after() == ACTS
    source.answer = []
    assert stage.after() == Signals()


def test_an_alertmanager_that_is_away_for_a_moment_changes_nothing() -> None:
    source = FakeSource(answer=[alert()])
    stage = Stage(source)
    stage.after()
    source.answer = away()
    assert [stage.after() for _ in range(4)] == [ACTS] * 4
    assert stage.reachable is True


@pytest.mark.parametrize("polls", [True, False], ids=["that-fail", "that-hang"])
def test_alerts_act_no_longer_when_nothing_was_heard_for_too_long(polls: bool) -> None:  # noqa: FBT001
    source = FakeSource(answer=[alert()])
    stage = Stage(source)
    stage.after()
    source.answer = away()
    assert stage.after(60, poll=polls) == ACTS
    assert stage.after(1, poll=polls) == Signals()
    assert stage.reachable is False


def test_an_alertmanager_that_is_back_is_believed_at_once(lines: pytest.LogCaptureFixture) -> None:
    source = FakeSource(answer=[alert()])
    stage = Stage(source)
    stage.after()
    source.answer = away()
    for _ in range(8):
        stage.after()
    assert messages(lines) == [
        "Alertmanager answers",
        "Alertmanager not usable, trying on",
        "no alert acts any more, Alertmanager is silent",
    ]
    source.answer = [alert()]
    assert stage.after() == ACTS
    assert messages(lines) == ["Alertmanager answers", "alerts act again"]
    assert stage.reachable is True


def test_of_a_pair_one_that_answers_is_enough_and_both_are_believed() -> None:
    one, two = FakeSource(answer=[]), FakeSource("http://two:9093", answer=[alert()])
    stage = Stage(one, two)
    assert stage.after() == ACTS
    one.answer = away("refused")
    assert stage.after(100) == ACTS
    alerting = stage.poller.standing()
    assert alerting.answers == {"http://one:9093": False, "http://two:9093": True}
    assert alerting.polls == {"success": 3, "unreachable": 0, "refused": 1, "unusable": 0}


def test_an_alert_that_names_only_another_host_is_not_kept() -> None:
    stage = Stage(FakeSource(answer=[alert(host="kvm-2"), alert("f2", host="kvm-2", guest="a")]))
    assert stage.after() == Signals()
    assert stage.poller._alerts == ()


def test_an_alert_that_several_policies_listen_to_is_asked_for_once() -> None:
    source = FakeSource()
    Stage(source).poller.poll([RULE, AlertRule(labels=RULE.labels, action=Action.CRITICAL)])
    assert source.asked == [(('alertname=~"^(?:Filling)$"',),)]


def test_nobody_is_asked_while_no_policy_has_rules_and_soon_when_one_has() -> None:
    source = FakeSource(answer=[alert()])
    poller = Poller([source], OwnNames("kvm-1"), interval=1, expiry=60)
    poller.start()
    try:
        poller.look(SEEN, [Policy(name="all")])
        assert poller.standing().asked is False
        assert (poller.standing().reachable, source.asked) == (None, [])
        eventually(lambda: poller.look(SEEN, [POLICY])[0].signals == ACTS, "the alert acts")
        asked = len(source.asked)
        eventually(lambda: len(source.asked) > asked, "it is asked again")
        poller.look(SEEN, [])
        eventually(lambda: not poller.standing().answers, "it is forgotten")
        assert poller.look(SEEN, [POLICY])[0].signals == Signals()
    finally:
        poller.stop()
    assert not poller._thread.is_alive()


def test_a_cycle_acts_on_what_fires_and_reports_it() -> None:
    stage = Stage(FakeSource(answer=[alert()]))
    stage.after()
    fake, full = hypervisor(guest("a", usable=900 * MIB)), host(available=700 * MIB)
    cycle = Cycle(
        Observer(fake, lambda: full, lambda: NOW),
        actor(fake),
        lambda: page(POLICY),
        interval=2,
        alerts=stage.poller,
        clock=lambda: NOW,
    )
    report = cycle.run_once()
    assert [move.reason for move in report.moves()] == ["HostAlert"]
    assert report.alerts is not None
    assert [use.alertname for use in report.alerts.uses] == ["Filling"]
    fake.trouble = lost
    alerting = cycle.run_once().alerts
    assert alerting is not None
    assert alerting.polls["success"] == 1


def lost(call: str, guest: str) -> None:
    raise HypervisorUnreachable(f"{call} {guest}")


def test_rules_about_alerts_without_an_alertmanager_are_said_to_be_in_vain_once(
    lines: pytest.LogCaptureFixture,
) -> None:
    unasked = Unasked()
    for policies in ([POLICY], [POLICY], [], [POLICY]):
        matched, alerting = unasked.look(SEEN, policies)
        assert (matched.signals, alerting) == (Signals(), None)
    assert len(messages(lines)) == 2
