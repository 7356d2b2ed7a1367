"""What a node's container runtime, its kubelet and its network are told. Texts only, nothing is run here."""

import json
from pathlib import Path
from typing import Any, Final

import yaml

NODE: Final = "lab"
PAUSE: Final = "lab.local/pause:1"
CONTAINERD: Final = "/run/containerd/containerd.sock"
PODS: Final = "10.244.0.0/24"
# Debian and Ubuntu have the plugins here; upstream's own place is /opt/cni/bin.
_PLUGINS: Final = "/usr/lib/cni"


def containerd_settings(home: Path) -> str:
    """Return containerd's configuration.

    Version 2 of its form is read by containerd 1.6 (Debian 12) and 1.7 (Debian 13, Ubuntu 24.04) alike, and
    translated by 2.x. Where root lacks CAP_SYS_RESOURCE, as in some containers, no process may be protected
    more than its parent is: restrict_oom_score_adj lets pods start there.
    """
    return f"""\
version = 2
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.internal.v1.opt",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.nri.v1.nri",
]
[grpc]
  address = "{CONTAINERD}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{_PLUGINS}"
    conf_dir = "{home}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def kubelet_settings(home: Path) -> str:
    """Return the kubelet's configuration.

    Its pods' control groups lie below one that is named after the node's directory, so that another kubelet
    on the machine keeps its own. It is told not to evict pods for what the machine's other tests take.
    """
    keys = home / "keys"
    evictions = {"nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%"}
    settings: dict[str, Any] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "0.0.0.0",  # noqa: S104 - in a network of its own.
        "readOnlyPort": 0,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{keys}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{keys}/kubelet.crt",
        "tlsPrivateKeyFile": f"{keys}/kubelet.key",
        "containerRuntimeEndpoint": f"unix://{CONTAINERD}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{home.name}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": ["pods"],
        "resolvConf": "",
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi", "imagefs.inodesFree": "0%", **evictions},
        "makeIPTablesUtilChains": False,
        "nodeStatusUpdateFrequency": "2s",
        "syncFrequency": "10s",
        "volumePluginDir": f"{home}/plugins",
    }
    return str(yaml.safe_dump(settings, sort_keys=False))


def network_settings(home: Path) -> str:
    """Return how pods are connected: by a bridge, whose addresses are theirs."""
    addresses = {
        "type": "host-local",
        "dataDir": f"{home}/addresses",
        "ranges": [[{"subnet": PODS}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": True, "hairpinMode": True}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return json.dumps(
        {"cniVersion": "0.4.0", "name": "lab", "plugins": [{**bridge, "ipam": addresses}, ports]}
    )
