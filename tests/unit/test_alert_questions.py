"""What Alertmanager is asked for; ``tests/alerts`` asks a real one the same."""

import pytest

from ballonet.policy import Action, AlertRule
from ballonet_operator.alerts.questions import questions


def rule(**labels: str) -> AlertRule:
    return AlertRule(labels=tuple(sorted(labels.items())), action=Action.RECLAIM)


@pytest.mark.parametrize(
    ("rules", "asked"),
    [
        pytest.param([], (), id="nothing"),
        pytest.param([rule(alertname="A")], (('alertname=~"^(?:A)$"',),), id="one-name"),
        pytest.param(
            [rule(alertname="B", severity="page"), rule(alertname="A"), rule(alertname="B")],
            (('alertname=~"^(?:A|B)$"',),),
            id="all-names-in-one-question",
        ),
        pytest.param(
            [rule(team="kvm", severity="page"), rule(alertname="A")],
            (('alertname=~"^(?:A)$"',), ('severity="page"', 'team="kvm"')),
            id="a-rule-without-a-name-has-its-own",
        ),
        pytest.param(
            [rule(alertname='a.b|c"\\\n')],
            (('alertname=~"^(?:a\\\\.b\\\\|c\\"\\\\\\\\\\n)$"',),),
            id="nothing-in-a-name-is-a-pattern",
        ),
        pytest.param([rule(team='a"b\\')], (('team="a\\"b\\\\"',),), id="quotes"),
    ],
)
def test_the_server_picks_out_what_rules_are_about(
    rules: list[AlertRule], asked: tuple[tuple[str, ...], ...]
) -> None:
    assert questions(rules) == asked


def test_many_names_are_asked_in_questions_that_fit_into_a_url() -> None:
    rules = [rule(alertname=f"{number:04}" + "ä" * 252) for number in range(32)]
    asked = questions(rules)
    assert len(asked) == 16
    assert "".join(question[0] for question in asked).count("ä" * 252) == 32
