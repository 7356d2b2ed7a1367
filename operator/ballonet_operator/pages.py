"""What the agent serves: metrics, two probes, and a page for those who type the address."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from importlib.metadata import version

from prometheus_client import CollectorRegistry
from prometheus_client import exposition as text_format
from prometheus_client.openmetrics import exposition as openmetrics

from ballonet.web.landing import Link, page
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


def routes(registry: CollectorRegistry, health: Health, telemetry_path: str) -> Mapping[str, Handler]:
    """Return the handlers by path."""
    links = [
        Link(telemetry_path, "metrics of this agent, for Prometheus"),
        Link("/-/healthy", "whether cycles are completed"),
        Link("/-/ready", "whether libvirt is reached and guests are looked after"),
    ]
    landing = page(
        "Ballonet agent",
        "Moves memory between this host and its guests, as their policies say.",
        f"version {version('ballonet')}",
        links,
    )
    return {
        "/": landing,
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
