"""Reading a /metrics page on this machine, as Prometheus would."""

import http.client
from collections import defaultdict
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from ballonet_cli.demo.picture import Metrics

_HOST: Final = "127.0.0.1"
_PATIENCE: Final = 5.0


def scrape(port: int) -> Metrics | None:
    """Return the metrics of the program that listens on a port; None where it does not answer now."""
    body = _get(port, "/metrics")
    if body is None:
        return None
    metrics: defaultdict[str, list[tuple[dict[str, str], float]]] = defaultdict(list)
    for family in text_string_to_metric_families(body):
        for sample in family.samples:
            metrics[sample.name].append((sample.labels, sample.value))
    return metrics


def ready(port: int) -> bool:
    """Whether the program that listens on a port says that it is ready."""
    return _get(port, "/-/ready") is not None


def _get(port: int, path: str) -> str | None:
    """Return the page of a program on this machine, or None where it gives none."""
    connection = http.client.HTTPConnection(_HOST, port, timeout=_PATIENCE)
    try:
        connection.request("GET", path, headers={"X-Prometheus-Scrape-Timeout-Seconds": f"{_PATIENCE:g}"})
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return body.decode() if response.status == http.HTTPStatus.OK else None
