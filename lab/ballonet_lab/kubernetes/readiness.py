"""Waiting for the control plane: asking it itself, as its admin, until it is there or one of it has ended."""

import http.client
import ssl
from collections.abc import Sequence
from typing import Final

from ballonet_lab.kubernetes.arguments import Layout
from ballonet_lab.kubernetes.ports import LOOPBACK
from ballonet_lab.kubernetes.server import Server
from ballonet_lab.patience import eventually

_PATIENCE: Final = 60.0
_EVERY: Final = 0.05
# The controller manager makes it, so that it is there means that everything is.
_ACCOUNT: Final = "/api/v1/namespaces/default/serviceaccounts/default"


def wait_until_ready(layout: Layout, servers: Sequence[Server]) -> None:
    """Wait until the API server says that it is ready.

    Raises:
        LabError: a server has ended, or it takes too long.
    """
    _wait(layout, "/readyz", servers, "the API server is ready")


def wait_for_account(layout: Layout, servers: Sequence[Server]) -> None:
    """Wait until the controller manager works.

    Raises:
        LabError: a server has ended, or it takes too long.
    """
    _wait(layout, _ACCOUNT, servers, "there is a default service account")


def wait_until_served(layout: Layout, paths: Sequence[str]) -> None:
    """Wait until lists of custom resources are answered; at first they are put off with 429.

    Raises:
        LabError: it takes too long.
    """
    for path in paths:
        _wait(layout, path, (), f"the API server answers {path}")


def _wait(layout: Layout, path: str, servers: Sequence[Server], what: str) -> None:
    context = ssl.create_default_context(cafile=layout.keys / "ca.crt")
    context.load_cert_chain(layout.keys / "admin.crt", layout.keys / "admin.key")

    def there() -> bool:
        for server in servers:
            server.check()
        return _found(layout.api, context, path)

    eventually(there, what, within=_PATIENCE, every=_EVERY)


def _found(port: int, context: ssl.SSLContext, path: str) -> bool:
    connection = http.client.HTTPSConnection(LOOPBACK, port, timeout=10, context=context)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
