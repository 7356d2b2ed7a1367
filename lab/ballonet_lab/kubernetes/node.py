"""A real Kubernetes node for tests: containerd, a kubelet and all that they need, which vanish afterwards.

It runs in namespaces of its own and has a network without a way out. Pods run as they do on any node; there
is no DNS, and nothing enforces a NetworkPolicy. Needs root.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet_lab.cleanup import NODE_PREFIX
from ballonet_lab.closing import Closing
from ballonet_lab.errors import LabError
from ballonet_lab.kubernetes.clients import find_clients
from ballonet_lab.kubernetes.diagnosis import diagnose
from ballonet_lab.kubernetes.kubectl import Helm, Kubectl
from ballonet_lab.kubernetes.labkube import find_servers
from ballonet_lab.kubernetes.node_arguments import node_layout
from ballonet_lab.kubernetes.node_files import NODE
from ballonet_lab.kubernetes.node_servers import NodeServers
from ballonet_lab.kubernetes.node_space import Space
from ballonet_lab.packages import require_programs
from ballonet_lab.programs import run_program
from ballonet_lab.warden import Warden

_NEEDED: Final = (
    "busybox", "containerd", "ctr", "gcc", "ip", "iptables", "mount", "nsenter", "openssl", "runc", "unshare",
)  # fmt: skip
# What of kubectl waits for pods, so that its failure says little without them.
_WAITING: Final = ("drain", "rollout", "wait")


@dataclass
class Node(Closing):
    """A node of its own; use it as a context manager, or call ``close``.

    It ends with the process that started it, however that ends. Attributes:
        directory: everything of it lies there, the servers' logs included.
        name: of its Node object.
    """

    directory: Path
    _servers: NodeServers
    _helm: Helm
    _warden: Warden
    name: str = NODE

    @classmethod
    def start(cls) -> "Node":
        """Start one and wait until it is ready, 5 to 10 s.

        Raises:
            LabError: a part is missing or does not start; the message says what to do.
        """
        if os.geteuid() != 0:
            raise LabError("a node mounts and makes network interfaces: run this as root")
        require_programs(*_NEEDED)
        programs, clients = find_servers(), find_clients()
        layout = node_layout(Path(tempfile.mkdtemp(prefix=NODE_PREFIX, dir="/tmp")))
        warden = Warden.start(layout.home)
        try:
            space = Space.make(layout.home)
            network, admin, cache = space.entrance(files=False), layout.kubeconfig, layout.home / "clients"
            kubectl = Kubectl(program=clients / "kubectl", kubeconfig=admin, cache=cache, entrance=network)
            helm = Helm(program=clients / "helm", kubeconfig=admin, cache=cache, entrance=network)
            servers = NodeServers.of(programs, layout, space, kubectl)
            servers.start()
        except BaseException:
            warden.clean()
            raise
        return cls(layout.home, servers, helm, warden)

    @property
    def kubeconfig(self) -> Path:
        """The admin's kubeconfig; the API server is reached from the node's network only."""
        return self._servers.layout.kubeconfig

    @property
    def entrance(self) -> tuple[str, ...]:
        """The words that, before a command, run it in the node's network."""
        return self._servers.space.entrance(files=False)

    def close(self) -> None:
        """End everything that runs on it and remove the directory; a second call does nothing."""
        self._warden.clean()
        self._servers.reap()

    def kubectl(self, *arguments: str, input: str | None = None) -> str:  # noqa: A002 - as subprocess has it.
        """Run kubectl as the admin and return what it prints.

        Raises:
            LabError: it fails; the message is what it complains about, and how the pods are where it waited.
        """
        try:
            return self._servers.kubectl.run(*arguments, text=input)
        except LabError as error:
            raise self._explained(error, waited=arguments[0] in _WAITING) from error

    def refusal(self, *arguments: str, input: str | None = None) -> str:  # noqa: A002
        """Run kubectl as the admin, which must fail, and return what it complains about.

        Raises:
            LabError: it succeeds.
        """
        return self._servers.kubectl.refusal(*arguments, text=input)

    def helm(self, *arguments: str, input: str | None = None) -> str:  # noqa: A002
        """Run helm as the admin and return what it prints.

        Raises:
            LabError: it fails; the message is what it complains about, and how the pods are.
        """
        try:
            return self._helm.run(*arguments, text=input)
        except LabError as error:
            raise self._explained(error, waited=True) from error

    def load_image(self, archive: Path) -> None:
        """Give the node the images of an archive (OCI or Docker), so that no pod asks a registry for them.

        Raises:
            LabError: it is no such archive.
        """
        self._servers.load(archive)

    def run(self, *command: str) -> str:
        """Run a program in the node's network, from where pods are reached, and return what it prints.

        It sees the machine's files, not the node's.

        Raises:
            LabError: it fails.
        """
        return run_program(*self.entrance, *command)

    def diagnosis(self) -> str:
        """Return how the pods are: all in a table, those in trouble at length."""
        return diagnose(self._servers.kubectl)

    def _explained(self, error: LabError, *, waited: bool) -> LabError:
        return LabError(f"{error}\n{self.diagnosis()}") if waited else error
