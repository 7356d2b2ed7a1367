"""The servers of a node, started in the order in which they need each other."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet_lab.cgroups import make_cgroups
from ballonet_lab.cleanup import NODE_INIT
from ballonet_lab.errors import LabError
from ballonet_lab.kubernetes.arguments import Layout
from ballonet_lab.kubernetes.certificates import Certificates
from ballonet_lab.kubernetes.kubeconfig import certificate_user, write_kubeconfig
from ballonet_lab.kubernetes.kubectl import Kubectl
from ballonet_lab.kubernetes.labkube import PROGRAM
from ballonet_lab.kubernetes.node_arguments import IDENTITIES, USERS, node_arguments
from ballonet_lab.kubernetes.node_files import (
    CONTAINERD,
    NODE,
    containerd_settings,
    kubelet_settings,
    network_settings,
)
from ballonet_lab.kubernetes.node_space import ADDRESS, Space
from ballonet_lab.kubernetes.oci import make_busybox, make_pause
from ballonet_lab.kubernetes.server import Server
from ballonet_lab.packages import find_program
from ballonet_lab.patience import eventually

_PATIENCE: Final = 60.0
_EVERY: Final = 0.05
_READY: Final = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
# Those that need the API server; the others are there when it starts.
_CLIENTS: Final = ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeServers:
    """The servers of one node.

    Attributes:
        layout: where their files and ports are.
        space: where they run.
        kubectl: asks the API server whether it is there.
        servers: by their names.
    """

    layout: Layout
    space: Space
    kubectl: Kubectl
    servers: dict[str, Server]

    @classmethod
    def of(cls, programs: Path, layout: Layout, space: Space, kubectl: Kubectl) -> "NodeServers":
        """Return them, none of which runs yet.

        Args:
            programs: the directory of the program that most of them are.
            layout: where their files and ports are.
            space: where they will run.
            kubectl: the command line of the API server's admin.
        """
        entrance = space.entrance()

        def server(program: Path, arguments: list[str]) -> Server:
            return Server(program, arguments, layout.home / f"{program.name}.log", entrance)

        # It goes by the name that it is called by.
        links = layout.home / "programs"
        links.mkdir()
        made = {
            "containerd": server(
                Path(find_program("containerd")), [f"--config={layout.home}/containerd.toml"]
            )
        }
        for name, arguments in node_arguments(layout).items():
            (links / name).symlink_to(programs / PROGRAM)
            made[name] = server(links / name, arguments)
        return cls(layout=layout, space=space, kubectl=kubectl, servers=made)

    def start(self) -> None:
        """Start all and wait until the node is ready.

        Raises:
            LabError: one of them does not start.
        """
        self._write()
        self.servers["containerd"].start()
        self.servers["etcd"].start()
        self._certify()
        self.servers["kube-apiserver"].start()
        self._wait(lambda: self._ctr("version"), "containerd answers")
        images = self.layout.home / "images"
        images.mkdir()
        self.load(make_pause(images, self.layout.home / NODE_INIT))
        self.load(make_busybox(images))
        self._wait(lambda: self._ask("get", "--raw", "/readyz"), "the API server is ready")
        for name in _CLIENTS:
            self.servers[name].start()
        self._wait(lambda: self._ask("get", "node", NODE, "-o", _READY) == "True", "the node is ready")
        self._wait(
            lambda: self._ask("get", "serviceaccount", "default"), "there is a default service account"
        )

    def load(self, archive: Path) -> None:
        """Give containerd the images of an archive.

        Raises:
            LabError: they are none.
        """
        self.space.run(*_ctr("images", "import", str(archive)))

    def reap(self) -> None:
        """Take note that somebody else ended them."""
        for server in self.servers.values():
            server.reap()
        self.space.reap()

    def _write(self) -> None:
        home = self.layout.home
        (home / "cni").mkdir()
        (home / "cni" / "10-bridge.conflist").write_text(network_settings(home))
        (home / "containerd.toml").write_text(containerd_settings(home))
        (home / "kubelet.yaml").write_text(kubelet_settings(home))
        make_cgroups(home.name)

    def _certify(self) -> None:
        layout = self.layout
        keys = Certificates.make(layout.keys, *IDENTITIES, address=ADDRESS)
        for name in USERS:
            user = certificate_user(keys.file(f"{name}.crt"))
            write_kubeconfig(layout.kubeconfig_of(name), layout.server, keys.authority, user)

    def _ctr(self, *arguments: str) -> str:
        """Return what containerd says, or nothing while it does not."""
        try:
            return self.space.run(*_ctr(*arguments))
        except LabError:
            return ""

    def _ask(self, *arguments: str) -> str:
        """Return what the API server says, or nothing while it does not."""
        try:
            return self.kubectl.run(*arguments)
        except LabError:
            return ""

    def _wait(self, look: Callable[[], object], what: str) -> None:
        def there() -> object:
            for server in self.servers.values():
                if server.started:
                    server.check()
            return look()

        eventually(there, what, within=_PATIENCE, every=_EVERY)


def _ctr(*arguments: str) -> list[str]:
    return [find_program("ctr"), "--address", CONTAINERD, "--namespace", "k8s.io", *arguments]
