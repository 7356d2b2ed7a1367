"""What Grafana asks Prometheus for a dashboard: its expressions with the variables filled in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dashboard_rules import Json, panels

# Grafana takes four times the scrape interval of the data source, at least.
RATE_INTERVAL = "10s"
# Events look back a minute, which is a long time for a test.
AGO = ("offset 1m", "offset 5s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question.

    Attributes:
        name: its legend, or the title of its column.
        ranged: whether it asks about a span of time, or about now.
        labels: those that a table shows; None where it is not for a table.
    """

    board: str
    panel: str
    name: str
    expr: str
    ranged: bool
    labels: frozenset[str] | None = None

    @property
    def place(self) -> str:
        return f"{self.board.removeprefix('Ballonet / ')}: {self.panel}: {self.name}"


def escaped(value: str, *, regex: bool) -> str:
    """Return a value as Grafana puts it into a string of PromQL."""
    if not regex:
        return value.replace("\\", "\\\\").replace('"', '\\"')
    return re.sub(r"[$^*{}\[\]'+?.()|]", r"\\\\\g<0>", value.replace("\\", "\\\\\\\\"))


def filled(expr: str, variables: Mapping[str, str]) -> str:
    """Return an expression with the variables filled in; that of all clusters is a pattern already."""
    values = {name: escaped(value, regex=name == "host") for name, value in variables.items()}
    known = {"cluster": ".*", "__rate_interval": RATE_INTERVAL, **values}
    return re.sub(r"\$([A-Za-z_]\w*)", lambda found: known[found[1]], expr)


def asked(board: Json, variables: Mapping[str, str]) -> Iterator[Query]:
    """Yield everything that is asked for a dashboard, its events included."""
    for panel in panels(board):
        titles = panel.get("transformations", [{}, {}])[1].get("options", {}).get("renameByName", {})
        labels = frozenset(name for name in titles if not name.startswith("Value"))
        for target in panel["targets"]:
            yield Query(
                board=board["title"],
                panel=panel["title"],
                name=target.get("legendFormat") or titles.get(f"Value #{target['refId']}") or "labels",
                expr=filled(target["expr"], variables),
                ranged=not target.get("instant", False),
                labels=labels or None,
            )
    for event in board["annotations"]["list"]:
        expr = filled(event["expr"], variables).replace(*AGO)
        yield Query(board=board["title"], panel="event", name=event["name"], expr=expr, ranged=True)
