"""Releases of the chart on the lab's node, and how their pods are."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families

from ballonet_lab import eventually
from ballonet_lab.container import image_name
from ballonet_lab.kubernetes import Node

ROOT: Final = Path(__file__).resolve().parents[1]
CHART: Final = ROOT / "charts" / "ballonet"
PREVIOUS: Final = ROOT / "tests" / "data" / "charts" / "ballonet-0.1.0.tgz"
PORTS: Final = {"exporter": 19177, "agent": 19178, "controller": 19179}
_READY: Final = ("--wait", "--timeout=90s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release, called ballonet as in the documents.

    Attributes:
        node: where it runs.
        namespace: its namespace.
    """

    node: Node
    namespace: str

    def install(self, chart: Path, *flags: str) -> None:
        """Install it, with the image that the node has, and wait until all pods are ready."""
        registry, _, rest = image_name().partition("/")
        repository, _, tag = rest.partition(":")
        image = f"image.registry={registry},image.repository={repository},image.tag={tag}"
        self.helm("install", "ballonet", str(chart), *_READY, "--set", image, *flags)

    def upgrade(self, chart: Path, *flags: str) -> None:
        """Upgrade it, as docs/helm.md says, and wait until all pods are ready."""
        # As helm, or the next installation would find them to be somebody else's.
        apply = ("apply", "--server-side", "--force-conflicts", "--field-manager=helm")
        self.node.kubectl(*apply, "-f", str(chart / "crds"))
        self.helm("upgrade", "ballonet", str(chart), "--reset-then-reuse-values", *_READY, *flags)

    def uninstall(self) -> None:
        """Remove it and wait until its objects are gone."""
        self.helm("uninstall", "ballonet", *_READY)

    def helm(self, *arguments: str) -> str:
        """Run helm in the release's namespace."""
        return self.node.helm(*arguments, "--namespace", self.namespace)

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl in the release's namespace."""
        return self.node.kubectl("--namespace", self.namespace, *arguments)

    def pods(self, component: str | None = None) -> list["Pod"]:
        """Return its pods, or those of exporter, agent or controller, the oldest first."""
        label = f"app.kubernetes.io/component={component}" if component else "app.kubernetes.io/component"
        items = json.loads(self.kubectl("get", "pods", "-l", label, "-o", "json"))["items"]
        return [
            Pod(each) for each in sorted(items, key=lambda each: str(each["metadata"]["creationTimestamp"]))
        ]

    def ready(self, component: str) -> list["Pod"]:
        """Return the pods of a part that are ready and not on their way out."""
        return [pod for pod in self.pods(component) if pod.ready]

    def only(self, component: str) -> "Pod":
        """Return the one pod of a part, once it is ready."""
        (pod,) = eventually(lambda: self.ready(component), f"the {component} is ready", within=60)
        return pod

    def series(self, component: str, name: str) -> dict[tuple[str, ...], float]:
        """Return one metric of a part's pod: label values in the order of the labels' names -> value."""
        address = f"http://{self.only(component).address}:{PORTS[component]}/metrics"
        return {
            tuple(value for _, value in sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self.node.run("curl", "-sf", address))
            for sample in family.samples
            if sample.name == f"ballonet_{name}"
        }

    def cycles(self) -> float:
        """Return how many complete cycles the agent has run."""
        return self.series("agent", "cycles_total").get(("complete",), 0)

    def run_cycles(self, count: int) -> None:
        """Wait until the agent has run so many complete cycles more."""
        goal = self.cycles() + count
        eventually(lambda: self.cycles() >= goal, f"{count} cycles are run")

    def leader(self) -> str:
        """Return the controller that leads, by the Lease; empty for nobody."""
        return self.kubectl("get", "lease", "ballonet-controller", "-o", "jsonpath={.spec.holderIdentity}")


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as the API server has it."""

    document: dict[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.document["metadata"]["name"])

    @property
    def address(self) -> str:
        """Its address in the node's network."""
        return str(self.document["status"].get("podIP", ""))

    @property
    def ready(self) -> bool:
        """Whether it is ready and not on its way out."""
        conditions = self.document["status"].get("conditions", [])
        ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
        return ready and "deletionTimestamp" not in self.document["metadata"]

    @property
    def restarts(self) -> int:
        """How often its container was started again."""
        return sum(each["restartCount"] for each in self.document["status"].get("containerStatuses", []))


def ready_after(pods: Sequence[Pod]) -> float:
    """Return how many seconds passed between the first pod's creation and the last one's being ready."""
    made = min(datetime.fromisoformat(pod.document["metadata"]["creationTimestamp"]) for pod in pods)
    told = max(
        datetime.fromisoformat(each["lastTransitionTime"])
        for pod in pods
        for each in pod.document["status"]["conditions"]
        if each["type"] == "Ready"
    )
    return (told - made).total_seconds()


def objects(node: Node) -> set[str]:
    """Return every object that the API server has, as KIND NAMESPACE NAME, but for two sorts.

    Events are left to themselves: Kubernetes forgets each after an hour. The node's own lease is made by the
    kubelet, some seconds after it has started.
    """
    kinds = node.kubectl("api-resources", "--verbs=list", "-o", "name").split()
    asked = ",".join(kind for kind in kinds if not kind.startswith("events"))
    columns = "custom-columns=K:.kind,S:.metadata.namespace,N:.metadata.name"
    listed = node.kubectl("get", asked, "--all-namespaces", "--no-headers", "-o", columns)
    found = {" ".join(line.split()) for line in listed.splitlines() if line.strip()}
    return {line for line in found if not line.startswith("Lease kube-node-lease ")}
