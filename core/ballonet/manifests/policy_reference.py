"""The table of every policy field in ``docs/policy.md``, written from the models.

``python -m ballonet.manifests.policy_reference --markdown`` prints it; ``docs/drift.py``
holds the page to that.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ballonet.manifests.v1alpha1 import BalloonPolicy

_HEADER: Final = "| field | type | default | meaning |\n|---|---|---|---|\n"
_SMALLEST: Final = {
    "apiVersion": "ballonet.dev/v1alpha1", "kind": "BalloonPolicy", "metadata": {"name": "a"}, "spec": {},
}  # fmt: skip

_Schema = Mapping[str, Any]


def table() -> str:
    """Return the table in Markdown."""
    schema = BalloonPolicy.model_json_schema(by_alias=True)
    return _HEADER + "".join(_rows(schema, schema["$defs"], _defaults(), ""))


def _defaults() -> _Schema:
    """Return the smallest policy with everything filled in, as it would be written."""
    policy = BalloonPolicy.model_validate_json(json.dumps(_SMALLEST))
    return policy.model_dump(mode="json", by_alias=True, exclude={"metadata", "status"}, exclude_none=True)


def _rows(schema: _Schema, definitions: _Schema, defaults: _Schema, prefix: str) -> Iterator[str]:
    for name, field in schema.get("properties", {}).items():
        if name == "status":
            continue
        resolved = _resolved(field, definitions)
        default = "required" if name in schema.get("required", ()) else _default(defaults.get(name))
        yield f"| `{prefix}{name}` | {_type(resolved)} | {default} | {_meaning(name, field, resolved)} |\n"
        nested = _resolved(resolved.get("items", resolved), definitions)
        ending = "[]." if "items" in resolved else "."
        inner = defaults.get(name)
        yield from _rows(
            nested, definitions, inner if isinstance(inner, dict) else {}, f"{prefix}{name}{ending}"
        )


def _resolved(schema: _Schema, definitions: _Schema) -> _Schema:
    """Follow a reference, and drop the null that an optional field may be."""
    if "$ref" in schema:
        return _resolved(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if schema.get("anyOf") and not schema.get("x-kubernetes-int-or-string"):
        return _resolved(next(each for each in schema["anyOf"] if each.get("type") != "null"), definitions)
    return schema


def _default(value: object) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _meaning(name: str, field: _Schema, resolved: _Schema) -> str:
    meaning: str = field.get("description", resolved.get("description", ""))
    examples = [f"`{name}: {_flow(example)}`" for example in field.get("examples", ())]
    return f"{meaning} Example: {' or '.join(examples)}" if examples else meaning


def _flow(example: object) -> str:
    return example if isinstance(example, str) else json.dumps(example)


def _type(schema: _Schema) -> str:
    """Return a schema's type in words, with its bounds."""
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("x-kubernetes-int-or-string"):
        return str(schema["title"])
    kinds = {"integer": "whole number", "string": "text", "array": "list", "object": "map"}
    kind = kinds.get(schema["type"], "number")
    if "minimum" in schema:
        return f"{kind}, {schema['minimum']:.0f} to {schema['maximum']:.0f}"
    most = schema.get("maxItems", schema.get("maxProperties"))
    return f"{kind}, at most {most} entries" if most else kind


if __name__ == "__main__":
    sys.stdout.write(table())
