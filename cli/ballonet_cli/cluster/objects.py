"""What the API server answers, as values: every part of it is untrusted, and may be of another version.

An object that cannot be read becomes one with as much of it as can, never an error: what is wrong with one
host must not hide the others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ballonet.errors import ConfigError
from ballonet.manifests.manifest import Unusable, parse_document
from ballonet.manifests.v1alpha1 import BalloonPolicy
from ballonet.manifests.v1alpha1_host import HostStatus
from ballonet.manifests.v1alpha1_status import Condition, PolicyStatus, Truth
from ballonet.policy import Mode, Policy, by_precedence
from ballonet.quantity import parse_size

Object = Mapping[str, Any]
_Part = TypeVar("_Part", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundHost:
    """A BalloonHost; ``status`` is None where it has none that can be read."""

    name: str
    created: float
    status: HostStatus | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPolicy:
    """A BalloonPolicy.

    Attributes:
        policy: as an agent reads it; where it cannot be used only its name and precedence.
        document: None where it cannot be used.
        mistakes: why it cannot be used, one line each.
        generation: of its spec.
        status: None where it has none that can be read.
    """

    policy: Policy
    document: BalloonPolicy | None = None
    mistakes: tuple[str, ...] = ()
    generation: int = 0
    status: PolicyStatus | None = None

    @property
    def judged(self) -> bool:
        """Whether the status is about this generation."""
        return self.status is not None and (self.status.observed_generation or 0) >= self.generation


def found_host(item: Object) -> FoundHost:
    """Return a BalloonHost of the API server."""
    return FoundHost(name=_name(item), created=_created(item), status=_read(HostStatus, item.get("status")))


def found_hosts(items: Iterable[Object]) -> list[FoundHost]:
    """Return BalloonHosts by name."""
    return sorted(map(found_host, items), key=lambda host: host.name)


def found_policy(item: Object) -> FoundPolicy:
    """Return a BalloonPolicy of the API server."""
    given = _metadata(item).get("generation")
    generation = given if isinstance(given, int) else 0
    status = _read(PolicyStatus, item.get("status"))
    try:
        document = parse_document(item)
    except Unusable as error:
        return FoundPolicy(
            policy=_standing(item), mistakes=error.reasons, generation=generation, status=status
        )
    return FoundPolicy(policy=document.to_policy(), document=document, generation=generation, status=status)


def found_policies(items: Iterable[Object]) -> list[FoundPolicy]:
    """Return BalloonPolicies, the one that overrules the others first."""
    found = [found_policy(item) for item in items]
    place = {policy.name: index for index, policy in enumerate(by_precedence(each.policy for each in found))}
    return sorted(found, key=lambda each: place[each.policy.name])


def _standing(item: Object) -> Policy:
    """Return the precedence of a policy that cannot be used, for the order in which policies are shown."""
    spec = item.get("spec")
    spec = spec if isinstance(spec, dict) else {}
    priority = spec.get("priority")
    mode = spec.get("mode")
    return Policy(
        name=_name(item),
        mode=Mode(mode) if mode in list(Mode) else Mode.ENFORCE,
        priority=priority if isinstance(priority, int) else 0,
        created=_created(item),
    )


def _read(model: type[_Part], content: object) -> _Part | None:
    if content is None:
        return None
    try:
        return model.model_validate(content)
    except ValidationError:
        return None


def _metadata(item: Object) -> Mapping[str, Any]:
    metadata = item.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _name(item: Object) -> str:
    return str(_metadata(item).get("name") or "")


def _created(item: Object) -> float:
    return moment(str(_metadata(item).get("creationTimestamp") or "")) or 0.0


def moment(text: str) -> float | None:
    """Return seconds since the epoch; None for what is no moment."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.timestamp() if found.tzinfo else None


def size_of(text: str | None) -> int | None:
    """Return the bytes of a quantity in a status; None for what is none."""
    if text is None:
        return None
    try:
        return parse_size(text)
    except ConfigError:
        return None


def condition_of(conditions: Iterable[Condition], kind: str) -> Condition | None:
    """Return the condition of this type."""
    return next((each for each in conditions if each.type == kind), None)


def holds(condition: Condition | None) -> bool | None:
    """Return whether a condition holds; None where that is not known."""
    if condition is None or condition.status is Truth.UNKNOWN:
        return None
    return condition.status is Truth.TRUE
