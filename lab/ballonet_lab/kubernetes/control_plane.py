"""A real Kubernetes API for tests: etcd, kube-apiserver and kube-controller-manager, which vanish afterwards.

There is no kubelet and no scheduler: nodes and pods are objects that tests make, and nothing runs in them.
"""

import itertools
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from ballonet_lab.closing import Closing
from ballonet_lab.kubernetes.arguments import Layout
from ballonet_lab.kubernetes.audit import Request, read_requests
from ballonet_lab.kubernetes.clients import find_clients
from ballonet_lab.kubernetes.kubeconfig import token_user, write_kubeconfig
from ballonet_lab.kubernetes.kubectl import Kubectl
from ballonet_lab.kubernetes.labkube import find_servers
from ballonet_lab.kubernetes.objects import (
    NAMESPACE,
    account_object,
    document,
    namespace_object,
    node_object,
    pod_name,
    pod_object,
    served_paths,
)
from ballonet_lab.kubernetes.ports import free_ports
from ballonet_lab.kubernetes.readiness import wait_until_served
from ballonet_lab.kubernetes.servers import Servers
from ballonet_lab.kubernetes.store import compact_store
from ballonet_lab.packages import require_programs
from ballonet_lab.warden import Warden

_CRD: Final = "customresourcedefinition.apiextensions.k8s.io/"
_APPLY: Final = ("apply", "--server-side", "--force-conflicts", "-f")
_LIFE: Final = "12h"


@dataclass
class ControlPlane(Closing):
    """A control plane of its own; use it as a context manager, or call ``close``.

    It ends with the process that started it, however that ends. Attributes:
        directory: everything of it lies there, the servers' logs included.
    """

    directory: Path
    _servers: Servers
    _kubectl: Kubectl
    _warden: Warden
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    def start(cls) -> "ControlPlane":
        """Start one and wait until it makes service accounts, 3 to 5 s.

        Raises:
            LabError: a part is missing or does not start; the message says what to do.
        """
        require_programs("openssl")
        programs, kubectl = find_servers(), find_clients() / "kubectl"
        etcd, peers, api = free_ports(3)
        home = Path(tempfile.mkdtemp(prefix="ballonet-kubernetes-", dir="/tmp"))
        layout = Layout(home=home, etcd=etcd, peers=peers, api=api)
        client = Kubectl(program=kubectl, kubeconfig=layout.kubeconfig, cache=home / "kubectl")
        plane = cls(home, Servers.of(programs, layout), client, Warden.start(home))
        try:
            plane._servers.start()
        except BaseException:
            plane.close()
            raise
        return plane

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return self._servers.layout.server

    @property
    def kubeconfig(self) -> Path:
        """The admin's kubeconfig, who may do everything."""
        return self._servers.layout.kubeconfig

    def close(self) -> None:
        """Kill the servers and remove the directory; a second call does nothing."""
        self._warden.clean()
        self._servers.reap()

    def kubectl(self, *arguments: str, input: str | None = None) -> str:  # noqa: A002 - as subprocess has it.
        """Run kubectl as the admin and return what it prints.

        Raises:
            LabError: it fails; the message is what it complains about.
        """
        return self._kubectl.run(*arguments, text=input)

    def refusal(self, *arguments: str, input: str | None = None) -> str:  # noqa: A002
        """Run kubectl as the admin, which must fail, and return what it complains about.

        Raises:
            LabError: it succeeds.
        """
        return self._kubectl.refusal(*arguments, text=input)

    def install(self, *paths: Path) -> None:
        """Apply files or directories one after the other; what CRDs among them define is there afterwards."""
        for path in paths:
            done = self.kubectl(*_APPLY, str(path), "-o", "name").split()
            if crds := [name for name in done if name.startswith(_CRD)]:
                self._wait_for(crds)

    def _wait_for(self, crds: Sequence[str]) -> None:
        self.kubectl("wait", "--for=condition=Established", "--timeout=30s", *crds)
        found = json.loads(self.kubectl("get", "-o", "json", *crds))
        wait_until_served(self._servers.layout, served_paths(found))

    def add_node(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """Make a node, or change its labels; it says that it is ready, and no kubelet contradicts."""
        self._apply(node_object(name, labels or {}))

    def delete_node(self, name: str) -> None:
        """Remove a node as an administrator does."""
        self.kubectl("delete", "node", name)

    def token(self, account: str, node: str | None = None) -> str:
        """Return a token of a service account in Ballonet's namespace; both are made where missing.

        Args:
            account: its name.
            node: bind the token to a pod there, so that the API server knows the node of who asks. The node
                itself is not made; where there is none the pod is removed by and by, and ends the token.
        """
        self._apply(namespace_object(), account_object(account))
        bound = self._bound(account, node) if node else []
        create = ("create", "token", account, "--namespace", NAMESPACE, "--duration", _LIFE)
        return self.kubectl(*create, *bound).strip()

    def _bound(self, account: str, node: str) -> list[str]:
        name = pod_name(account, node)
        self._apply(pod_object(name, account, node))
        uid = self.kubectl("get", "pod", name, "--namespace", NAMESPACE, "-o", "jsonpath={.metadata.uid}")
        return ["--bound-object-kind=Pod", f"--bound-object-name={name}", f"--bound-object-uid={uid}"]

    def kubeconfig_of(self, token: str, server: str | None = None) -> Path:
        """Write the kubeconfig of whoever has ``token`` and return its path.

        Args:
            token: as ``token`` returns it.
            server: another way to the API server, such as the address of a ``Wire``.
        """
        file = self.directory / f"user-{next(self._numbers)}.kubeconfig"
        authority = self._servers.layout.keys / "ca.crt"
        return write_kubeconfig(file, server or self.server, authority, token_user(token))

    def stop_api_server(self) -> None:
        """Kill the API server, as a crash does; etcd keeps all objects, and the port stays its own."""
        self._servers.api_server.stop()

    def start_api_server(self) -> None:
        """Start the API server, on the same port, and wait until it is ready."""
        self._servers.start_api_server()

    def compact(self) -> int:
        """Forget all older versions of all objects, and return the newest version.

        The API server may go on to answer from what it remembers; once it was started again, to list or
        watch from an older version is answered with 410 Gone.
        """
        return compact_store(self._servers.layout.etcd)

    def requests(self, user: str | None = None, since: datetime | None = None) -> list[Request]:
        """Return what was asked of the API server, oldest answer first; every answered request is in it.

        Args:
            user: only what this user asked; the account's name is enough for one of Ballonet's namespace.
            since: only what was received at that time or later.
        """
        with self._servers.layout.audit_log.open(encoding="utf-8") as lines:
            return read_requests(lines, user, since)

    def _apply(self, *objects: Mapping[str, object]) -> None:
        self.kubectl(*_APPLY, "-", input=document(*objects))
