"""What a client's headers ask for."""

import pytest

from ballonet.web.landing import Link, page
from ballonet.web.message import Request, accepts_gzip, prefers_openmetrics

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        pytest.param("", False, id="nothing"),
        pytest.param("*/*", False, id="curl"),
        pytest.param("text/html,application/xhtml+xml,*/*;q=0.8", False, id="a browser"),
        pytest.param(PROMETHEUS_2, True, id="Prometheus 2"),
        pytest.param(PROMETHEUS_3, True, id="Prometheus 3"),
        pytest.param("application/openmetrics-text", True, id="any version"),
        pytest.param('application/openmetrics-text; version="1.0.0"', True, id="quoted"),
        pytest.param("application/openmetrics-text;version=0.0.1", False, id="only an older version"),
        pytest.param("application/openmetrics-text;q=0.1,text/plain;q=0.9", False, id="text preferred"),
        pytest.param("application/openmetrics-text;q=0", False, id="refused"),
        pytest.param("application/openmetrics-text;q=much", False, id="a weight that is none"),
        pytest.param("application/openmetrics-text;q=nan", False, id="a weight that is no number"),
        pytest.param(",,;;=,", False, id="nonsense"),
    ],
)
def test_openmetrics_is_for_who_prefers_it(accept: str, wanted: bool) -> None:  # noqa: FBT001
    assert prefers_openmetrics(accept) is wanted


@pytest.mark.parametrize(
    ("accept_encoding", "wanted"),
    [
        pytest.param("", False, id="nothing"),
        pytest.param("gzip", True, id="gzip"),
        pytest.param("deflate, GZIP;q=0.5", True, id="among others"),
        pytest.param("*", True, id="anything"),
        pytest.param("gzip;q=0, *", False, id="anything but gzip"),
        pytest.param("identity", False, id="as it is"),
    ],
)
def test_gzip_is_for_who_takes_it(accept_encoding: str, wanted: bool) -> None:  # noqa: FBT001
    assert accepts_gzip(accept_encoding) is wanted


def test_the_landing_page_escapes_everything_and_loads_nothing() -> None:
    handler = page("<b>", 'a "b" & c', "<i>", [Link('/m"><script>', "<script>")])

    text = handler(Request(path="/")).body.decode()

    assert "<b>" not in text
    assert "<script>" not in text
    assert "src=" not in text
    assert "http" not in text
