"""The rules for Prometheus: promtool's own tests, and that rules, metrics and documents agree.

promtool comes with Debian's package prometheus, which decides what syntax the rules may use.
"""

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import prometheusrule
from alert_rules import (
    ALERTS,
    MONITORING,
    RULE_FILES,
    STRING,
    alerts,
    promtool,
    rules,
    unknown_names,
    unknown_reasons,
)

TEST_FILES = sorted((MONITORING / "tests").glob("*.yaml"))
URL = "https://github.com/ballonet/ballonet/blob/main/docs/runbooks"

# Every number in an expression, and why it is no number of a policy. Durations do not count.
NUMBERS = {
    "0": "nothing, or down",
    "1": "one, or up",
    "2": "the half of a sum, and the base of 2 ^ 20",
    "20": "2 ^ 20 bytes, the least change that the agent makes at all",
    "0.5": "half: of the time, of the memory, of the maximum",
    "120": "twice the longest interval that the agent takes",
    "300": "five reconciles that are due every minute",
}


@cache
def written_tests() -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text()) for path in TEST_FILES]


def cases() -> list[dict[str, Any]]:
    return [
        case
        for document in written_tests()
        for test in document["tests"]
        for case in test.get("alert_rule_test", [])
    ]


def test_promtool_finds_nothing_wrong_with_the_rules() -> None:
    said = promtool("check", "rules", "--lint=all", *RULE_FILES)

    assert len(rules()) == sum(int(count) for count in re.findall(r"SUCCESS: (\d+) rules", said))


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.stem)
def test_rules_come_to_what_their_tests_say(path: Path) -> None:
    promtool("test", "rules", path)


@pytest.mark.parametrize("name", alerts())
def test_every_alert_is_seen_firing_and_not_firing(name: str) -> None:
    firing = {bool(case.get("exp_alerts")) for case in cases() if case["alertname"] == name}

    assert firing == {True, False}


@pytest.mark.parametrize("shift", [pytest.param(-1, id="shorter"), pytest.param(1, id="longer")])
@pytest.mark.parametrize("name", alerts())
def test_an_alert_that_waits_another_minute_fails_its_tests(name: str, shift: int, tmp_path: Path) -> None:
    document = yaml.safe_load(ALERTS.read_text())
    for group in document["groups"]:
        for rule in group["rules"]:
            if rule["alert"] == name:
                rule["for"] = f"{minutes(rule['for']) + shift}m"
    done = promtool_with(document, name, tmp_path)

    assert done.returncode == 1
    assert f"alertname: {name}" in done.stdout + done.stderr


def minutes(duration: str) -> int:
    return int(duration[:-1]) * {"m": 1, "h": 60}[duration[-1]]


def promtool_with(document: dict[str, Any], name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the tests of one alert against other alerts than those of the repository."""
    alerts_file, tests_file = folder / ALERTS.name, folder / "tests.yaml"
    alerts_file.write_text(yaml.safe_dump(document))
    tests = {
        "rule_files": [str(ALERTS.parent / "ballonet.rules.yaml"), str(alerts_file)],
        "evaluation_interval": "1m",
        "group_eval_order": written_tests()[0]["group_eval_order"],
        "tests": [
            test
            for each in written_tests()
            for test in each["tests"]
            if any(case["alertname"] == name for case in test.get("alert_rule_test", []))
        ],
    }
    tests_file.write_text(yaml.safe_dump(tests))
    return subprocess.run(
        ["promtool", "test", "rules", tests_file], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", alerts())
def test_every_alert_says_how_bad_what_why_and_what_to_do(name: str) -> None:
    rule = alerts()[name]

    assert rule["labels"] == {"severity": rule["labels"]["severity"]}
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"{URL}/{name}.md"
    assert rule["annotations"]["summary"][-1] != "."
    assert rule["annotations"]["description"][-1] == "."
    assert rule["for"]


@pytest.mark.parametrize(
    "rule", [pytest.param(rule, id=rule.get("alert", rule.get("record"))) for rule in rules()]
)
def test_a_rule_asks_for_metrics_that_exist_and_repeats_no_number_of_a_policy(rule: dict[str, Any]) -> None:
    bare = STRING.sub('""', rule["expr"])
    numbers = re.findall(r"(?<![\w.:])\d+(?:\.\d+)?(?![\w.])", re.sub(r"\[\w+\]", "", bare))

    assert unknown_names(rule["expr"]) == set()
    assert set(numbers) <= set(NUMBERS)


def test_a_metric_that_does_not_exist_is_found() -> None:
    assert unknown_names("rate(ballonet_guest_minor_fault_total[5m]) > guest:ballonet_nothing:bytes") == {
        "ballonet_guest_minor_fault_total",
        "guest:ballonet_nothing:bytes",
    }


def test_every_reason_in_a_rule_is_one_that_a_decision_can_have() -> None:
    assert unknown_reasons(rule["expr"] for rule in rules()) == []


def test_the_prometheusrule_has_every_rule_in_its_order() -> None:
    groups = prometheusrule.prometheusrule()["spec"]["groups"]

    assert {path.name for path in RULE_FILES} == set(prometheusrule.FILES)
    assert [rule for group in groups for rule in group["rules"] if "alert" in rule] == list(alerts().values())
    assert len([rule for group in groups for rule in group["rules"]]) == len(rules())
    assert yaml.safe_load((MONITORING / "prometheusrule.yaml").read_text())["spec"]["groups"] == groups
