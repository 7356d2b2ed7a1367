"""Conditions keep the time of their last change of status, and of nothing else."""

import sys
import unicodedata

from ballonet.manifests.conditions import carried, condition
from ballonet.manifests.v1alpha1_host import GuestDetail, ObservedPolicy

NOON = 1_800_000_000.0


def test_a_new_condition_begins_now() -> None:
    (found,) = carried((), [condition("Ready", "InForce", holds=True)], now=NOON)
    assert found.last_transition_time == "2027-01-15T08:00:00Z"


def test_another_reason_or_message_changes_no_time() -> None:
    before = carried((), [condition("Ready", "HostsBehind", "1 of 2", holds=False)], now=NOON)
    (found,) = carried(before, [condition("Ready", "NoHosts", "none", holds=False)], now=NOON + 60)
    assert (found.reason, found.last_transition_time) == ("NoHosts", before[0].last_transition_time)


def test_another_status_changes_it() -> None:
    before = carried((), [condition("Ready", "HostsBehind", holds=False)], now=NOON)
    (found,) = carried(before, [condition("Ready", "InForce", holds=None)], now=NOON + 60)
    assert (found.status, found.last_transition_time) == ("Unknown", "2027-01-15T08:01:00Z")


def test_a_message_that_kubernetes_would_refuse_is_cut() -> None:
    assert len(condition("Ready", "InForce", "x" * 5000, holds=True).message) == 1024


def test_no_text_of_a_status_moves_a_cursor_whatever_it_was_made_from() -> None:
    evil = "a\x1b[2J\x07\x9b\u202e\u2028\ud800b"
    detail = GuestDetail(uuid=evil, guest=evil, policy=evil, actual=evil, reason=evil, message=evil)
    said = {
        condition("Ready", "InForce", evil, holds=True).message,
        ObservedPolicy(name="web", error=evil).error,
        *detail.document().values(),
    }
    assert said == {"a?[2J?????b"}


def test_whatever_python_calls_printable_the_api_server_takes() -> None:
    printable = (chr(code) for code in range(sys.maxunicode + 1) if chr(code).isprintable())
    kinds = {unicodedata.category(letter) for letter in printable}
    assert "Lu" in kinds
    assert not kinds & {"Cc", "Cf", "Zl", "Zp"}
