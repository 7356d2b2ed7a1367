"""The runbooks: one for each alert, with commands that can be typed and queries that mean something."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from alert_rules import ROOT, alerts, blocks, promtool, unknown_names, unknown_reasons
from typed_commands import complaint

PAGES = sorted((ROOT / "docs/runbooks").glob("*.md"))


def test_every_alert_has_its_runbook_and_every_runbook_its_alert() -> None:
    assert {page.stem for page in PAGES} == set(alerts())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_runbook_has_its_four_parts(page: Path) -> None:
    titles = re.findall(r"^#+ .*$", page.read_text(), re.MULTILINE)

    assert titles == [f"# {page.stem}", "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]
    assert list(blocks(page, "sh"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_runbook_can_be_typed(page: Path) -> None:
    for script in blocks(page, "sh"):
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")

    lines = [line for script in blocks(page, "sh") for line in script.splitlines()]
    quoted = re.findall(r"`(ballonet [a-z][^`]*)`", page.read_text())
    commands = [line for line in (*lines, *quoted) if line.startswith("ballonet ")]
    assert [f"{command}: {said}" for command in commands if (said := complaint(command))] == []


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("ballonet shrink web-1", id="a command"),
        pytest.param("ballonet explain web-1 --policy web", id="an option"),
        pytest.param("ballonet policy explain web --polices x", id="an option of a command in a group"),
    ],
)
def test_a_command_that_does_not_exist_is_found(command: str) -> None:
    assert complaint(command)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_queries_of_a_runbook_are_promql_on_metrics_that_exist(page: Path, tmp_path: Path) -> None:
    queries = list(blocks(page, "promql"))
    recorded = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": recorded}]}))

    promtool("check", "rules", "--lint=none", file)
    assert set().union(*map(unknown_names, queries)) == set()


def test_every_reason_in_a_query_is_one_that_a_decision_can_have() -> None:
    queries = [query for page in PAGES for query in blocks(page, "promql")]

    assert unknown_reasons(queries) == []
