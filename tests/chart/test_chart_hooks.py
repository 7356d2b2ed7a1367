"""The programs of "helm test": what they find good, and what they complain about."""

import importlib.util
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType
from typing import Any

import pytest

from chart_parts import CHART

METRICS = b"# HELP ballonet_up Whether libvirt answers.\nballonet_up 1.0\n"


def program(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, CHART / "files" / "tests" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRAPE = program("scrape")
HOSTS = program("hosts")


class Part(BaseHTTPRequestHandler):
    """Answers as a part does, and as one with a password below /guarded."""

    def do_GET(self) -> None:
        self.send_response(401 if self.path == "/guarded" else 200)
        self.end_headers()
        self.wfile.write(METRICS)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def part() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Part) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "metric", "guarded", "says"),
    [
        pytest.param("/metrics", "ballonet_up 1.0", False, "", id="as it should be"),
        pytest.param("/metrics", "ballonet_up 0.0", False, "does not say: ballonet_up", id="without libvirt"),
        pytest.param("/guarded", "ballonet_up 1.0", False, "401", id="a password that was not expected"),
        pytest.param("/guarded", "ballonet_up 1.0", True, "", id="a password that was"),
    ],
)  # fmt: skip
def test_a_scrape_is_judged(part: str, path: str, metric: str, guarded: bool, says: str) -> None:  # noqa: FBT001
    said = SCRAPE.complaint(f"{part}{path}", metric, guarded=guarded)

    assert bool(said) is bool(says)
    assert says in said


@pytest.mark.parametrize("guarded", [True, False])
def test_a_part_that_is_not_there_is_complained_about_whatever_guards_it(*, guarded: bool) -> None:
    assert "refused" in SCRAPE.complaint("http://127.0.0.1:9/metrics", "ballonet_up", guarded=guarded)


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        pytest.param({"BALLONET_EXPORTER_SERVICE_HOST": "10.0.0.1"}, "10.0.0.1:1", id="a variable"),
        pytest.param({"BALLONET_EXPORTER_SERVICE_HOST": "fd00::1"}, "[fd00::1]:1", id="IPv6"),
        pytest.param({}, "ballonet-exporter:1", id="DNS"),
    ],
)
def test_a_service_is_found(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], address: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert SCRAPE.address("ballonet-exporter", "1") == address


def host(name: str, connected: str) -> dict[str, Any]:
    condition = {"type": "HypervisorConnected", "status": connected}
    return {"metadata": {"name": name}, "status": {"conditions": [condition]}}


@pytest.mark.parametrize(
    ("wanted", "hosts", "says"),
    [
        pytest.param(2, [host("a", "True"), host("b", "True")], "", id="all are connected"),
        pytest.param(1, [host("a", "True"), host("b", "False")], "to libvirt: b", id="one is not"),
        pytest.param(2, [host("a", "True")], "1 agents have not told", id="one said nothing"),
        pytest.param(1, [{"metadata": {"name": "new"}}], "not connected to libvirt: new", id="no status yet"),
        pytest.param(0, [], "no node is selected", id="no node"),
    ],
)  # fmt: skip
def test_hosts_are_judged(
    monkeypatch: pytest.MonkeyPatch, wanted: int, hosts: list[dict[str, Any]], says: str
) -> None:
    answers = {
        "/apis/apps/v1/namespaces/ns/daemonsets/agents": {"status": {"desiredNumberScheduled": wanted}},
        "/apis/ballonet.dev/v1alpha1/balloonhosts": {"items": hosts},
    }
    monkeypatch.setattr(HOSTS, "read", answers.__getitem__)

    said = HOSTS.complaint("ns", "agents")

    assert bool(said) is bool(says)
    assert says in said
