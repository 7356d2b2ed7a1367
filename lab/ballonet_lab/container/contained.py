"""A program of the image, run as a container runtime would run it, but on the machine's own network.

It is process number 1 of a PID namespace, sees nothing but the image's root file system and what is mounted
into it, may write to /tmp only, and has no capabilities. It ends with the thread that started it.
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from ballonet_lab.container.image import Image
from ballonet_lab.container.store import require_root
from ballonet_lab.packages import find_program, require_programs
from ballonet_lab.patience import eventually

# Its arguments: a scratch directory, the root file system, options of setpriv, "--", pairs of a directory and
# the place where it is mounted, "--", the command. The places are made in a layer above the image's, as
# runtimes do it, and then nothing can be written any more.
_SCRIPT: Final = """\
set -e
scratch=$1 image=$2; shift 2
mount -t tmpfs scratch "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
root=$scratch/root
mount -t overlay -o "lowerdir=$image,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
while [ "$1" != -- ]; do
    mkdir -p "$root$2"
    mount --bind "$1" "$root$2"
    [ "$3" = rw ] || mount -o "remount,bind,$3" "$root$2"
    shift 3
done
shift
mount -o remount,ro "$root"
exec chroot "$root" "$@"
"""
# The caller's end ends unshare, and that ends the program, for which setpriv asks once more: the kernel
# forgets such a wish when a process changes its user.
_DIES_WITH_PARENT: Final = "--pdeathsig=KILL"
_ISOLATED: Final = (
    "unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--propagation", "private", "sh", "-c",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A directory of the machine as the program sees it.

    Attributes:
        source: the directory.
        target: where it lies for the program; in the same place where None.
        writable: whether the program may write there. A read-only mount does not keep anybody from
            connecting to a socket.
    """

    source: Path
    target: Path | None = None
    writable: bool = False

    def words(self) -> list[str]:
        """Return it as the script takes it."""
        return [str(self.source), str(self.target or self.source), "rw" if self.writable else "ro"]


@dataclass(frozen=True, slots=True)
class Contained:
    """A program that runs out of an image."""

    process: "subprocess.Popen[str]"

    @property
    def pid(self) -> int:
        """The program's process, by its number outside."""
        own = self.process.pid
        children = Path(f"/proc/{own}/task/{own}/children")
        return int(eventually(lambda: children.read_text().split(), "the container starts")[0])

    @property
    def users(self) -> set[int]:
        """The numbers of the users as which it runs: real, effective, saved and of files."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {int(word) for line in lines if line.startswith("Uid:") for word in line.split()[1:]}

    def end(self, number: int = signal.SIGTERM, *, within: float = 20) -> int:
        """Send the program a signal, as a runtime does, and return its exit code."""
        os.kill(self.pid, number)
        return self.process.wait(within)


@contextmanager
def contained(
    image: Image,
    *command: str,
    mounts: Sequence[Mount] = (),
    user: tuple[int, int] | None = None,
    environment: Mapping[str, str] | None = None,
    stderr: int | IO[str] = subprocess.PIPE,
) -> Iterator[Contained]:
    """Run a command of an image; it is killed in the end, where it still runs.

    Args:
        image: whose file system it sees.
        command: the program, found by the image's PATH, and its arguments.
        mounts: what it sees besides.
        user: user and group; the image's where None. They never get a capability.
        environment: added to the image's; nothing of the caller's is passed on.
        stderr: where its log goes, as ``Popen`` takes it; its output is a pipe.

    Raises:
        LabError: this is not root, or a program is missing.
    """
    require_root()
    require_programs("setpriv", "unshare", "mount")
    with tempfile.TemporaryDirectory(prefix="ballonet-container-") as scratch:
        words = [word for mount in mounts for word in mount.words()]
        isolated = [find_program("setpriv"), _DIES_WITH_PARENT, *_ISOLATED, _SCRIPT, "sh"]
        places = [scratch, str(image.root), *words, "--"]
        process = subprocess.Popen(
            [*isolated, *places, *_drop(user or image.user), *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True,
            env={**image.environment, **(environment or {})},
        )  # fmt: skip
        try:
            yield Contained(process)
        finally:
            process.kill()
            process.communicate()


def _drop(user: tuple[int, int]) -> list[str]:
    number, group = user
    return [
        "setpriv", f"--reuid={number}", f"--regid={group}", "--clear-groups", "--no-new-privs",
        "--bounding-set=-all", "--inh-caps=-all", _DIES_WITH_PARENT, "--",
    ]  # fmt: skip
