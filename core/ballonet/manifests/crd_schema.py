"""From a pydantic model to the structural schema that a CustomResourceDefinition wants.

Structural means: every type is written out where it stands, and nothing is in it that the API server would
refuse. What values are allowed is in ``crd_rules``; only bounds on lengths are native, because the API server
needs them to know what its rules may cost. No I/O here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from ballonet.manifests.crd_quantities import RULES
from ballonet.manifests.crd_rules import keyword_rules
from ballonet.manifests.mistakes import flow

Schema = dict[str, Any]

LONGEST_QUANTITY: Final = 64
"""Characters of a quantity or a word; the longest that is allowed has half of them."""
_STATUS_KEYWORDS: Final = ("format", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum")
_KEYS: Final = {"conditions": "type"}
"""The lists that server-side apply takes entry by entry, and the field that tells their entries apart.

Every other list has one writer. Taken as a whole it costs no line of managedFields per entry; those were
20 of 33 KB of a host that 200 policies select.
"""
_WRITTEN_BY_THE_SERVER: Final = ("mode", "priority")
"""Defaults that the API server stores: `kubectl get` shows these two, and no version will change them."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the document a schema stands, and what is written there when nothing is."""

    path: tuple[str | int, ...]
    default: Any = None

    def inside(self, name: str | int) -> "_Place":
        default = self.default.get(name) if isinstance(self.default, Mapping) else None
        return _Place((*self.path, name), default)


class Structure:
    """The schema of one part of a document.

    Args:
        model: the part's model.
        place: the path of the part from the document's top.
        defaults: the part as it is when nothing is written, as it would be written.
        native: whether bounds on values are written as keywords, in Kubernetes' own words.
    """

    def __init__(self, model: type[BaseModel], *, path: str, defaults: Schema, native: bool) -> None:
        whole = model.model_json_schema(by_alias=True)
        self._definitions = whole.get("$defs", {})
        self._native = native
        self.schema = self._made(whole, _Place((path,), defaults))

    def _made(self, schema: Schema, place: _Place) -> Schema:
        node = self._resolved(schema)
        return self._shape(node, place) | self._rules(node, place)

    def _rules(self, node: Schema, place: _Place) -> Schema:
        if self._native:
            return {}
        own = RULES.get(node.get("title", ""))
        rules = [*own] if own is not None else [*keyword_rules(node, place.path)]
        return {"x-kubernetes-validations": rules} if rules else {}

    def _shape(self, node: Schema, place: _Place) -> Schema:
        made: Schema = {"description": _meaning(node, place)}
        if "x-kubernetes-int-or-string" in node:
            kinds = [{"type": "integer"}, {"type": "string"}]
            return made | {
                "x-kubernetes-int-or-string": True, "anyOf": kinds, "maxLength": LONGEST_QUANTITY,
            }  # fmt: skip
        made["type"] = node["type"]
        if place.path[-1] in _WRITTEN_BY_THE_SERVER:
            made["default"] = place.default
        made |= self._bounds(node)
        if node["type"] == "array":
            made |= self._list(node, place)
        elif "properties" in node:
            made |= self._fields(node, place)
        elif node["type"] == "object":
            made["additionalProperties"] = self._made(_values(node), place.inside(0))
        return made

    def _bounds(self, node: Schema) -> Schema:
        kept = ("maxLength", "maxItems", "maxProperties", *(_STATUS_KEYWORDS if self._native else ()))
        bounds = {key: node[key] for key in kept if key in node}
        if "enum" in node and not self._native:
            bounds["maxLength"] = LONGEST_QUANTITY
        return bounds

    def _list(self, node: Schema, place: _Place) -> Schema:
        made: Schema = {"x-kubernetes-list-type": "atomic"}
        if key := _KEYS.get(str(place.path[-1])):
            made = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]}
        return made | {"items": self._made(node["items"], place.inside(0))}

    def _fields(self, node: Schema, place: _Place) -> Schema:
        required = {"required": node["required"]} if "required" in node else {}
        fields = {name: self._made(field, place.inside(name)) for name, field in node["properties"].items()}
        return required | {"properties": fields}

    def _resolved(self, schema: Schema) -> Schema:
        """Return a copy without references and null: the API server drops fields that are null."""
        schema = dict(schema)
        if "$ref" in schema:
            definition = self._definitions[schema.pop("$ref").rpartition("/")[2]]
            return self._resolved(definition | schema)
        kinds = schema.get("anyOf", ())
        if {"type": "null"} in kinds:
            (kind,) = (each for each in kinds if each != {"type": "null"})
            # The title of what it may be tells what is written here; a reference has no other.
            del schema["anyOf"]
            schema.pop("title", None)
            return self._resolved(kind | schema)
        return schema


def _values(node: Schema) -> Schema:
    """Return the schema of a map's values; that of its keys has no place in a CRD."""
    patterns: Iterable[Schema] = node.get("patternProperties", {}).values()
    return next(iter(patterns), node.get("additionalProperties", {}))


def _meaning(node: Schema, place: _Place) -> str:
    """Return what a field means, what it is when it is omitted, and how it is written."""
    meaning: str = node["description"]
    default = place.default
    if default is not None and not isinstance(default, dict | list) and default != "":
        shown = f"{default:g}" if isinstance(default, float) else default
        meaning += f" Default: {shown}."
    if examples := node.get("examples"):
        meaning += f" Example: {' or '.join(f'`{place.path[-1]}: {flow(each)}`' for each in examples)}."
    return meaning
