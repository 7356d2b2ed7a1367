"""A real Alertmanager, that notifies nobody."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ballonet_lab.closing import Closing
from ballonet_lab.monitoring.service import Service

_CONFIG: Final = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
_READY: Final = "/-/ready"


@dataclass
class Alertmanager(Closing):
    """One of them; use it as a context manager, or call ``close``."""

    _service: Service

    @classmethod
    def launch(cls, config: str = _CONFIG, web_config: str | None = None, **files: str) -> "Alertmanager":
        """Start one and wait until it is ready.

        Args:
            config: its configuration.
            web_config: TLS and users, as the exporter-toolkit reads them.
            files: further files in its directory, by name; the configurations may name them.

        Raises:
            LabError: it is not installed, or does not start.
        """
        texts = {"alertmanager.yaml": config, **files}
        if web_config is not None:
            texts["web.yaml"] = web_config
        service = Service.prepare(
            "prometheus-alertmanager",
            lambda directory, port: [
                f"--config.file={directory}/alertmanager.yaml",
                f"--storage.path={directory}/data",
                f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
                *([f"--web.config.file={directory}/web.yaml"] if web_config is not None else []),
            ],
            texts,
        )
        made = cls(service)
        try:
            made.start()
        except BaseException:
            made.close()
            raise
        return made

    @property
    def url(self) -> str:
        """Where it is; with ``web_config`` it may be https instead."""
        return f"http://{self._service.address}"

    @property
    def address(self) -> str:
        """Its host and port."""
        return self._service.address

    @property
    def process(self) -> int:
        """The id of its process."""
        return self._service.process

    def kill(self) -> None:
        """Kill it, as a crash does: what it had not written is lost, and the port stays its own."""
        self._service.server.stop()

    def start(self) -> None:
        """Start it, again on the same port, and wait until it is ready."""
        self._service.start(_READY)

    def close(self) -> None:
        """End it and remove its directory."""
        self._service.close()

    def post_alerts(self, alerts: Iterable[Mapping[str, str]], *, lasting: float = 3600) -> None:
        """Let alerts with these labels fire for so many seconds; a time of 0 ends those that fire."""
        now = datetime.now(UTC)
        begun, ends = now - timedelta(seconds=1), now + timedelta(seconds=lasting)
        times = {"startsAt": _stamp(begun), "endsAt": _stamp(ends)}
        self._service.send("/api/v2/alerts", [{"labels": dict(each), **times} for each in alerts])

    def alerts(self) -> list[dict[str, Any]]:
        """Return all alerts that it holds, silenced ones included."""
        found: list[dict[str, Any]] = self._service.get("/api/v2/alerts")
        return found

    def firing(self, name: str) -> bool:
        """Whether an alert of this name fires and is not silenced."""
        return any(
            each["labels"].get("alertname") == name and each["status"]["state"] == "active"
            for each in self.alerts()
        )

    def silence(self, **labels: str) -> str:
        """Silence alerts with these labels for an hour, and return the silence's id."""
        now = datetime.now(UTC)
        equal = {"isRegex": False, "isEqual": True}
        matchers = [{"name": name, "value": value, **equal} for name, value in labels.items()]
        silence = {
            "matchers": matchers,
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
            "createdBy": "a test",
            "comment": "a test",
        }
        answer = json.loads(self._service.send("/api/v2/silences", silence))
        return str(answer["silenceID"])

    def end_silence(self, silence: str) -> None:
        """End a silence."""
        self._service.send(f"/api/v2/silence/{silence}", method="DELETE")


def _stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
