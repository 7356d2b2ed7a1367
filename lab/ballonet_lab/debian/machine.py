"""A host whose process 1 is systemd, in namespaces of its own: processes, mounts, network, control groups.

systemd wants version 2 of control groups, whose hierarchy is mounted beside version 1 where that is in use;
without controllers in it, limits of memory are accepted and not enforced. All else that a unit asks for works
as on a real host: its sandbox, its users, its watchdog, its log.
"""

import subprocess
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ballonet_lab.cgroups import remove_cgroups
from ballonet_lab.closing import Closing
from ballonet_lab.errors import LabError
from ballonet_lab.packages import find_program, require_programs
from ballonet_lab.patience import eventually

_NAMESPACES: Final = (
    "--pid", "--fork", "--kill-child", "--mount", "--propagation", "private", "--uts", "--ipc", "--net",
)  # fmt: skip
_CGROUPS: Final = Path("/sys/fs/cgroup")
# The root becomes the namespace's only file system; /run is where systemd takes containers to have theirs.
_START: Final = r"""
root=$1 group=$2; shift 2
echo 0 >"$group/cgroup.procs"
exec unshare --cgroup sh -ec '
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 none "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
while [ $# -gt 0 ]; do
    mkdir -p "$root$2"
    mount --bind "$1" "$root$2"
    shift 2
done
cd "$root"
mkdir -p .outside
pivot_root . .outside
umount -l /.outside
exec env -i container=lxc PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --log-target=journal
' sh "$root" "$@"
"""


@dataclass(slots=True)
class Machine(Closing):
    """The host; use it as a context manager. It ends with the thread that started it."""

    root: Path
    _process: subprocess.Popen[bytes]
    _group: str
    _first: int = field(default=0)

    @classmethod
    def boot(cls, root: Path, mounts: Mapping[Path, str] | None = None) -> "Machine":
        """Start systemd in a root file system and wait until it has started everything.

        Args:
            root: as ``unpack_root`` makes it.
            mounts: directories of this machine, and where the host sees them.

        Raises:
            LabError: it does not start.
        """
        require_programs("unshare", "nsenter", "mount")
        group = f"ballonet-{uuid.uuid4().hex[:8]}"
        place = _hierarchy() / group
        place.mkdir()
        seen = [str(word) for pair in (mounts or {}).items() for word in pair]
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", find_program("unshare"), *_NAMESPACES,
             "sh", "-ec", _START, "sh", str(root), str(place), *seen],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
        machine = cls(root, process, group)
        try:
            eventually(machine._started, "systemd has started everything", within=60)
            machine.run("ip", "link", "set", "lo", "up", outside=True)
        except BaseException:
            machine.close()
            raise
        return machine

    def run(self, *command: str, check: bool = True, outside: bool = False, timeout: float = 60) -> str:
        """Run a command there and return what it wrote.

        Args:
            command: the program and its arguments.
            check: a failure is an error.
            outside: run this machine's program, in the network of the host.
            timeout: seconds until it is killed.

        Raises:
            LabError: it failed or took too long.
        """
        spaces = ["--net"] if outside else ["--all", "--wdns=/"]
        clean = [] if outside else ["env", "-i", "PATH=/usr/sbin:/usr/bin", "LC_ALL=C.UTF-8"]
        try:
            done = subprocess.run(
                [find_program("nsenter"), "--target", str(self._first), *spaces, *clean, *command],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=timeout,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise LabError(f"`{' '.join(command)}` did not end within {timeout:g} s") from error
        if check and done.returncode != 0:
            raise LabError(f"`{' '.join(command)}` failed: {' '.join((done.stderr or done.stdout).split())}")
        return done.stdout

    def systemctl(self, *words: str, check: bool = True) -> str:
        """Tell systemd something, and return its answer."""
        return self.run("systemctl", "--no-pager", *words, check=check).strip()

    def shows(self, unit: str, name: str) -> str:
        """Return a property of a unit."""
        return self.systemctl("show", unit, "--property", name, "--value")

    def close(self) -> None:
        """End process 1, and with it all others; a second call does nothing."""
        self._process.kill()
        self._process.wait()
        remove_cgroups(self._group)

    def _started(self) -> bool:
        if self._process.poll() is not None:
            raise LabError(f"systemd in {self.root} ended with exit code {self._process.returncode}")
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        with suppress(OSError, IndexError, LabError):
            self._first = int(children.read_text().split()[0])
            if Path(f"/proc/{self._first}/comm").read_text() != "systemd\n":
                return False
            # It is called degraded for what no container can have, such as kernel modules.
            return self.systemctl("is-system-running", check=False) in ("running", "degraded")
        return False


def _hierarchy() -> Path:
    """Return where version 2 of control groups is mounted.

    Raises:
        LabError: nowhere.
    """
    for place in (_CGROUPS, _CGROUPS / "unified"):
        if (place / "cgroup.controllers").exists():
            return place
    raise LabError(
        "no version 2 of control groups at /sys/fs/cgroup, which systemd needs: mount it at unified"
    )
