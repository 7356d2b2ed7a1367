"""Where a lab's directory lies in its filesystem, by which its processes are found and ended."""

from pathlib import Path

import pytest

from ballonet_lab.cleanup import place_in_filesystem

DISK = "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw"
TMP = "30 22 0:27 / /tmp rw,nosuid - tmpfs tmpfs rw"
BOUND = "31 22 254:0 /srv/scratch /tmp rw - ext4 /dev/vda rw"
NEAR = "32 22 0:28 / /tmp/ballonet-1x rw - tmpfs tmpfs rw"


@pytest.mark.parametrize(
    ("mounts", "place"),
    [
        pytest.param([DISK], "/tmp/ballonet-1", id="on the root filesystem"),
        pytest.param([DISK, TMP], "/ballonet-1", id="in a filesystem of its own"),
        pytest.param([TMP, DISK], "/ballonet-1", id="whatever the order"),
        pytest.param([DISK, BOUND], "/srv/scratch/ballonet-1", id="in a part of a filesystem"),
        pytest.param([DISK, TMP, BOUND], "/srv/scratch/ballonet-1", id="the last mount covers the others"),
        pytest.param([DISK, TMP, NEAR], "/ballonet-1", id="beside one that begins alike"),
    ],
)
def test_a_directory_lies(mounts: list[str], place: str) -> None:
    assert place_in_filesystem(Path("/tmp/ballonet-1"), "\n".join(mounts)) == Path(place)
