"""Writes what the chart has from elsewhere: ``python charts/chart_files.py``.

CRDs, rules and dashboards are copies, because a chart can contain only what lies below it; values.schema.json
is made of values.yaml. With ``--markdown`` it prints the tables for the chart's README, and
writes nothing.
"""

import json
import sys
from pathlib import Path
from typing import Final

from values_schema import values_schema
from values_tree import CHART, Value, read_values

TOP: Final = CHART.resolve().parent.parent
_COPIES: Final = {
    "crds/*.yaml": CHART / "crds",
    "monitoring/rules/*.yaml": CHART / "files" / "rules",
    "monitoring/dashboards/*.json": CHART / "files" / "dashboards",
}


def chart_files() -> dict[Path, str]:
    """Return the text of every file that is written, by its path."""
    copies = {
        home / file.name: file.read_text() for pattern, home in _COPIES.items() for file in TOP.glob(pattern)
    }
    return copies | {CHART / "values.schema.json": f"{json.dumps(values_schema(), indent=1)}\n"}


def strays() -> list[Path]:
    """Return the files in the copies' folders that are copies of nothing any more."""
    made = chart_files()
    return [file for home in _COPIES.values() for file in sorted(home.iterdir()) if file not in made]


def markdown() -> str:
    """Return the values as tables, one for each section at the top."""
    values = read_values()
    plain = [value for value in values if not value.values]
    parts = ["### Names, objects of your own, policies\n", _table(plain)]
    for section in values:
        if section.values:
            parts += [f"### {section.name}\n", f"{section.text}\n", _table(list(section.leaves()))]
    return "\n".join(parts)


def _table(values: list[Value]) -> str:
    rows = [f"| `{value.name}` | {_default(value)} | {_cell(value.text)} |" for value in values]
    return "\n".join(["| value | default | what it is |", "|---|---|---|", *rows, ""])


def _default(value: Value) -> str:
    return f"`{_cell(json.dumps(value.default, ensure_ascii=False))}`"


def _cell(text: str) -> str:
    """Return a text in which no bar ends the cell of its table."""
    return text.replace("|", "&#124;")


def main() -> None:
    """Write the files, or print the tables."""
    if "--markdown" in sys.argv[1:]:
        sys.stdout.write(markdown())
        return
    for file in strays():
        file.unlink()
    for file, text in chart_files().items():
        file.write_text(text)


if __name__ == "__main__":
    main()
