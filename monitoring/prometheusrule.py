"""Prints the rule files as one PrometheusRule, for the Prometheus Operator.

``python monitoring/prometheusrule.py`` prints it; ``make docs`` puts it into the YAML file of the same name,
and ``make drift`` holds the two together.
"""

import sys
from pathlib import Path
from typing import Any, Final

import yaml

RULES: Final = Path(__file__).parent / "rules"
# Recording rules first, as alerts read them.
FILES: Final = ("ballonet.rules.yaml", "ballonet.alerts.yaml")


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as such: an expression in quotes with escapes is no joy to read."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def prometheusrule() -> dict[str, Any]:
    """Return the object, with the groups of all rule files."""
    groups = [group for name in FILES for group in yaml.safe_load((RULES / name).read_text())["groups"]]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "ballonet", "labels": {"app.kubernetes.io/name": "ballonet"}},
        "spec": {"groups": groups},
    }


if __name__ == "__main__":
    sys.stdout.write(yaml.dump(prometheusrule(), Dumper=_Dumper, sort_keys=False, width=115))
