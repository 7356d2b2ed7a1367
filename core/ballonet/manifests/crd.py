"""The CustomResourceDefinitions, written from the models.

``python -m ballonet.manifests.crd balloonpolicies`` prints one; those in ``crds/`` are what it prints, and
``docs/drift.py`` holds them to it.
"""

import json
import sys
from dataclasses import dataclass
from typing import Any, Final

import yaml
from pydantic import BaseModel

from ballonet.api_kinds import HOSTS, POLICIES, Kind
from ballonet.manifests.crd_schema import Schema, Structure
from ballonet.manifests.v1alpha1 import KIND, BalloonPolicy, Spec
from ballonet.manifests.v1alpha1_host import HOST_KIND, BalloonHost, HostStatus
from ballonet.manifests.v1alpha1_status import PolicyStatus

_SMALLEST: Final = Spec.model_validate_json("{}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resource:
    """One kind of object, and what ``kubectl get`` shows of it."""

    kind: Kind
    name: str
    short: str
    model: type[BaseModel]
    status: type[BaseModel]
    columns: tuple[Schema, ...]
    spec: type[BaseModel] | None = None


def _column(name: str, path: str, kind: str = "string", *, wide: bool = False, meaning: str = "") -> Schema:
    described = {"description": meaning} if meaning else {}
    return {"name": name, "type": kind, "jsonPath": path, "priority": int(wide)} | described


def _condition(kind: str, field: str = "status") -> str:
    return f'.status.conditions[?(@.type=="{kind}")].{field}'


_POLICY_COLUMNS: Final = (
    _column("Mode", ".spec.mode"),
    _column("Priority", ".spec.priority", "integer"),
    _column("Hosts", ".status.hosts", "integer", meaning="Hosts that the policy selects."),
    _column("Guests", ".status.guests.owned", "integer", meaning="Running guests that the policy owns."),
    _column("Shrunk", ".status.guests.shrunk", "integer", meaning="Those with less than their maximum."),
    _column("Reclaimed", ".status.reclaimed", meaning="What they have less than their maximum."),
    _column("Accepted", _condition("Accepted"), meaning="Whether the policy can be used."),
    _column("Ready", _condition("Ready"), meaning="Whether it is in force on all its hosts."),
    _column("Reason", _condition("Ready", "reason"), meaning="Why it is ready or not."),
    _column(
        "Selected", ".status.guests.selected", "integer", wide=True,
        meaning="Running guests that the policy selects, whoever owns them.",
    ),
    _column(
        "In-Force", ".status.hostsInForce", "integer", wide=True,
        meaning="Hosts on which this generation of it is in force.",
    ),
    _column("Age", ".metadata.creationTimestamp", "date"),
)  # fmt: skip
_HOST_COLUMNS: Final = (
    _column("Connected", _condition("HypervisorConnected"), meaning="Whether libvirt answers."),
    _column("Pressure", _condition("MemoryPressure"), meaning="Whether the host is short of memory."),
    _column("Settled", _condition("Settled"), meaning="Whether guests have what they should have."),
    _column("Guests", ".status.guests.total", "integer", meaning="Running guests."),
    _column("Shrunk", ".status.guests.shrunk", "integer", meaning="Those with less than their maximum."),
    _column("Reclaimed", ".status.reclaimed", meaning="What they have less than their maximum."),
    _column("Available", ".status.memory.available", meaning="What the host has without swapping."),
    _column("Stuck", ".status.guests.stuck", "integer", wide=True, meaning="Guests that do not follow."),
    _column("Starved", ".status.guests.starved", "integer", wide=True, meaning="Guests with too little."),
    _column("Age", ".metadata.creationTimestamp", "date"),
)
_RESOURCES: Final = {
    each.kind.plural: each
    for each in (
        _Resource(
            kind=POLICIES, name=KIND, short="blp", model=BalloonPolicy, spec=Spec, status=PolicyStatus,
            columns=_POLICY_COLUMNS,
        ),
        _Resource(
            kind=HOSTS, name=HOST_KIND, short="blh", model=BalloonHost, status=HostStatus,
            columns=_HOST_COLUMNS,
        ),
    )
}  # fmt: skip


def definition(plural: str) -> dict[str, Any]:
    """Return the CustomResourceDefinition of ``balloonpolicies`` or ``balloonhosts``."""
    resource = _RESOURCES[plural]
    names = {
        "plural": plural, "singular": resource.name.lower(), "kind": resource.name,
        "listKind": f"{resource.name}List", "shortNames": [resource.short], "categories": ["ballonet"],
    }  # fmt: skip
    version = {
        "name": resource.kind.version, "served": True, "storage": True, "subresources": {"status": {}},
        "additionalPrinterColumns": [dict(each) for each in resource.columns],
        "schema": {"openAPIV3Schema": _document(resource)},
    }  # fmt: skip
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{resource.kind.group}"},
        "spec": {
            "group": resource.kind.group, "scope": "Cluster", "names": names, "versions": [version],
        },
    }  # fmt: skip


def _document(resource: _Resource) -> Schema:
    """Return the schema of whole objects; what Kubernetes itself checks is only named."""
    fields = resource.model.model_fields
    own: Schema = {
        "apiVersion": {"description": fields["api_version"].description, "type": "string"},
        "kind": {"description": fields["kind"].description, "type": "string"},
        "metadata": {"type": "object"},
    }
    parts: Schema = {}
    if resource.spec is not None:
        defaults = _SMALLEST.model_dump(mode="json", by_alias=True, exclude_none=True)
        parts["spec"] = Structure(resource.spec, path="spec", defaults=defaults, native=False).schema
    parts["status"] = Structure(resource.status, path="status", defaults={}, native=True).schema
    for name, part in parts.items():
        part["description"] = fields[name].description
    required = {"required": list(parts)[:-1]} if len(parts) > 1 else {}
    return {
        "description": resource.model.__doc__, "type": "object", **required, "properties": own | parts,
    }  # fmt: skip


def printed(plural: str) -> str:
    """Return the definition as YAML, in the order in which a person reads it."""
    return yaml.safe_dump(json.loads(json.dumps(definition(plural))), sort_keys=False, width=110)


def main(arguments: list[str]) -> int:
    """Print one definition; exit code 2 where it is not said which."""
    if len(arguments) != 1 or arguments[0] not in _RESOURCES:
        print(f"crd: error: write one of {', '.join(_RESOURCES)}", file=sys.stderr)  # noqa: T201 - a program.
        return 2
    sys.stdout.write(printed(arguments[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
