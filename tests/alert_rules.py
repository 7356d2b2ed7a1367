"""The rules for Prometheus, and what documents say of them, as tests read them."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ballonet.reason import Reason
from ballonet_exporter import metrics as exporter
from ballonet_operator import metrics as agent
from ballonet_operator.controller import metrics as controller

ROOT = Path(__file__).parents[1]
MONITORING = ROOT / "monitoring"
ALERTS = MONITORING / "rules/ballonet.alerts.yaml"
RULE_FILES = sorted((MONITORING / "rules").glob("*.yaml"))
NAME = re.compile(r"\b(?:\w+:)?ballonet_\w+(?::\w+)?")
STRING = re.compile(r'"[^"]*"')
BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@cache
def rules() -> list[dict[str, Any]]:
    return [
        rule
        for path in RULE_FILES
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
    ]


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def known_names() -> set[str]:
    """Every name that a query may ask for: of the three tables, and what is recorded."""
    tables = {family.name for family in exporter.FAMILIES}
    tables |= {f"ballonet_{family.name}" for family in agent.TABLE}
    tables |= {f"ballonet_{family.name}" for family in controller.TABLE}
    return tables | {rule["record"] for rule in rules() if "record" in rule}


def unknown_names(expression: str) -> set[str]:
    return set(NAME.findall(STRING.sub('""', expression))) - known_names()


def blocks(page: Path, kind: str) -> Iterator[str]:
    return (match["text"] for match in BLOCK.finditer(page.read_text()) if match["kind"] == kind)


def promtool(*arguments: str | Path) -> str:
    """Return what promtool says; a failure shows it."""
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def unknown_reasons(expressions: Iterable[str]) -> list[str]:
    """Return the alternatives of ``reason`` in selectors that no decision can have."""
    patterns = [pattern for text in expressions for pattern in re.findall(r'reason=~?"([^"]*)"', text)]
    alternatives = [alternative for pattern in patterns for alternative in pattern.split("|")]
    assert alternatives
    return [one for one in alternatives if not any(re.fullmatch(one, reason) for reason in Reason)]
