"""What programs tell systemd, and when they give a sign of life."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ballonet.notify import Notifier
from ballonet.web.address import open_sockets
from ballonet.web.connections import Limits
from ballonet.web.message import Request, Response, text
from ballonet.web.server import Server
from ballonet_lab import eventually


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A socket as systemd opens it, and what it would put into NOTIFY_SOCKET."""
    name = f"ballonet-test-{os.getpid()}"
    address, given = (
        (f"\0{name}", f"@{name}") if request.param == "abstract" else (str(tmp_path / "notify"),) * 2
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(address)
        sock.settimeout(5)
        yield sock, given


def test_states_reach_the_service_manager(manager: tuple[socket.socket, str]) -> None:
    sock, given = manager
    Notifier({"NOTIFY_SOCKET": given}).send("READY=1", "STATUS=ünder way")
    assert sock.recv(4096).decode() == "READY=1\nSTATUS=ünder way"


def test_without_a_service_manager_nothing_is_sent() -> None:
    Notifier({}).send("READY=1")


def test_a_service_manager_that_is_gone_is_no_reason_to_stop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).send("WATCHDOG=1")
    assert [record.getMessage() for record in caplog.records] == ["service manager not reached"]


@pytest.mark.parametrize(
    ("environment", "pace"),
    [
        pytest.param(
            {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "30000000"}, 15.0, id="half of what systemd waits"
        ),
        pytest.param(
            {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": str(os.getpid())},
            1.0,
            id="ours",
        ),
        pytest.param(
            {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"}, None, id="another's"
        ),
        pytest.param({"NOTIFY_SOCKET": "@x"}, None, id="no watchdog"),
        pytest.param({"WATCHDOG_USEC": "2000000"}, None, id="no manager"),
        pytest.param({"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "soon"}, None, id="no number"),
    ],
)
def test_the_watchdog_sets_the_pace(environment: dict[str, str], pace: float | None) -> None:
    assert Notifier(environment).pace == pace


def test_more_patience_is_asked_for_where_progress_comes_seldom(manager: tuple[socket.socket, str]) -> None:
    sock, given = manager
    notifier = Notifier({"NOTIFY_SOCKET": given, "WATCHDOG_USEC": "30000000"})
    notifier.need(20)
    notifier.need(181)
    assert sock.recv(4096) == b"WATCHDOG_USEC=181000000"
    assert notifier.pace == 90.5


def serving(handler: threading.Event) -> Server:
    def wait(_: Request) -> Response:
        handler.wait(30)
        return text("late")

    limits = Limits(connections=2, answer=0.2, precision=0.02)
    server = Server(open_sockets(["127.0.0.1:0"]), {"/": wait}, limits=limits)
    server.start()
    return server


def ask(server: Server) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", server.addresses[0].port), timeout=10)
    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    return client


def test_a_server_lives_until_all_its_places_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ballonet.web.server._TURN", 1.0)
    release = threading.Event()
    server = serving(release)
    with ask(server):
        eventually(lambda: server._connections.stuck(float("inf")) == 1, "one request hangs")
        eventually(lambda: server._connections.stuck(since()) == 1, "its time has been over for a second")
        assert server.turning()
        with ask(server):
            eventually(lambda: not server.turning(), "no place is left")
            release.set()
            eventually(server.turning, "places are free again")
    server.stop()


def test_a_server_whose_accept_loop_hangs_does_not_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ballonet.web.server._TURN", 1.0)
    server = serving(threading.Event())
    eventually(server.turning, "the server accepts")
    with server._connections._lock:
        eventually(lambda: not server.turning(), "the accept loop waits for the lock")
    eventually(server.turning, "it goes on")
    server.stop()


def since() -> float:
    return time.monotonic() - 1.0
