"""The pages on installation and security: commands can be typed, messages are ours, tests exist."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from alert_rules import ROOT, blocks
from typed_commands import complaint

INSTALL = ROOT / "docs/install.md"
SECURITY = ROOT / "docs/security.md"
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
CODE = re.compile(r"`([^`]+)`")
SETTING = re.compile(r"(?:--set|--set-string) (\S+)")
# What others than our programs say in the first column of the tables of symptoms.
FOREIGN = {
    "authentication unavailable",
    "authentication failed",
    "Failed to find user record for uid",
    "violates PodSecurity",
    "ContainerCreating",
    "hostPath type check failed",
    "ImagePullBackOff",
    "ErrImagePull",
    "additional properties 'exporer' not allowed",
    'no matches for kind "PodMonitor"',
    'no matches for kind "BalloonPolicy"',
    "helm test",
    "Permission denied",
    "READY",
    "False",
    "failed",
}


def named_tests() -> list[tuple[str, str]]:
    return TEST.findall(SECURITY.read_text())


@cache
def names_in(file: str) -> frozenset[str]:
    path = ROOT / file
    tree = ast.parse(path.read_text() if path.exists() else "")
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def commands() -> list[str]:
    return [line for script in blocks(INSTALL, "sh") for line in script.splitlines()]


def symptoms() -> Iterator[str]:
    for row in re.findall(
        r"^\| (.+?) \| ", INSTALL.read_text().partition("## When something")[2], re.MULTILINE
    ):
        yield from CODE.findall(row)


def sources() -> str:
    parts = ("core", "exporter", "operator", "cli", "charts/ballonet/templates")
    text = "".join(
        path.read_text()
        for part in parts
        for path in (ROOT / part).rglob("*")
        if path.suffix in (".py", ".yaml", ".tpl")
    )
    return re.sub(r'"\s*\n\s*f?"', "", text)  # A message that goes on in the next line is one message.


def test_every_test_that_the_page_on_security_names_exists() -> None:
    assert len(named_tests()) > 40
    assert [(file, name) for file, name in named_tests() if name not in names_in(file)] == []


def test_every_claim_in_a_table_has_its_test() -> None:
    rows = re.findall(r"^\|(?P<cells>.*)\|$", SECURITY.read_text(), re.MULTILINE)
    headed = [row for row in rows if row.rstrip().endswith("held by")]

    assert len(headed) > 8
    for table in re.split(r"\n\n", SECURITY.read_text()):
        if "held by |\n" in table:
            claims = table.strip().splitlines()[2:]
            assert [line for line in claims if not TEST.search(line)] == []


def test_scripts_can_be_typed() -> None:
    for script in blocks(INSTALL, "sh"):
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_commands_of_ours_exist() -> None:
    ours = [line.removeprefix("sudo ") for line in commands() if re.match(r"(sudo )?ballonet ", line)]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = [line.split("make ")[1].split()[0] for line in commands() if re.match(r"(sudo )?make ", line)]

    assert ours
    assert [f"{line}: {said}" for line in ours if (said := complaint(line))] == []
    assert made
    assert set(made) <= targets


def test_files_that_commands_take_are_in_the_repository() -> None:
    named = {
        word
        for line in commands()
        for word in line.split()
        if re.match(r"(crds|charts|monitoring|deploy)/", word)
    }

    assert named
    assert [path for path in sorted(named) if not list(ROOT.glob(path))] == []


def test_values_that_are_set_are_values_of_the_chart() -> None:
    values = yaml.safe_load((ROOT / "charts/ballonet/values.yaml").read_text())
    texts = [text for line in commands() for text in SETTING.findall(line)]
    names = {setting.partition("=")[0] for text in texts for setting in text.split(",")}

    assert names
    assert [name for name in names if not has_value(values, name.split("."))] == []


def has_value(values: Any, keys: list[str]) -> bool:
    """Whether the chart has this value; keys of labels and selectors are the user's own."""
    if not keys:
        return True
    first, *rest = keys
    return first in values and (first in {"labels", "nodeSelector"} or has_value(values[first], rest))


@pytest.mark.parametrize("symptom", sorted(set(symptoms()) - FOREIGN))
def test_a_message_in_the_tables_of_symptoms_is_one_that_we_write(symptom: str) -> None:
    assert symptom in sources()


def test_there_are_enough_symptoms_and_each_has_a_cure() -> None:
    table = re.findall(
        r"^\| (?!symptom|---)(.+) \|$", INSTALL.read_text().partition("## When")[2], re.MULTILINE
    )

    assert len(table) >= 15
    assert [row for row in table if not row.split(" | ")[-1].strip()] == []
