"""The exporter's HTTP paths."""

import math
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Final

from ballonet.web.landing import Link, page
from ballonet.web.markup import Markup
from ballonet.web.message import (
    METRICS_OPENMETRICS,
    METRICS_TEXT,
    Handler,
    Request,
    Response,
    prefers_openmetrics,
    text,
)
from ballonet_exporter.collector import Scraper
from ballonet_exporter.exposition import Reading, render

_TIMEOUT_HEADER: Final = "X-Prometheus-Scrape-Timeout-Seconds"


class Application:
    """Answers scrapes.

    Args:
        scraper: reads.
        deadline: seconds that a reading may take at most.
        timeout_offset: seconds to be done before the scraper gives up, for rendering and the way back.
        own: readings about this process.
        clock: tells how old the guests' statistics are, on the page that people see.
    """

    def __init__(
        self,
        scraper: Scraper,
        *,
        deadline: float,
        timeout_offset: float,
        own: Callable[[], list[Reading]] = list,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._scraper = scraper
        self._deadline = deadline
        self._timeout_offset = timeout_offset
        self._own = own
        self._clock = clock

    def routes(self, telemetry_path: str) -> Mapping[str, Handler]:
        """Return the handlers by path. The probes are no scrapes: a frozen guest must not restart a pod."""
        links = [
            Link(telemetry_path, "Metrics, for Prometheus."),
            Link("/-/healthy", "Whether this exporter runs."),
            Link("/-/ready", "Whether it answers scrapes."),
        ]
        description = "Balloon and memory of the KVM guests of this host."
        return {
            "/": page(
                "Ballonet exporter", description, f"ballonet {version('ballonet')}", links, self._front
            ),
            telemetry_path: self.metrics,
            "/-/healthy": lambda _: text("healthy"),
            "/-/ready": lambda _: text("ready"),
        }

    def metrics(self, request: Request) -> Response:
        """Answer a scrape; ``collect[]`` in the query chooses collectors, as in the node exporter."""
        names = request.query.get("collect[]")
        unknown = sorted(set(names or ()) - set(self._scraper.names))
        if unknown:
            there = ", ".join(self._scraper.names) or "none"
            return text(f"no collector {unknown[0]!r} is enabled; enabled: {there}", HTTPStatus.BAD_REQUEST)
        readings = self._scraper.scrape(self._allowed(request), names)
        openmetrics = prefers_openmetrics(request.header("accept"))
        return Response(
            body=render([*readings, *self._own()], openmetrics=openmetrics),
            content_type=METRICS_OPENMETRICS if openmetrics else METRICS_TEXT,
        )

    def _front(self) -> Markup:
        """Return what the page at ``/`` says of host and guests; what makes it is loaded for who looks."""
        from ballonet_exporter.front_page import front_page  # noqa: PLC0415

        return front_page(self._scraper.scrape(self._deadline), self._clock())

    def _allowed(self, request: Request) -> float:
        """Return the seconds that reading may take: the flag's, and less where the scraper waits less."""
        try:
            timeout = float(request.header(_TIMEOUT_HEADER))
        except ValueError:
            return self._deadline
        if not (math.isfinite(timeout) and timeout > 0):
            return self._deadline
        # A wait shorter than the offset leaves half of itself rather than nothing.
        return min(self._deadline, max(timeout - self._timeout_offset, timeout / 2))
