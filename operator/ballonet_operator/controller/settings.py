"""The controller's flags and environment variables."""

from typing import Annotated, Final

from pydantic import Field

from ballonet.settings import Duration, ListenAddresses, ProgramSettings, Web, listen_field
from ballonet_operator.settings import Kubernetes

_LABEL: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"


class ControllerWeb(Web):
    """Where and how the controller serves metrics and probes."""

    listen_address: ListenAddresses = listen_field(":19179")


class ControllerSettings(ProgramSettings):
    """Everything that ``ballonet-operator controller`` can be told."""

    namespace: Annotated[
        str, Field(pattern=_LABEL, max_length=63, description="where the lease lies that elects the leader")
    ] = "ballonet"
    leader_election: Annotated[
        bool, Field(description="write only as the leader; without it there must be one controller only")
    ] = True
    identity: Annotated[
        str | None,
        Field(min_length=1, max_length=200, description="name in the lease; default: host name and a UUID"),
    ] = None
    host_expiry: Annotated[
        Duration,
        Field(ge=0, le=86400, description="BalloonHosts are removed when their node is gone for so long"),
    ] = 600.0
    kubernetes: Kubernetes = Kubernetes()
    web: ControllerWeb = ControllerWeb()
