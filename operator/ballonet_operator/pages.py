"""What the agent serves: metrics, two probes, and the page that is made elsewhere (``page``)."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from prometheus_client import CollectorRegistry
from prometheus_client import exposition as text_format
from prometheus_client.openmetrics import exposition as openmetrics

from ballonet.web.landing import Link
from ballonet.web.message import (
    METRICS_OPENMETRICS,
    METRICS_TEXT,
    Handler,
    Request,
    Response,
    prefers_openmetrics,
    text,
)
from ballonet_operator.health import Health, Verdict


def links(telemetry_path: str) -> Sequence[Link]:
    """Return what there is besides the page."""
    return (
        Link(telemetry_path, "metrics of this agent, for Prometheus"),
        Link("/-/healthy", "whether cycles are completed"),
        Link("/-/ready", "whether libvirt is reached and guests are looked after"),
    )


def routes(
    registry: CollectorRegistry, health: Health, telemetry_path: str, page: Handler
) -> Mapping[str, Handler]:
    """Return the handlers by path."""
    return {
        "/": page,
        telemetry_path: exposition(registry),
        "/-/healthy": probe(health.alive),
        "/-/ready": probe(health.ready),
    }


def exposition(registry: CollectorRegistry) -> Handler:
    """Return the handler that serves metrics in the format that is asked for."""

    def handle(request: Request) -> Response:
        if prefers_openmetrics(request.header("accept")):
            body: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
            return Response(body=body, content_type=METRICS_OPENMETRICS)
        return Response(body=text_format.generate_latest(registry), content_type=METRICS_TEXT)

    return handle


def probe(judge: Callable[[], Verdict]) -> Handler:
    """Return the handler that answers with a verdict."""

    def handle(_: Request) -> Response:
        verdict = judge()
        return text(verdict.sentence, HTTPStatus.OK if verdict.good else HTTPStatus.SERVICE_UNAVAILABLE)

    return handle
