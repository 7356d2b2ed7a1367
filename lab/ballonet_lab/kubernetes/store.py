"""etcd's own interface, as far as the lab needs it: forgetting old versions of objects."""

import http.client
import json
from typing import Any

from ballonet_lab.errors import LabError
from ballonet_lab.kubernetes.ports import LOOPBACK


def compact_store(port: int) -> int:
    """Have etcd forget every version before the newest one, and return that one's revision.

    Raises:
        LabError: etcd does not do it.
    """
    revision = int(_ask(port, "/v3/maintenance/status", {})["header"]["revision"])
    _ask(port, "/v3/kv/compaction", {"revision": str(revision), "physical": True})
    return revision


def _ask(port: int, path: str, question: dict[str, Any]) -> dict[str, Any]:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=30)
    try:
        connection.request("POST", path, json.dumps(question))
        response = connection.getresponse()
        answer = response.read().decode(errors="replace")
    except OSError as error:
        raise LabError(f"etcd does not answer: {error}") from error
    finally:
        connection.close()
    if response.status != http.HTTPStatus.OK:
        raise LabError(f"etcd refuses {path}: {answer.strip()}")
    content: dict[str, Any] = json.loads(answer)
    return content
