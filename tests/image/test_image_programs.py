"""The programs of the image on a real guest, as in a pod: no rights, nothing to write to but /tmp."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ballonet.quantity import GIB, KIB, MIB
from ballonet_lab import Lab, LabGuest, eventually
from ballonet_lab.container import Image, Mount, contained
from image_programs import image_program

# The first test may have to build the image, and Debian before it.
pytestmark = pytest.mark.timeout(900)

# What the agent runs as where libvirt lets only root write: still without a single capability.
ROOT = (0, 0)
POLICY = """\
apiVersion: ballonet.dev/v1alpha1
kind: BalloonPolicy
metadata: {name: all}
spec: {thresholds: {host: {growAbove: 128Mi, reclaimBelow: 64Mi, criticalBelow: 32Mi}}}
"""


@pytest.fixture(scope="module")
def guest(lab: Lab) -> LabGuest:
    return lab.guest("web-1")


@pytest.fixture
def sockets(lab: Lab, guest: LabGuest) -> Sequence[Mount]:
    """The directory with libvirt's sockets, read-only, as the chart mounts it."""
    assert guest.name == "web-1"
    lab.directory.chmod(0o755)  # As /run/libvirt is.
    return [Mount(source=lab.directory)]


def test_the_exporter_serves_the_guests_series(
    image: Image, lab: Lab, sockets: Sequence[Mount], tmp_path: Path
) -> None:
    command = ("ballonet-exporter", "--libvirt.uri", lab.read_only_uri)
    with image_program(image, tmp_path / "log", *command, mounts=sockets) as program:
        scrape = program.as_exporter().scrape()

        assert scrape.value("ballonet_up") == 1
        assert scrape.value("ballonet_guest_balloon_maximum_bytes", guest="web-1") == GIB
        assert program.container.users == {65534}
        assert program.container.end() == 0


def test_the_agent_moves_the_guest(
    image: Image, lab: Lab, guest: LabGuest, sockets: Sequence[Mount], tmp_path: Path
) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "all.yaml").write_text(POLICY)
    mounts = [*sockets, Mount(source=tmp_path / "policies", target=Path("/etc/ballonet/policies"))]
    command = ("ballonet-operator", "agent", "--policies", "/etc/ballonet/policies",
               "--libvirt.uri", lab.uri, "--interval", "1s", "--host.budget", "768Mi")  # fmt: skip
    with image_program(image, tmp_path / "log", *command, mounts=mounts, user=ROOT) as program:
        eventually(
            lambda: guest.memory_statistics()["actual"] * KIB <= 768 * MIB, "the guest is shrunk", within=60
        )

        assert program.as_agent().get("/-/ready")[0] == 200
        assert program.as_agent().said("guest shrunk", guest="web-1")
        assert program.container.end() == 0


def test_the_command_line_lists_the_guest(image: Image, lab: Lab, sockets: Sequence[Mount]) -> None:
    command = ("ballonet", "--connect", lab.read_only_uri, "list", "--output", "json")
    with contained(image, *command, mounts=sockets) as container:
        output, complaint = container.process.communicate(timeout=60)

    assert (container.process.returncode, complaint) == (0, "")
    assert "web-1" in {guest["name"] for guest in json.loads(output)["guests"]}
