"""The exporter's HTTP paths, called without a server."""

import pytest

from ballonet.web.message import Request, Response
from ballonet_exporter.application import Application
from ballonet_exporter.collector import Scraper
from ballonet_exporter.exposition import NO_LABELS, Family, Reading, render

VALUE = Reading(Family("ballonet_value", "A value."), ((NO_LABELS, 7.0),))


class Source:
    """A collector that remembers how long it was allowed to take."""

    def __init__(self, name: str = "guest") -> None:
        self.name = name
        self.allowed: list[float] = []

    def collect(self, deadline: float) -> list[Reading]:
        self.allowed.append(deadline)
        return [VALUE]

    def failed(self) -> list[Reading]:
        return []


def ask(
    source: Source, *, path: str = "/metrics", timeout: str = "", query: str = "", accept: str = ""
) -> Response:
    application = Application(Scraper([source]), deadline=3.0, timeout_offset=0.5, own=lambda: [VALUE])
    request = Request(
        path=path,
        query={"collect[]": (query,)} if query else {},
        headers={"x-prometheus-scrape-timeout-seconds": timeout, "accept": accept},
    )
    return application.routes("/metrics")[path](request)


@pytest.mark.parametrize(
    ("timeout", "allowed"),
    [
        pytest.param("", 3.0, id="not said"),
        pytest.param("10", 3.0, id="more than the flag"),
        pytest.param("2", 1.5, id="less than the flag"),
        pytest.param("3.2", 2.7, id="a little more"),
        pytest.param("0.6", 0.3, id="hardly more than the offset"),
        pytest.param("0.2", 0.1, id="less than the offset"),
        pytest.param("0", 3.0, id="nothing"),
        pytest.param("-1", 3.0, id="less than nothing"),
        pytest.param("nan", 3.0, id="no number"),
        pytest.param("inf", 3.0, id="for ever"),
        pytest.param("soon", 3.0, id="a word"),
    ],
)
def test_reading_may_take_what_the_flag_allows_and_the_scraper_waits(timeout: str, allowed: float) -> None:
    source = Source()

    ask(source, timeout=timeout)

    assert source.allowed == [pytest.approx(allowed)]


def test_the_page_has_the_collectors_and_the_process_and_says_what_it_is() -> None:
    text, openmetrics = ask(Source()), ask(Source(), accept="application/openmetrics-text")

    assert text.body.count(b"ballonet_value 7.0\n") == 2
    assert text.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert openmetrics.body.endswith(render([VALUE], openmetrics=True))
    assert openmetrics.content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"


def test_a_collector_that_is_not_there_is_a_wrong_request() -> None:
    source = Source()

    refused = ask(source, query="disk\ud800")

    assert (refused.status, source.allowed) == (400, [])
    assert b"enabled: guest" in refused.body


def test_probes_collect_nothing() -> None:
    source = Source()

    answers = [ask(source, path=path) for path in ("/-/healthy", "/-/ready")]

    assert [answer.status for answer in answers] == [200] * 2
    assert source.allowed == []
