"""A real Prometheus that scrapes every second."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from ballonet_lab.closing import Closing
from ballonet_lab.errors import LabError
from ballonet_lab.monitoring.service import Service

_READY: Final = "/-/ready"
_CONFIG: Final = "prometheus.yaml"
_RULES: Final = "rules.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something to scrape.

    Attributes:
        address: host and port.
        labels: of all that comes from there; ``instance`` among them takes the place of the address.
    """

    address: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series and its values, each with its time."""

    labels: Mapping[str, str]
    values: tuple[tuple[float, float], ...]


@dataclass
class Prometheus(Closing):
    """One of them; use it as a context manager, or call ``close``."""

    _service: Service

    @classmethod
    def launch(
        cls, targets: Mapping[str, Target], rules: str = "groups: []", alertmanagers: Sequence[str] = ()
    ) -> "Prometheus":
        """Start one and wait until it is ready.

        Args:
            targets: by job.
            rules: a rule file.
            alertmanagers: host and port of each that is told of alerts.

        Raises:
            LabError: it is not installed, or does not start.
        """
        service = Service.prepare(
            "prometheus",
            lambda directory, port: [
                f"--config.file={directory}/{_CONFIG}",
                f"--storage.tsdb.path={directory}/data",
                f"--web.listen-address=127.0.0.1:{port}",
                "--web.enable-lifecycle",
                "--rules.alert.resend-delay=2s",
            ],
            {_CONFIG: _config(targets, alertmanagers), _RULES: rules},
        )
        made = cls(service)
        try:
            service.start(_READY)
        except BaseException:
            made.close()
            raise
        return made

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{self._service.address}"

    def close(self) -> None:
        """End it and remove its directory."""
        self._service.close()

    def reload(self, rules: str) -> None:
        """Put other rules in force.

        Raises:
            LabError: they cannot be used.
        """
        (self._service.directory / _RULES).write_text(rules)
        self._service.send("/-/reload")

    def query(self, expression: str) -> list[Series]:
        """Return what an expression comes to now, one value for each series."""
        found = self._ask("/api/v1/query", query=expression)
        return [_series(each["metric"], [each["value"]]) for each in found["result"]]

    def query_range(self, expression: str, start: float, end: float, step: float = 1.0) -> list[Series]:
        """Return what an expression came to over a time, in seconds since the epoch."""
        found = self._ask(
            "/api/v1/query_range", query=expression, start=str(start), end=str(end), step=str(step)
        )
        return [_series(each["metric"], each["values"]) for each in found["result"]]

    def firing(self, name: str) -> bool:
        """Whether its own alert of this name fires."""
        return bool(self.query(f'ALERTS{{alertname="{name}",alertstate="firing"}}'))

    def _ask(self, path: str, **query: str) -> Any:
        answer = self._service.get(path, **query)
        if answer["status"] != "success":
            raise LabError(f"Prometheus refuses {query}: {answer}")
        return answer["data"]


def _series(labels: Mapping[str, str], values: Sequence[tuple[float, str]]) -> Series:
    return Series(labels=labels, values=tuple((float(at), float(value)) for at, value in values))


def _config(targets: Mapping[str, Target], alertmanagers: Sequence[str]) -> str:
    scrapes = [
        {
            "job_name": job,
            "static_configs": [{"targets": [target.address], "labels": dict(target.labels)}],
        }
        for job, target in targets.items()
    ]
    content = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [_RULES],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": list(alertmanagers)}]}]},
        "scrape_configs": scrapes,
    }
    return yaml.safe_dump(content)
