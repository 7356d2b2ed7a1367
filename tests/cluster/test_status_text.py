"""Text in statuses on a real API server: none that a compromised agent writes moves a reader's cursor."""

import json
from collections.abc import Iterator

import pytest

from ballonet.api_kinds import HOSTS
from ballonet.apiserver import ApiServer
from ballonet_lab.kubernetes import ControlPlane

BODY = {"apiVersion": HOSTS.api_version, "kind": "BalloonHost", "metadata": {"name": "node-1"}}


@pytest.fixture(scope="module")
def server(control_plane: ControlPlane) -> Iterator[ApiServer]:
    """An API server that knows one host."""
    server = ApiServer(control_plane.kubeconfig)
    made = server.apply(HOSTS, BODY, manager="test")
    yield server
    server.delete(HOSTS, "node-1", uid=made["metadata"]["uid"])
    server.close()


DETAIL = {"uuid": "u", "guest": "web", "reason": "Stuck", "message": "m"}


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("field", DETAIL)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("web\x1b[2J", id="an escape"),
        pytest.param("web\x9b2J", id="an escape of one character"),
        pytest.param("web\u202e", id="another direction"),
        pytest.param("web\n", id="a line break"),
    ],
)
def test_text_that_would_move_a_readers_cursor_is_refused_whoever_writes_it(
    control_plane: ControlPlane, field: str, text: str
) -> None:
    patch = json.dumps({"status": {"details": [DETAIL | {field: text}]}})

    complaint = control_plane.refusal(
        "patch", "blh", "node-1", "--subresource=status", "--type=merge", "-p", patch
    )

    assert f"status.details[0].{field}" in complaint
    assert "should match" in complaint


def test_text_of_any_language_is_taken(server: ApiServer) -> None:
    detail = dict.fromkeys(DETAIL, "\u00fc\u4e2d\U0001f600 web-1")

    stored = server.apply(
        HOSTS, BODY | {"status": {"details": [detail]}}, manager="test", subresource="status"
    )

    assert stored["status"]["details"] == [detail]
