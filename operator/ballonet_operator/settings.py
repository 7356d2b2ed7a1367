"""The agent's flags and environment variables."""

import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from ballonet.errors import ConfigError
from ballonet.quantity import MIB, parse_size
from ballonet.settings import Duration, Group, Libvirt, ListenAddresses, Settings, Web, checked, listen_field
from ballonet_operator.alerts.flags import AgentAlertmanager


def _sensible(text: str) -> None:
    size = parse_size(text)
    if size < MIB:
        raise ConfigError(f"{text!r} is only {size} bytes: write a size such as 8Gi")


_PART: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NODE_NAME: Final = re.compile(rf"{_PART}(\.{_PART})*")
"""An RFC 1123 subdomain: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/"""


def _node_name(text: str) -> None:
    if not _NODE_NAME.fullmatch(text):
        raise ConfigError(
            f"{text!r} is not the name of a Node: small letters, digits, - and . are allowed; "
            "`kubectl get nodes` lists the names"
        )


NodeName = Annotated[str, AfterValidator(checked(_node_name))]
Size = Annotated[str, AfterValidator(checked(_sensible))]


class AgentLibvirt(Libvirt):
    """Which hypervisor, and how long to wait for it."""

    deadline: Annotated[
        Duration,
        Field(ge=0.1, le=60, description="a call that takes longer is given up, and its guest left alone"),
    ] = 1.0


class Host(Group):
    """What is known of the host beyond what its kernel says."""

    budget: Annotated[
        Size | None, Field(description="the most that guests together may use of the host, such as 8Gi")
    ] = None
    memory_total: Annotated[
        Size | None, Field(description="takes the place of MemTotal, for a host that lends memory to others")
    ] = None
    name: Annotated[
        str | None,
        Field(min_length=1, max_length=253, description="takes the place of the host's name in policies"),
    ] = None


class AgentWeb(Web):
    """Where and how the agent serves metrics and probes."""

    listen_address: ListenAddresses = listen_field(":19178")


class Kubernetes(Group):
    """How to reach the API server, for agent and controller."""

    kubeconfig: Annotated[
        Path | None,
        Field(description="file with credentials; without it those of the pod, or what kubectl would use"),
    ] = None
    context: Annotated[
        str | None, Field(min_length=1, description="context of the kubeconfig, instead of its current one")
    ] = None
    relist_interval: Annotated[
        Duration,
        Field(ge=1, le=86400, description="how often everything is listed, to heal what a watch missed"),
    ] = 300.0


class AgentKubernetes(Kubernetes):
    """How to reach the API server, and how often; all of it only with ``--node-name``."""

    status_interval: Annotated[
        Duration,
        Field(
            ge=1,
            le=3600,
            description="the least time between two writes of the status; conditions do not wait",
        ),
    ] = 30.0


def _named(value: object) -> object:
    """Refuse an empty name, which as a path would be the directory where the agent was started."""
    if value == "":
        raise ValueError("is empty: name a directory, or remove it and write --node-name NAME on Kubernetes")
    return value


class AgentSettings(Settings):
    """Everything that ``ballonet-operator agent`` can be told."""

    policies: Annotated[
        Path | None,
        BeforeValidator(_named),
        Field(description="directory with BalloonPolicy files; this or --node-name"),
    ] = None
    node_name: Annotated[
        NodeName | None,
        Field(
            min_length=1,
            max_length=253,
            description="this host's Node in Kubernetes, which then holds the policies",
        ),
    ] = None
    interval: Annotated[
        Duration, Field(ge=0.5, le=60, description="from one cycle to the next; 2s, 500ms")
    ] = 2.0
    statistics_period: Annotated[
        Duration, Field(ge=1, le=60, description="what guests are set to that would report no statistics")
    ] = 2.0
    on_exit: Annotated[
        Literal["keep", "release"],
        Field(description="keep the guests' sizes at exit, or give all memory back to them"),
    ] = "keep"
    release_timeout: Annotated[
        Duration, Field(ge=1, le=3600, description="how long giving memory back at exit may take")
    ] = 30.0
    dry_run: Annotated[bool, Field(description="decide and report, touch nothing")] = False
    libvirt: AgentLibvirt = AgentLibvirt()
    host: Host = Host()
    kubernetes: AgentKubernetes = AgentKubernetes()
    alertmanager: AgentAlertmanager = AgentAlertmanager()
    web: AgentWeb = AgentWeb()

    def check(self) -> None:
        """Hold flags against each other, which no single one of them can be blamed for.

        Raises:
            ConfigError: they contradict each other, or what policies come from is missing.
        """
        if self.policies is None and self.node_name is None:
            raise ConfigError("no policies: write --policies DIR, or --node-name NAME on Kubernetes")
        if self.policies is not None and self.node_name is not None:
            raise ConfigError(
                "--policies and --node-name are both given: policies are either files or objects of "
                "Kubernetes: remove one"
            )
        if self.node_name is None and self.kubernetes.model_fields_set:
            given = sorted(name.replace("_", "-") for name in self.kubernetes.model_fields_set)
            raise ConfigError(
                f"--kubernetes.{given[0]} is given without --node-name: nobody is asked for policies but the "
                "directory: remove it, or write --node-name NAME instead of --policies"
            )
        if self.node_name is not None and self.host.name is not None:
            raise ConfigError(
                "--host.name and --node-name are both given: on Kubernetes a host is its Node: remove one"
            )
        self.alertmanager.check()
