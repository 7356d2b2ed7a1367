"""The BalloonHost object as JSON: what the agent applies, and what it reads back.

Pure. Nothing of ours but the owner reference is in the object's metadata.
"""

from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from ballonet.api_kinds import HOSTS
from ballonet.apiserver import Json
from ballonet.manifests.v1alpha1_host import HOST_KIND, HostStatus

MANAGER: Final = "ballonet-agent"
"""The field manager of everything that an agent applies, and the component of its Events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The object as it is in the cluster.

    Attributes:
        owners: uids of the nodes that own it.
        status: None where there is none, or none that we understand.
    """

    uid: str
    owners: frozenset[str]
    status: HostStatus | None


def read_back(found: Json) -> Written:
    """Return what the API server has; all of it may have been written by something else."""
    metadata = _mapping(found.get("metadata"))
    references = metadata.get("ownerReferences")
    owners = [_mapping(each) for each in references] if isinstance(references, list) else []
    return Written(
        uid=str(metadata.get("uid", "")),
        owners=frozenset(str(each.get("uid", "")) for each in owners if each.get("kind") == "Node"),
        status=_status(found.get("status")),
    )


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _status(found: object) -> HostStatus | None:
    if not found:
        return None
    try:
        return HostStatus.model_validate(found)
    except ValidationError:
        return None


def host_object(node: str, uid: str) -> Json:
    """Return the object to apply: it lives as long as its node, for Kubernetes' garbage collector."""
    owner = {"apiVersion": "v1", "kind": "Node", "name": node, "uid": uid}
    return _identity(node) | {"metadata": {"name": node, "ownerReferences": [owner]}}


def status_object(node: str, status: HostStatus) -> Json:
    """Return the object to apply to its status."""
    return _identity(node) | {"status": status.document()}


def _identity(node: str) -> Json:
    return {"apiVersion": HOSTS.api_version, "kind": HOST_KIND, "metadata": {"name": node}}
