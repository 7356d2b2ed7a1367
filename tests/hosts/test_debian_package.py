"""The Debian package on a fresh Debian, whose process 1 is systemd, with a real guest of a real libvirtd.

The tests share one host, which takes half a minute to make; the last one removes the package from it.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ballonet.quantity import GIB, MIB
from ballonet_lab import GuestSpec, Lab, eventually
from ballonet_lab.debian import Kind, Machine, build_package, unpack_root
from ballonet_lab.debian.package import judgement, package_version
from plain_host import AGENT, EXPORTER, PlainHost, files

pytestmark = pytest.mark.timeout(600)
POLICY = """\
apiVersion: ballonet.dev/v1alpha1
kind: BalloonPolicy
metadata: {name: all}
spec:
  memory: {floor: 256Mi}
  thresholds:
    host: {growAbove: 64Mi, reclaimBelow: 48Mi, criticalBelow: 32Mi}
"""
CONNECT = """
import os, pwd, socket, sys
user = pwd.getpwnam(sys.argv[1])
os.initgroups(user.pw_name, user.pw_gid)
os.setgid(user.pw_gid)
os.setuid(user.pw_uid)
socket.socket(socket.AF_UNIX).connect(f"/run/libvirt/{sys.argv[2]}")
"""


@pytest.fixture(scope="module")
def package() -> Path:
    return build_package()


@pytest.fixture(scope="module")
def host(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainHost]:
    """A host on which the package was installed, and its libvirt opened to the agent; no more was done."""
    place = tmp_path_factory.mktemp("plain-host")
    unpack_root(Kind.HOST, place / "root")
    with Lab.start() as lab:
        lab.directory.chmod(0o755)
        (guest,) = lab.guests([GuestSpec(name="web-1")])
        with Machine.boot(place / "root", {lab.directory: "/run/libvirt"}) as machine:
            made = PlainHost(machine, lab, guest, files(place / "root"))
            made.install(package)
            made.open_libvirt()
            yield made
    shutil.rmtree(place, ignore_errors=True)


def test_lintian_finds_no_fault_but_missing_manual_pages(package: Path) -> None:
    faults = [line for line in judgement(package) if not line.startswith(("I:", "N:"))]
    assert {re.sub(r" \[.*", "", line) for line in faults} <= {"W: ballonet: no-manual-page"}


def test_both_services_run_as_their_own_users_right_after_the_installation(host: PlainHost) -> None:
    for unit in (EXPORTER, AGENT):
        process = host.await_active(unit)
        status = host.machine.run("cat", f"/proc/{process}/status")
        number = host.machine.run("id", "--user", unit).strip()
        assert re.findall(r"^Uid:\t(.*)$", status, re.MULTILINE) == ["\t".join([number] * 4)]
        assert re.findall(r"^CapEff:\t0+$", status, re.MULTILINE)
        assert re.findall(r"^(?:NoNewPrivs|Seccomp):\t(\d)$", status, re.MULTILINE) == ["1", "2"]
    assert host.machine.run("id", "--name", "--groups", EXPORTER).split() == [EXPORTER]
    assert host.machine.run("id", "--name", "--groups", AGENT).split() == [AGENT, "libvirt"]
    eventually(host.sees_the_guest, "the exporter reads the guest")
    eventually(lambda: host.get(AGENT, "/-/ready") == "ready\n", "the agent is ready")
    assert "ballonet_host_memory_available_bytes" in host.get(EXPORTER)


def test_systemd_finds_no_fault_with_the_units(host: PlainHost) -> None:
    units = (f"{EXPORTER}.service", f"{AGENT}.service", f"{EXPORTER}.socket")
    # What it complains of, it says on its standard error, which goes along here.
    verify = "systemd-analyze verify --man=no --recursive-errors=no $@ 2>&1"
    assert host.machine.run("sh", "-c", verify, "sh", *units) == ""


def test_the_exporters_user_cannot_open_the_writable_socket(host: PlainHost) -> None:
    def opens(user: str, socket: str) -> bool:
        return "PermissionError" not in host.machine.run(
            "sh", "-c", 'python3 -c "$@" 2>&1 || true', "sh", CONNECT, user, socket
        )

    assert opens(EXPORTER, "libvirt-sock-ro")
    assert not opens(EXPORTER, "libvirt-sock")
    assert opens(AGENT, "libvirt-sock")


def test_the_agent_moves_the_guest_once_there_is_a_policy(host: PlainHost) -> None:
    assert host.size() == GIB
    host.settings(AGENT, "BALLONET_HOST__BUDGET=768Mi")
    host.machine.systemctl("restart", AGENT)
    host.file("etc/ballonet/policies/all.yaml").write_text(POLICY)
    host.machine.systemctl("reload", AGENT)
    eventually(lambda: host.size() <= 720 * MIB, "the guest has shrunk into the budget", within=60)
    assert [line for line in host.log(AGENT) if "guest shrunk" in line["MESSAGE"]]
    eventually(lambda: "1 guests looked after" in host.machine.shows(AGENT, "StatusText"), "systemd is told")


def test_services_go_on_when_libvirtd_was_away(host: PlainHost) -> None:
    before = {unit: host.await_active(unit) for unit in (EXPORTER, AGENT)}
    host.lab.stop_libvirtd()
    eventually(lambda: "ballonet_up 0" in host.get(EXPORTER), "the exporter says that libvirt is away")
    eventually(
        lambda: "not ready" in host.get(AGENT, "/-/ready") or "503" in host.get(AGENT, "/-/ready"),
        "so does the agent",
    )
    host.lab.start_libvirtd()
    host.open_libvirt()
    eventually(host.sees_the_guest, "the exporter reads the guest again")
    eventually(lambda: host.get(AGENT, "/-/ready") == "ready\n", "the agent is ready again")
    assert before == {unit: host.await_active(unit) for unit in (EXPORTER, AGENT)}


@pytest.mark.parametrize("unit", [EXPORTER, AGENT])
def test_the_watchdog_restarts_a_service_that_hangs_and_no_other(host: PlainHost, unit: str) -> None:
    dropin = host.file(f"etc/systemd/system/{unit}.service.d/quick.conf")
    dropin.parent.mkdir(parents=True)
    dropin.write_text("[Service]\nWatchdogSec=8s\nRestartSec=100ms\nLimitCORE=0\n")
    host.machine.systemctl("daemon-reload")
    host.machine.systemctl("restart", unit)
    before = host.await_active(unit)
    other = host.await_active(AGENT if unit == EXPORTER else EXPORTER)
    # A guest that hangs is nothing that a new start would mend.
    host.guest.freeze()
    if unit == EXPORTER:
        host.get(EXPORTER)
    started = float(host.machine.run("cat", "/proc/uptime").split()[0])
    eventually(
        lambda: float(host.machine.run("cat", "/proc/uptime").split()[0]) > started + 10,
        "more time than the watchdog's has passed",
        every=1,
    )
    assert host.await_active(unit) == before
    host.guest.thaw()
    host.machine.systemctl("kill", "--signal", "STOP", unit)
    eventually(
        lambda: host.machine.shows(unit, "NRestarts") == "1", "the watchdog has restarted it", within=60
    )
    assert host.await_active(unit) != before
    assert [line for line in host.log(unit) if "Watchdog timeout" in line["MESSAGE"]]
    assert host.await_active(AGENT if unit == EXPORTER else EXPORTER) == other


@pytest.mark.parametrize(
    ("unit", "complaint"),
    [
        (EXPORTER, "ballonet-exporter: error: web.listen-address: "),
        (AGENT, "ballonet-operator agent: error: web.listen-address: "),
    ],
)
def test_bad_settings_end_a_service_once_and_say_why(host: PlainHost, unit: str, complaint: str) -> None:
    file = host.file(f"etc/default/{unit}")
    good = file.read_text()
    host.settings(unit, "BALLONET_WEB__LISTEN_ADDRESS=nowhere")
    host.machine.systemctl("restart", unit, check=False)
    assert host.machine.systemctl("is-failed", unit, check=False) == "failed"
    assert (host.machine.shows(unit, "ExecMainStatus"), host.machine.shows(unit, "NRestarts")) == ("2", "0")
    assert [line for line in host.log(unit) if complaint in line["MESSAGE"]]
    file.write_text(good)
    host.machine.systemctl("start", unit)
    host.await_active(unit)


def test_the_exporter_needs_no_network_where_systemd_listens_for_it(host: PlainHost) -> None:
    host.settings(EXPORTER, "BALLONET_WEB__SYSTEMD_SOCKET=true")
    dropin = host.file(f"etc/systemd/system/{EXPORTER}.service.d/no-network.conf")
    dropin.parent.mkdir(parents=True, exist_ok=True)
    dropin.write_text(
        f"[Unit]\nRequires={EXPORTER}.socket\n"
        "[Service]\nPrivateNetwork=yes\nRestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX\n"
    )
    host.machine.systemctl("daemon-reload")
    host.machine.systemctl("stop", EXPORTER)
    host.machine.systemctl("start", f"{EXPORTER}.socket")
    eventually(host.sees_the_guest, "a scrape starts the exporter")
    process = host.await_active(EXPORTER)
    assert host.machine.run("readlink", f"/proc/{process}/ns/net") != host.machine.run(
        "readlink", "/proc/1/ns/net"
    )


def newer(package: Path, place: Path) -> Path:
    """Return the same package with another version and another environment file."""
    subprocess.run(["dpkg-deb", "--raw-extract", package, place], check=True)
    control = place / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*$", "Version: 99", control.read_text(), flags=re.MULTILINE))
    with (place / "etc/default/ballonet-agent").open("a") as file:
        file.write("# A newer version.\n")
    made = place.with_suffix(".deb")
    subprocess.run(
        ["dpkg-deb", "-Zgzip", "-z1", "--build", place, made], check=True, stdout=subprocess.DEVNULL
    )
    return made


def test_an_upgrade_keeps_settings_and_a_purge_leaves_nothing(
    host: PlainHost, package: Path, tmp_path: Path
) -> None:
    version = ("dpkg-query", "--show", "--showformat", "${Version}", "ballonet")
    assert host.machine.run(*version) == package_version()
    settings = host.file("etc/default/ballonet-agent").read_text()
    host.install(newer(package, tmp_path / "newer"))
    assert host.machine.run(*version) == "99"
    assert host.file("etc/default/ballonet-agent").read_text() == settings
    assert host.file("etc/ballonet/policies/all.yaml").read_text() == POLICY
    for unit in (EXPORTER, AGENT):
        host.await_active(unit)

    host.machine.run("dpkg", "--remove", "ballonet", timeout=120)
    assert host.machine.systemctl("is-active", EXPORTER, AGENT, check=False).split() == ["inactive"] * 2
    assert host.file("etc/ballonet/policies/all.yaml").exists()
    assert host.size() <= 720 * MIB, "guests keep their sizes"
    host.machine.run("dpkg", "--purge", "ballonet", timeout=120)
    left = files(host.machine.root) - host.bare
    # Drop-ins were made by these tests, as `systemctl edit` makes them.
    assert {name for name in left if ".service.d" not in name} == set()
    assert host.machine.run("getent", "passwd", EXPORTER, AGENT).count("nologin") == 2
