"""What must hold for every dashboard, as functions of its JSON that yield complaints."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from ballonet_exporter.metrics import FAMILIES
from ballonet_operator.controller.metrics import TABLE as CONTROLLER
from ballonet_operator.family import PREFIX
from ballonet_operator.metrics import TABLE as AGENT

Json = dict[str, Any]

SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
OF_EVERY_TARGET: Final = {"cluster", "instance", "job"}
LABELS: Final[dict[str, set[str]]] = {
    **{family.name: set(family.labels) for family in FAMILIES},
    **{f"{PREFIX}{family.name}": set(family.labels) for family in AGENT},
    **{f"{PREFIX}{family.name}": set(family.labels) for family in CONTROLLER},
    # Of prometheus_client, and of Prometheus itself.
    "process_cpu_seconds_total": set(),
    "process_resident_memory_bytes": set(),
    "process_start_time_seconds": set(),
    "ALERTS": {"alertname", "alertstate", "severity", "guest"},
}
"""Every metric that there is, and its labels."""

_TEXT: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_LISTS: Final = re.compile(r"\b(?:by|on|ignoring|without|group_left|group_right) \([^)]*\)")
_NAME: Final = re.compile(r"(?<![\w$:])([A-Za-z_:][\w:]*)(?![\w:]|\s*\()(?:\{([^}]*)\})?")
_WORDS: Final = {"and", "or", "unless", "bool", "offset", "by", "on", "ignoring", "without"}


def panels(board: Json) -> list[Json]:
    """Return all panels but rows, also those in collapsed rows."""
    inner = [panel for row in board["panels"] for panel in row.get("panels", ())]
    return [panel for panel in (*board["panels"], *inner) if panel["type"] != "row"]


def queries(board: Json) -> Iterator[tuple[str, str]]:
    """Yield where an expression stands, and the expression."""
    for panel in panels(board):
        yield from ((panel["title"], target["expr"]) for target in panel["targets"])
    yield from ((event["name"], event["expr"]) for event in board["annotations"]["list"])


def selectors(expr: str) -> Iterator[tuple[str, set[str]]]:
    """Yield the metrics of an expression, each with the labels that it is selected by."""
    bare = re.sub(r"\[[^]]*\]|offset \w+", "", _LISTS.sub("", _TEXT.sub('""', expr)))
    for name, matchers in _NAME.findall(bare):
        if name not in _WORDS:
            yield name, set(re.findall(r"(\w+)[=!]", matchers))


def _sources(node: object) -> Iterator[object]:
    if isinstance(node, dict):
        yield from (value for name, value in node.items() if name == "datasource")
        for value in node.values():
            yield from _sources(value)
    elif isinstance(node, list):
        for value in node:
            yield from _sources(value)


def hard_coded(board: Json) -> Iterator[str]:
    yield from (f"data source {found}" for found in _sources(board) if found != SOURCE)
    for panel in panels(board):
        if not all("datasource" in each for each in (panel, *panel["targets"])):
            yield f"{panel['title']}: takes whatever data source is the default"


def undescribed(board: Json) -> Iterator[str]:
    yield from (
        f"{panel['title']}: no description" for panel in panels(board) if not panel.get("description")
    )


def unitless(board: Json) -> Iterator[str]:
    for panel in panels(board):
        if not panel["fieldConfig"]["defaults"].get("unit"):
            yield f"{panel['title']}: no unit"
        for override in panel["fieldConfig"]["overrides"] if panel["type"] == "table" else ():
            if not {"unit", "links"} & {each["id"] for each in override["properties"]}:
                yield f"{panel['title']}: no unit of {override['matcher']['options']}"


def odd_ranges(board: Json) -> Iterator[str]:
    for place, expr in queries(board):
        if set(re.findall(r"\[([^]]*)\]", _TEXT.sub("", expr))) - {"$__rate_interval"}:
            yield f"{place}: a range that does not follow the scrape interval"


def unknown_metrics(board: Json) -> Iterator[str]:
    for place, expr in queries(board):
        for name, labels in selectors(expr):
            if name not in LABELS:
                yield f"{place}: there is no metric {name}"
            elif labels - LABELS[name] - OF_EVERY_TARGET:
                yield f"{place}: {name} has no label {labels - LABELS[name]}"


def nameless(board: Json) -> Iterator[str]:
    for panel in panels(board):
        drawn = panel["targets"] if panel["type"] != "table" else ()
        yield from (f"{panel['title']}: no legend" for target in drawn if not target.get("legendFormat"))


def unlisted(board: Json) -> Iterator[str]:
    """Yield labels that a query of a table keeps and the table has no column for."""
    for panel in (each for each in panels(board) if each["type"] == "table"):
        titles = panel["transformations"][1]["options"]["renameByName"]
        for target in panel["targets"]:
            kept = re.search(r"\bby \(([^)]*)\)", target["expr"])
            labels = set(kept[1].split(", ")) if kept else {"anything"}
            yield from (f"{panel['title']}: no column for {label}" for label in labels - set(titles))


def repeated(board: Json) -> Iterator[str]:
    every = panels(board)
    rows = [panel for panel in board["panels"] if panel["type"] == "row"]
    ids = [panel["id"] for panel in (*every, *rows)]
    yield from (f"id {number} twice" for number in set(ids) if ids.count(number) > 1)
    letters = [
        (panel["title"], panel["id"], target["refId"]) for panel in every for target in panel["targets"]
    ]
    yield from (f"query {each} twice" for each in set(letters) if letters.count(each) > 1)


def undefined_variables(board: Json) -> Iterator[str]:
    known = {each["name"] for each in board["templating"]["list"]} | {"__rate_interval"}
    for place, expr in queries(board):
        used = set(re.findall(r"\$([A-Za-z_]\w*)", expr))
        yield from (f"{place}: no variable {name}" for name in used - known)


def numbers_of_policies(board: Json) -> Iterator[str]:
    """Yield thresholds other than "any" and the sign of a difference: they belong to policies."""
    for panel in panels(board):
        settings = panel["fieldConfig"]
        found = [settings["defaults"].get("thresholds", {"steps": []})]
        for override in settings["overrides"]:
            found += [each["value"] for each in override["properties"] if each["id"] == "thresholds"]
        steps = {step["value"] for threshold in found for step in threshold["steps"]}
        if steps - {None, 0, 1}:
            yield f"{panel['title']}: thresholds {steps}"


def overlapping(board: Json) -> Iterator[str]:
    taken: dict[tuple[int, int], str] = {}
    for panel in panels(board):
        place = panel["gridPos"]
        if place["x"] + place["w"] > 24:
            yield f"{panel['title']}: wider than the page"
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if (x, y) in taken:
                    yield f"{panel['title']} lies on {taken[x, y]}"
                taken[x, y] = panel["title"]


RULES: Final[tuple[Callable[[Json], Iterator[str]], ...]] = (
    hard_coded, undescribed, unitless, odd_ranges, unknown_metrics, nameless, unlisted, repeated,
    undefined_variables, numbers_of_policies, overlapping,
)  # fmt: skip


def complaints(board: Json) -> list[str]:
    """Return what is wrong with a dashboard."""
    return [line for rule in RULES for line in rule(board)]
