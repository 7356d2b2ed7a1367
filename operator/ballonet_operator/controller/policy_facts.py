"""What the controller keeps of a BalloonPolicy: what it means, or why it means nothing, and its status."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from pydantic import ValidationError

from ballonet.apiserver import Json
from ballonet.manifests.manifest import Unusable, parse_document
from ballonet.manifests.v1alpha1_status import PolicyStatus
from ballonet.policy import Policy

ACCEPTED: Final = "Accepted"
READY: Final = "Ready"
_TYPE: Final = attrgetter("type")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFacts:
    """A BalloonPolicy.

    Attributes:
        version: the ``resourceVersion`` that all this was seen in; empty where there is none.
        policy: None when it cannot be used; ``refused`` says why.
        status: as last seen on the API server, without what others may have put there.
    """

    name: str
    uid: str
    generation: int
    version: str = ""
    policy: Policy | None = None
    refused: tuple[str, ...] = ()
    status: PolicyStatus = PolicyStatus()


def policy_facts(thing: Json, before: PolicyFacts | None = None) -> PolicyFacts:
    """Return what is kept of a BalloonPolicy; its spec is read only where it is new."""
    metadata = thing["metadata"]
    generation, status = metadata.get("generation") or 0, read_status(thing.get("status"))
    if before is not None and before.generation == generation:
        policy, refused = before.policy, before.refused
    else:
        policy, refused = _read(thing)
    return PolicyFacts(
        name=metadata["name"],
        uid=metadata.get("uid") or "",
        generation=generation,
        version=metadata.get("resourceVersion") or "",
        policy=policy,
        refused=refused,
        status=status,
    )


def _read(thing: Json) -> tuple[Policy | None, tuple[str, ...]]:
    document = {key: value for key, value in thing.items() if key != "status"}
    try:
        return parse_document(document).to_policy(), ()
    except Unusable as error:
        return None, error.reasons


def read_status(told: Json | None) -> PolicyStatus:
    """Return a status as it would be written; one that cannot be read counts as none, and is written anew.

    The order of lists whose entries have keys is the API server's affair.
    """
    try:
        status = PolicyStatus.model_validate(told or {})
    except ValidationError:
        return PolicyStatus()
    ours = sorted((each for each in status.conditions if each.type in (ACCEPTED, READY)), key=_TYPE)
    overruled_by = sorted(status.overruled_by, key=lambda each: (-each.guests, each.policy))
    return status.model_copy(update={"conditions": tuple(ours), "overruled_by": tuple(overruled_by)})
