"""The namespaces of a node: mounts, network and processes of its own, held by one small process.

When that process ends, the kernel ends everything in them: containers, mounts, network interfaces and rules.
The node sees the machine's files, but for a /run, a /var/lib and a /var/log of its own.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet_lab.cleanup import NODE_INIT
from ballonet_lab.errors import LabError
from ballonet_lab.packages import find_program
from ballonet_lab.patience import eventually
from ballonet_lab.programs import run_program

SOURCE: Final = Path(__file__).with_name("node_init.c")
# Of the addresses for documentation (RFC 5737): nobody in the node's network could mean another by it.
ADDRESS: Final = "198.51.100.10"
_GATEWAY: Final = "198.51.100.1"
_PATIENCE: Final = 20.0

# The kubelet sets these for the whole machine and does not start where it cannot (setupKernelTunables in
# k8s.io/kubernetes/pkg/kubelet/cm/container_manager_linux.go). Here it finds files in their place.
_TUNABLES: Final = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
_NAMESPACES: Final = ("--mount", "--net", "--pid")

# Its arguments: the node's directory, its address, the way out that leads nowhere, the first process's name.
# Mounts are shared within the namespace only, as containers with mountPropagation need it.
_SCRIPT: Final = """\
set -e
mount --make-rshared /
mount -t tmpfs -o mode=755 run /run
mkdir /run/netns
mount --bind "$1/lib" /var/lib
mount --bind "$1/log" /var/log
(cd "$1/tunables" && find . -type f) | while read -r name; do
    mount --bind "$1/tunables/$name" "/proc/sys/$name"
done
ip link set lo up
ip link add node0 type veth peer name node0-peer
ip link set node0-peer up
ip address add "$2/24" dev node0
ip link set node0 up
ip route add default via "$3" dev node0
exec "$1/$4" "$1/"
"""


@dataclass(frozen=True, slots=True)
class Space:
    """The namespaces of one node.

    Attributes:
        home: the node's directory.
        init: the id of the process that holds them.
    """

    home: Path
    init: int
    _holder: "subprocess.Popen[str]"

    @classmethod
    def make(cls, home: Path) -> "Space":
        """Make them, with nothing in them yet.

        Raises:
            LabError: this is not root, or the kernel lacks something.
        """
        for name in ("lib", "log"):
            (home / name).mkdir()
        for name, value in _TUNABLES.items():
            file = home / "tunables" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{value}\n")
        compile_init(home / NODE_INIT)
        with (home / "namespaces.log").open("w") as log:
            holder = subprocess.Popen(
                [
                    find_program("unshare"), *_NAMESPACES, "--fork", "--kill-child", "--mount-proc",
                    "--propagation", "private", "sh", "-c", _SCRIPT, "sh",
                    str(home), ADDRESS, _GATEWAY, NODE_INIT,
                ],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, cwd="/",
                start_new_session=True,
            )  # fmt: skip
        assert holder.stdout is not None
        with holder.stdout as said:
            if said.readline() != "ready\n":
                complaint = (home / "namespaces.log").read_text().strip()
                raise LabError(f"the node's namespaces cannot be made: {complaint or 'nobody says why'}")
        children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
        (init,) = eventually(lambda: children.read_text().split(), "the node's first process is there")
        return cls(home, int(init), holder)

    def entrance(self, *, files: bool = True) -> tuple[str, ...]:
        """Return the words that, before a command, run it in here.

        Args:
            files: whether it sees the node's files and processes, or just the network.
        """
        which = _NAMESPACES if files else ("--net",)
        return (find_program("nsenter"), "--target", str(self.init), *which, "--")

    def run(self, *command: str) -> str:
        """Run a program in here and return what it prints.

        Raises:
            LabError: it fails.
        """
        return run_program(*self.entrance(), *command)

    def reap(self) -> None:
        """Take note that somebody ended the process that holds them."""
        self._holder.wait(_PATIENCE)


def compile_init(program: Path) -> None:
    """Compile the first process, which needs no library; in an image of its own it holds each pod as well.

    Raises:
        LabError: there is no compiler, or no static C library.
    """
    run_program("gcc", "-Os", "-static", "-s", "-o", str(program), str(SOURCE))
