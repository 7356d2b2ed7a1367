"""Alerts out of what Alertmanager answers, and answers that nobody should believe."""

import json

import pytest

from ballonet.errors import AlertmanagerFailed
from ballonet_operator.alerts.alert import LONGEST_VALUE, MOST_ALERTS, parse


def answer(*labels: dict[str, str], **fields: object) -> bytes:
    return json.dumps([{"labels": each, "fingerprint": "f00d", **fields} for each in labels]).encode()


def test_an_alert_has_its_labels_name_and_fingerprint() -> None:
    (alert,) = parse(answer({"alertname": "A", "host": "kvm-1"}, startsAt="2026-01-31T12:00:00Z"))
    assert (alert.name, alert.labels["host"], alert.fingerprint) == ("A", "kvm-1", "f00d")
    assert alert.started == "2026-01-31T12:00:00Z"
    assert parse(answer({"host": "kvm-1"}))[0].name == ""


@pytest.mark.parametrize(
    ("status", "count"),
    [({"state": "active"}, 1), ({"state": "suppressed"}, 0), ({"state": "unprocessed"}, 0), ({}, 1)],
)
def test_an_alert_that_does_not_fire_is_left_out(status: dict[str, str], count: int) -> None:
    assert len(parse(answer({"alertname": "A"}, status=status))) == count


@pytest.mark.parametrize(
    ("content", "what"),
    [
        pytest.param(b"", "no JSON", id="nothing"),
        pytest.param(b"<html>", "no JSON", id="a-web-page"),
        pytest.param(b"\xff[]", "no JSON", id="no-text"),
        pytest.param(b"[" * 100_000, "no JSON", id="too-deep"),
        pytest.param(b"[" + b"9" * 5000 + b"]", "no JSON", id="an-endless-number"),
        pytest.param(b"{}", "no list", id="an-object"),
        pytest.param(b"null", "no list", id="null"),
        pytest.param(b"[1]", "without labels", id="numbers"),
        pytest.param(b"[{}]", "without labels", id="no-labels"),
        pytest.param(b'[{"labels": []}]', "without labels", id="labels-in-a-list"),
        pytest.param(b'[{"labels": {"a": 1}}]', "without labels", id="a-label-that-is-a-number"),
        pytest.param(b"[" + b"1," * MOST_ALERTS + b"1]", "more than 10000", id="too-many"),
    ],
)
def test_an_answer_that_is_none_is_refused_as_a_whole(content: bytes, what: str) -> None:
    with pytest.raises(AlertmanagerFailed, match=what) as failure:
        parse(content)
    assert failure.value.cause == "unusable"


def test_an_endless_label_is_cut_and_spoils_no_other() -> None:
    (alert,) = parse(answer({"alertname": "A", "host": "kvm-1", "note": "x" * 100_000}))
    assert (len(alert.labels["note"]), alert.labels["host"]) == (LONGEST_VALUE, "kvm-1")
