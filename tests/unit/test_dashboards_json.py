"""The dashboards as files: what their JSON must be like, and that it is what the code makes."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dashboard_rules import Json, complaints, panels, selectors
from dashboards.catalogue import BOARDS, FOLDER, file
from dashboards.layout import text
from dashboards.links import OF_COLUMN, RUNBOOKS, TAG
from dashboards.panel import Board

ROOT = Path(__file__).resolve().parents[2]
FILES = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}

every_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
every_file = pytest.mark.parametrize("name", FILES)


@every_board
def test_the_file_is_what_the_code_makes(board: Board) -> None:
    mend = "run `python monitoring/dashboard_files.py` and commit the result"
    assert file(board).read_text() == text(board), mend


def test_there_is_a_file_for_each_dashboard_and_no_other() -> None:
    assert set(FILES) == {"ballonet-fleet", "ballonet-host", "ballonet-guest"}
    assert {name: board["uid"] for name, board in FILES.items()} == {name: name for name in FILES}


@every_file
def test_nobody_has_to_complain_of_a_dashboard(name: str) -> None:
    assert complaints(FILES[name]) == []


@every_file
def test_a_file_is_imported_without_a_question(name: str) -> None:
    """Grafana asks for what ``__inputs`` lists, and an ``id`` would be that of another Grafana."""
    assert not {"__inputs", "__requires", "id", "version"} & set(FILES[name])


def first_with(kind: str, board: Json) -> Json:
    return next(panel for panel in panels(board) if panel["type"] == kind)


def set_at(*path: Any) -> Callable[[Json], None]:
    """Return a way to put a value into the first panel of a kind: the kind, the way there, the value."""
    kind, *way, last, value = path

    def spoil(board: Json) -> None:
        node: Any = first_with(kind, board)
        for step in way:
            node = node[step]
        node[last] = value

    return spoil


def expression(expr: str) -> Callable[[Json], None]:
    return set_at("timeseries", "targets", 0, "expr", expr)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        pytest.param(
            set_at("timeseries", "datasource", {"type": "prometheus", "uid": "abc"}),
            "data source",
            id="source",
        ),
        pytest.param(
            set_at("stat", "targets", 0, {"expr": "ALERTS", "refId": "A"}), "default", id="no source"
        ),
        pytest.param(set_at("table", "description", ""), "no description", id="description"),
        pytest.param(set_at("stat", "fieldConfig", "defaults", "unit", ""), "no unit", id="unit"),
        pytest.param(
            set_at("table", "fieldConfig", "overrides", 0, "properties", []), "no unit of", id="column's unit"
        ),
        pytest.param(expression("rate(ballonet_cycles_total[5m])"), "does not follow", id="range"),
        pytest.param(
            expression("max(ballonet_host_reserved_bytes)"), "no metric ballonet_host_r", id="metric"
        ),
        pytest.param(expression('sum(ballonet_up{host="a"}) + 1'), "has no label {'host'}", id="label"),
        pytest.param(expression('sum(ballonet_up{job="$nobody"})'), "no variable nobody", id="variable"),
        pytest.param(set_at("timeseries", "targets", 0, "legendFormat", ""), "no legend", id="legend"),
        pytest.param(
            set_at("table", "targets", 0, "expr", "sum by (host, kind) (ballonet_up)"),
            "no column for kind",
            id="column",
        ),
        pytest.param(set_at("timeseries", "id", 1), "id 1 twice", id="panel's id"),
        pytest.param(set_at("timeseries", "targets", 1, "refId", "A"), "twice", id="query's letter"),
        pytest.param(
            set_at("stat", "fieldConfig", "defaults", "thresholds", {"steps": [{"value": 80}]}),
            "thresholds {80}",
            id="number of a policy",
        ),
        pytest.param(
            set_at("timeseries", "gridPos", {"x": 0, "y": 1, "w": 3, "h": 1}), "lies on", id="overlap"
        ),
    ],
)
def test_what_is_wrong_is_found(spoil: Callable[[Json], None], complaint: str) -> None:
    board = copy.deepcopy(FILES["ballonet-host"])
    spoil(board)
    assert [line for line in complaints(board) if complaint in line], complaints(board)


def test_metrics_are_found_in_an_expression() -> None:
    expr = (
        'topk(10, sum by (host, x) (label_replace(ALERTS{a="by (b)"}, "host", "$1", "i", "(.+?)(:[0-9]+)?")))'
        " / on (x) rate(b_total[$__rate_interval]) > c:d unless (time() - e offset 1m < bool 0)"
    )
    assert list(selectors(expr)) == [("ALERTS", {"a"}), ("b_total", set()), ("c:d", set()), ("e", set())]


def links() -> list[tuple[str, str, str]]:
    """Return all links in cells: the dashboard, the title of the column, the address."""
    return [
        (name, override["matcher"]["options"], link["url"])
        for name, board in FILES.items()
        for panel in panels(board)
        for override in panel["fieldConfig"]["overrides"]
        for each in override["properties"]
        if each["id"] == "links"
        for link in each["value"]
    ]


def test_links_between_dashboards_lead_to_one_and_fill_its_variables() -> None:
    inner = [url for _, _, url in links() if url.startswith("/d/")]
    assert len({urlsplit(url).path for url in inner}) == 2
    for url in inner:
        parts = urlsplit(re.sub(r"\$\{(\w+):queryparam\}", r"var-\1=x", url))
        variables = {f"var-{each['name']}" for each in FILES[parts.path.split("/")[2]]["templating"]["list"]}
        assert set(parse_qs(parts.query)) == variables
        assert url.endswith("&${__url_time_range}")


def test_a_link_finds_the_columns_that_it_speaks_of() -> None:
    for panel in (panel for board in FILES.values() for panel in panels(board) if panel["type"] == "table"):
        titles = set(panel["transformations"][1]["options"]["renameByName"].values())
        for title in titles & set(OF_COLUMN):
            assert set(re.findall(r"__data\.fields\.(\w+)", OF_COLUMN[title][1])) <= titles, panel["title"]


def test_links_to_runbooks_lead_to_the_folder_of_runbooks() -> None:
    _, _, path = RUNBOOKS.partition("/blob/main/")
    assert (ROOT / path).is_dir()
    assert {url for _, title, url in links() if title == "Alert"} == {
        f"{RUNBOOKS}/${{__value.raw:percentencode}}.md"
    }


@every_file
def test_every_dashboard_leads_to_the_others_and_keeps_variables_and_time(name: str) -> None:
    board = FILES[name]
    (link,) = (each for each in board["links"] if each["type"] == "dashboards")
    assert (link["tags"], link["includeVars"], link["keepTime"]) == ([TAG], True, True)
    assert TAG in board["tags"]


@pytest.mark.parametrize(
    ("instance", "host"),
    [
        ("kvm-1:19177", "kvm-1"),
        ("kvm-1", "kvm-1"),
        ("10.0.0.1:9", "10.0.0.1"),
        ("[fe80::1]:19177", "[fe80::1]"),
    ],
)
def test_a_host_is_its_instance_without_the_port(instance: str, host: str) -> None:
    (variable,) = (each for each in FILES["ballonet-host"]["templating"]["list"] if each["name"] == "host")
    found = re.search(variable["regex"].strip("/"), instance)
    assert found is not None
    assert found[1] == host
