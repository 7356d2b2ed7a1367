"""How each server of the control plane is started: arguments only, nothing is run here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet_lab.kubernetes.ports import LOOPBACK

# There is no kubelet that reports for the nodes: the controller that watches over them would call them dead
# after a minute. Nothing schedules either.
_ABSENT: Final = ("node-lifecycle-controller", "taint-eviction-controller")

# Only requests that are done, or a watch that has begun, and of those no bodies.
AUDIT_POLICY: Final = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the parts of one control plane are.

    Attributes:
        home: the directory of all its files.
        etcd: the port of etcd for clients.
        peers: the port of etcd for other members, of which there are none.
        api: the port of the API server.
        address: the address of the API server; etcd is on loopback always.
    """

    home: Path
    etcd: int
    peers: int
    api: int
    address: str = LOOPBACK

    @property
    def keys(self) -> Path:
        """The directory of the certificates."""
        return self.home / "keys"

    @property
    def audit_log(self) -> Path:
        """What the API server writes down of every request."""
        return self.home / "audit.log"

    @property
    def audit_policy(self) -> Path:
        """What of it it writes down."""
        return self.home / "audit.yaml"

    @property
    def kubeconfig(self) -> Path:
        """The admin's kubeconfig."""
        return self.kubeconfig_of("admin")

    @property
    def controllers_kubeconfig(self) -> Path:
        """The controller manager's kubeconfig."""
        return self.kubeconfig_of("controllers")

    def kubeconfig_of(self, name: str) -> Path:
        """Return the kubeconfig of whoever has the certificate of this name."""
        return self.home / f"{name}.kubeconfig"

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return f"https://{self.address}:{self.api}"

    @property
    def store(self) -> str:
        """The URL of etcd."""
        return f"http://{LOOPBACK}:{self.etcd}"


def etcd_arguments(layout: Layout) -> list[str]:
    """Return etcd's arguments; what it has stored need not survive the machine."""
    peers = f"http://{LOOPBACK}:{layout.peers}"
    return [
        "--name=lab",
        f"--data-dir={layout.home}/etcd",
        "--unsafe-no-fsync",
        f"--listen-client-urls={layout.store}",
        f"--advertise-client-urls={layout.store}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=lab={peers}",
    ]


def api_server_arguments(layout: Layout) -> list[str]:
    """Return the API server's arguments; a request is in the audit log before its client has the answer."""
    return [
        *common_api_server_arguments(layout),
        "--endpoint-reconciler-type=none",
        # It marks every new node as not ready, for a controller that is not there.
        "--disable-admission-plugins=TaintNodesByCondition",
        f"--audit-policy-file={layout.audit_policy}",
        f"--audit-log-path={layout.audit_log}",
        "--audit-log-mode=blocking",
        "--audit-log-maxsize=0",
    ]


def common_api_server_arguments(layout: Layout) -> list[str]:
    """Return the API server's arguments as far as it does not matter whether there are real nodes."""
    keys = layout.keys
    return [
        f"--etcd-servers={layout.store}",
        f"--bind-address={layout.address}",
        f"--secure-port={layout.api}",
        f"--advertise-address={layout.address}",
        f"--tls-cert-file={keys}/apiserver.crt",
        f"--tls-private-key-file={keys}/apiserver.key",
        f"--client-ca-file={keys}/ca.crt",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={keys}/accounts.pub",
        f"--service-account-signing-key-file={keys}/accounts.key",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
    ]


def controller_manager_arguments(layout: Layout) -> list[str]:
    """Return the controller manager's arguments."""
    return [
        *common_controller_manager_arguments(layout),
        f"--controllers=*,{','.join(f'-{name}' for name in _ABSENT)}",
    ]


def common_controller_manager_arguments(layout: Layout) -> list[str]:
    """Return those that hold for real nodes too; by default it would take 5 s longer to be there."""
    return [
        f"--kubeconfig={layout.controllers_kubeconfig}",
        "--secure-port=0",
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={layout.keys}/accounts.key",
        f"--root-ca-file={layout.keys}/ca.crt",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    ]
