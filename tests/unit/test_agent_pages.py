"""What the agent serves over HTTP, as values."""

from pathlib import Path

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from agent_parts import page
from ballonet.web.message import METRICS_OPENMETRICS, METRICS_TEXT, Request, Response
from ballonet_operator.board import Board
from ballonet_operator.health import Health
from ballonet_operator.metrics import registry
from ballonet_operator.page.overview import facts, overview
from ballonet_operator.pages import routes
from ballonet_operator.report import Report
from ballonet_operator.settings import AgentSettings


def answer(path: str, *, lost: str | None = None, accept: str = "") -> Response:
    """Return the answer after one cycle, or before any where ``lost`` is None."""
    board, health = Board(), Health(patience=7.0)
    if lost is not None:
        report = Report(number=1, at=0.0, duration=0.1, page=page(), lost=lost)
        board.record(report)
        health.record(report)
    front = overview(board.snapshot, health.ready, facts(AgentSettings(policies=Path("policies"))))
    handlers = routes(registry(board.snapshot), health, "/metrics", front)
    return handlers[path](Request(path=path, headers={"accept": accept}))


def test_metrics_are_plain_text_for_whoever_does_not_ask_for_more() -> None:
    response = answer("/metrics", lost="")
    assert response.content_type == METRICS_TEXT
    assert b'ballonet_cycles_total{result="complete"} 1.0\n' in response.body
    assert b"process_resident_memory_bytes" in response.body


def test_metrics_are_openmetrics_for_prometheus() -> None:
    response = answer("/metrics", lost="", accept="application/openmetrics-text;version=1.0.0")
    assert response.content_type == METRICS_OPENMETRICS
    families = text_string_to_metric_families(response.body.decode())  # type: ignore[no-untyped-call]
    names = {family.name for family in families}
    assert {"ballonet_cycles", "ballonet_cycle_duration_seconds", "process_resident_memory_bytes"} <= names


def test_probes_tell_alive_from_working() -> None:
    found = {
        (path, lost): answer(path, lost=lost).status
        for path in ("/-/healthy", "/-/ready")
        for lost in (None, "", "connection refused")
    }
    assert found == {
        ("/-/healthy", None): 200,
        ("/-/healthy", ""): 200,
        ("/-/healthy", "connection refused"): 200,
        ("/-/ready", None): 503,
        ("/-/ready", ""): 200,
        ("/-/ready", "connection refused"): 503,
    }


def test_the_landing_page_leads_everywhere() -> None:
    body = answer("/").body.decode()
    assert all(f'href="{path}"' in body for path in ("/metrics", "/-/healthy", "/-/ready"))
