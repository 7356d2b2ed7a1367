"""A reference: a process that lists policies, hosts and nodes with the official client, and keeps them.

``python bench/fleet/bare_list.py KUBECONFIG`` prints a line of JSON: seconds, CPU seconds, MiB resident.
"""

import json
import os
import sys
import time
from typing import Any

from kubernetes import client, config

from fleet.figures import Memory


def main() -> None:
    config.load_kube_config(sys.argv[1])
    begun = time.perf_counter()
    custom = client.CustomObjectsApi()
    kept: list[Any] = [
        custom.list_cluster_custom_object("ballonet.dev", "v1alpha1", plural)
        for plural in ("balloonpolicies", "balloonhosts")
    ]
    nodes = client.CoreV1Api().list_node()
    seconds = time.perf_counter() - begun
    memory = Memory.of(os.getpid())
    figures = {"seconds": seconds, "cpu": time.process_time(), "now": memory.now, "most": memory.most}
    print(json.dumps({**figures, "objects": sum(len(each["items"]) for each in kept) + len(nodes.items)}))


if __name__ == "__main__":
    main()
