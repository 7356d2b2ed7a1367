"""Requests to an API server that cost a load generator little: one kept connection, bytes in and out."""

import http.client
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

APPLY: Final = "application/apply-patch+yaml"
MERGE: Final = "application/strategic-merge-patch+json"
JSON: Final = "application/json"
HOSTS: Final = "/apis/ballonet.dev/v1alpha1/balloonhosts"
POLICIES: Final = "/apis/ballonet.dev/v1alpha1/balloonpolicies"
NODES: Final = "/api/v1/nodes"
AS_AGENT: Final = "?fieldManager=ballonet-agent&force=true"
"""The query of an agent's apply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An API server, and the certificate of who may do everything there."""

    host: str
    port: int
    context: ssl.SSLContext

    @classmethod
    def of(cls, kubeconfig: Path) -> "Target":
        content = yaml.safe_load(kubeconfig.read_text())
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        context = ssl.create_default_context(cafile=cluster["certificate-authority"])
        context.load_cert_chain(user["client-certificate"], user["client-key"])
        address = urlsplit(cluster["server"])
        assert address.hostname
        assert address.port
        return cls(host=address.hostname, port=address.port, context=context)


class Connection:
    """One connection; it is for one thread."""

    def __init__(self, target: Target) -> None:
        self._raw = http.client.HTTPSConnection(target.host, target.port, timeout=120, context=target.context)

    def send(self, method: str, path: str, body: bytes | None = None, content: str = JSON) -> bytes:
        """Make a request and return the answer's body; whatever is not a success ends the benchmark."""
        self._raw.request(method, path, body, {"Content-Type": content, "Accept": "application/json"})
        answer = self._raw.getresponse()
        page = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {page[:400]!r}")
        return page

    def get(self, path: str) -> Any:
        return json.loads(self.send("GET", path))

    def close(self) -> None:
        self._raw.close()


def watched(target: Target, path: str, since: str) -> Iterator[bytes]:
    """Yield the events of a watch, one line of JSON each, for an hour at most."""
    raw = http.client.HTTPSConnection(target.host, target.port, timeout=3600, context=target.context)
    raw.request("GET", f"{path}?watch=1&timeoutSeconds=3600&resourceVersion={since}")
    yield from raw.getresponse()
