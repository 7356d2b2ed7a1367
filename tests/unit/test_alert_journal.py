"""What the log says of alerts, and what the host's status does."""

import logging
from dataclasses import replace

import pytest

from ballonet.manifests.v1alpha1_host import HostStatus
from ballonet.manifests.v1alpha1_status import Condition
from ballonet.policy import Action, Mode
from ballonet_operator.alerts.alert_journal import AlertJournal
from ballonet_operator.alerts.alerting import Alerting
from ballonet_operator.alerts.matching import Use
from ballonet_operator.node.early_news import turned
from ballonet_operator.node.host_status import host_status
from ballonet_operator.node.recent import ALERTMANAGER
from ballonet_operator.report import Report
from host_reports import lost, recent, report

NASTY = 'Evil\n\x1b[31m<script>"\ud800' + "x" * 1000
USE = Use(policy="all", action=Action.RECLAIM, alertname="Filling", fingerprint="f1")
ON_GUEST = Use(
    policy="all",
    action=Action.GROW,
    alertname=NASTY,
    fingerprint="f2",
    guest="web",
    uuid="u",
    mode=Mode.OBSERVE,
)


def alerting(*uses: Use, reachable: bool | None = True, asked: bool = True, error: str = "") -> Alerting:
    return Alerting(uses=uses, reachable=reachable, asked=asked, error=error)


IDLE = alerting(asked=False, reachable=None)
AWAY = alerting(reachable=False, error="http://one: no")


def told(*uses: Use) -> Report:
    return replace(report(), alerts=alerting(*uses))


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def test_an_alert_is_told_of_once_when_it_begins_to_act_and_once_when_it_is_over(
    lines: pytest.LogCaptureFixture,
) -> None:
    journal = AlertJournal()
    for uses in ((), (USE,), (USE,), (USE, ON_GUEST), ()):
        journal.record(told(*uses))
    found = [(record.getMessage(), record.__dict__["fingerprint"]) for record in lines.records]
    assert found == [
        ("alert in force", "f1"),
        ("alert in force", "f2"),
        ("alert over", "f1"),
        ("alert over", "f2"),
    ]
    second = lines.records[1].__dict__
    assert (second["guest"], second["policy"], second["action"], second["mode"]) == (
        "web", "all", "Grow", "Observe",
    )  # fmt: skip
    assert second["alertname"].isprintable()
    assert len(second["alertname"]) <= 253


def test_a_cycle_without_a_plan_ends_no_alert(lines: pytest.LogCaptureFixture) -> None:
    journal = AlertJournal()
    for each in (told(USE), lost(), told(USE)):
        journal.record(each)
    assert len(lines.records) == 1


def test_thousands_of_alerts_are_not_thousands_of_lines(lines: pytest.LogCaptureFixture) -> None:
    many = [replace(USE, fingerprint=f"{number}") for number in range(5000)]
    AlertJournal().record(told(*many))
    assert len(lines.records) == 21
    assert lines.records[-1].__dict__["count"] == 4980


# --- The condition of the host's status ------------------------------------------------------------------


def condition(each: Report, before: HostStatus | None = None) -> Condition | None:
    status = host_status(recent(each), before or HostStatus(), "kvm-1", (), now=1_000_000)
    return next((found for found in status.conditions if found.type == ALERTMANAGER), None)


@pytest.mark.parametrize(
    ("known", "status", "reason", "message"),
    [
        pytest.param(IDLE, "Unknown", "NotAsked", "no policy", id="no-rules"),
        pytest.param(alerting(reachable=None), "Unknown", "Waiting", "not answered yet", id="at-first"),
        pytest.param(alerting(), "True", "Reachable", "no alert is in force", id="calm"),
        pytest.param(alerting(USE), "True", "Reachable", "Filling (Reclaim by all)", id="an-alert"),
        pytest.param(alerting(ON_GUEST), "True", "Reachable", "(Grow web by all)", id="a-guest"),
        pytest.param(alerting(*[USE] * 9), "True", "Reachable", "and 5 more", id="many"),
        pytest.param(AWAY, "False", "Unreachable", "http://one: no", id="away"),
    ],
)
def test_a_condition_says_whether_alerts_can_act_and_which_do(
    known: Alerting, status: str, reason: str, message: str
) -> None:
    found = condition(replace(report(), alerts=known))
    assert found is not None
    assert (found.status, found.reason) == (status, reason)
    assert message in found.message
    assert found.message.isprintable()


def test_without_an_alertmanager_there_is_no_such_condition_any_more() -> None:
    before = host_status(recent(told()), HostStatus(), "kvm-1", (), now=1_000_000)
    assert condition(report(), before) is None


def test_an_alertmanager_that_is_lost_is_told_of_at_once() -> None:
    before = host_status(recent(told()), HostStatus(), "kvm-1", (), now=1_000_000)
    gone = replace(report(), alerts=alerting(reachable=False))
    assert not turned(recent(told()), before)
    assert turned(recent(gone), before)
