"""How each server of a node is started: arguments only, nothing is run here."""

from pathlib import Path
from typing import Final

from ballonet_lab.kubernetes.arguments import (
    Layout,
    common_api_server_arguments,
    common_controller_manager_arguments,
    etcd_arguments,
)
from ballonet_lab.kubernetes.certificates import Identity
from ballonet_lab.kubernetes.node_files import NODE
from ballonet_lab.kubernetes.node_space import ADDRESS

IDENTITIES: Final = (
    # Who may do everything may ask the kubelet too, without a role of its own.
    Identity(name="kubelet-client", subject="/O=system:masters/CN=apiserver-kubelet-client"),
    Identity(name="scheduler", subject="/CN=system:kube-scheduler"),
    Identity(name="proxy", subject="/CN=system:kube-proxy"),
    Identity(name="node", subject=f"/O=system:nodes/CN=system:node:{NODE}"),
    Identity(name="kubelet", subject=f"/CN={NODE}", names=f"DNS:{NODE},IP:{ADDRESS}"),
)
# Whom a kubeconfig is written for.
USERS: Final = ("admin", "controllers", "scheduler", "proxy", "node")


def node_layout(home: Path) -> Layout:
    """Return where the parts of a node are: with a network of its own it has the usual ports."""
    return Layout(home=home, etcd=2379, peers=2380, api=6443, address=ADDRESS)


def node_arguments(layout: Layout) -> dict[str, list[str]]:
    """Return the arguments of all servers but containerd, by their names, in the order of their start."""
    return {
        "etcd": etcd_arguments(layout),
        "kube-apiserver": _api_server(layout),
        "kube-controller-manager": common_controller_manager_arguments(layout),
        "kube-scheduler": _scheduler(layout),
        "kubelet": _kubelet(layout),
        "kube-proxy": _proxy(layout),
    }


def _api_server(layout: Layout) -> list[str]:
    keys = layout.keys
    return [
        *common_api_server_arguments(layout),
        f"--kubelet-certificate-authority={keys}/ca.crt",
        f"--kubelet-client-certificate={keys}/kubelet-client.crt",
        f"--kubelet-client-key={keys}/kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP",
    ]


def _scheduler(layout: Layout) -> list[str]:
    return [f"--kubeconfig={layout.kubeconfig_of('scheduler')}", "--secure-port=0", "--leader-elect=false"]


def _kubelet(layout: Layout) -> list[str]:
    return [
        f"--config={layout.home}/kubelet.yaml",
        f"--kubeconfig={layout.kubeconfig_of('node')}",
        f"--hostname-override={NODE}",
        f"--node-ip={ADDRESS}",
    ]


def _proxy(layout: Layout) -> list[str]:
    """Return kube-proxy's; it must not set the machine's number of tracked connections."""
    return [
        f"--kubeconfig={layout.kubeconfig_of('proxy')}",
        f"--hostname-override={NODE}",
        "--proxy-mode=iptables",
        "--cluster-cidr=10.244.0.0/16",
        f"--bind-address={ADDRESS}",
        "--healthz-bind-address=127.0.0.1:10256",
        "--metrics-bind-address=127.0.0.1:10249",
        "--conntrack-max-per-core=0",
    ]
