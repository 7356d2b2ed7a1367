"""What a handler gets and what it returns, and what a scraper asks for in its headers.

No sockets here: everything is testable with plain values.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

TEXT: Final = "text/plain; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"
METRICS_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
METRICS_OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, GET or HEAD; header names are in lower case."""

    path: str
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """Return a header's value, empty when the client did not send it."""
        return self.headers.get(name.lower(), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer. The server adds the length, and compresses when the client takes gzip."""

    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    content_type: str = TEXT
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[Request], Response]


def text(body: str, status: HTTPStatus = HTTPStatus.OK, **headers: str) -> Response:
    """Return a line of plain text; underscores in header names stand for hyphens."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(body=f"{body}\n".encode("utf-8", "backslashreplace"), status=status, headers=named)


def prefers_openmetrics(accept: str) -> bool:
    """Whether an ``Accept`` header ranks OpenMetrics at least as high as the older text format.

    Prometheus ranks OpenMetrics higher; a browser does not mention it. Only version 1.0.0 is written here.
    """
    openmetrics = text_format = 0.0
    for media, parameters in _preferences(accept):
        quality = _quality(parameters)
        if media == "application/openmetrics-text" and parameters.get("version", "1.0.0") == "1.0.0":
            openmetrics = max(openmetrics, quality)
        elif media == "text/plain":
            text_format = max(text_format, quality)
    return openmetrics > 0 and openmetrics >= text_format


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an ``Accept-Encoding`` header allows gzip."""
    qualities = {coding: _quality(parameters) for coding, parameters in _preferences(accept_encoding)}
    return qualities.get("gzip", qualities.get("*", 0.0)) > 0


def _preferences(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    for item in header.split(","):
        name, *rest = (part.strip() for part in item.split(";"))
        pairs = (part.partition("=") for part in rest)
        yield name.lower(), {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}


def _quality(parameters: Mapping[str, str]) -> float:
    """Return the weight of one entry; one that is no number counts as not wanted."""
    try:
        quality = float(parameters.get("q", "1"))
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0
