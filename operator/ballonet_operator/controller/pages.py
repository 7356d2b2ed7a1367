"""What the controller serves: metrics, two probes, and a page for those who type the address."""

from collections.abc import Callable, Mapping
from importlib.metadata import version

from prometheus_client import CollectorRegistry

from ballonet.web.landing import Link, page
from ballonet.web.message import Handler
from ballonet_operator.controller.health import Condition, alive, ready
from ballonet_operator.pages import exposition, probe


def routes(
    registry: CollectorRegistry, condition: Callable[[], Condition], telemetry_path: str
) -> Mapping[str, Handler]:
    """Return the handlers by path."""
    links = [
        Link(telemetry_path, "metrics of this controller, for Prometheus"),
        Link("/-/healthy", "whether it lives"),
        Link("/-/ready", "whether statuses are written, and whether this one leads"),
    ]
    landing = page(
        "Ballonet controller",
        "Tells what became of each BalloonPolicy, from what the agents report.",
        f"version {version('ballonet')}",
        links,
    )
    return {
        "/": landing,
        telemetry_path: exposition(registry),
        "/-/healthy": probe(lambda: alive(condition())),
        "/-/ready": probe(lambda: ready(condition())),
    }
