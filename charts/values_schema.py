"""The chart's values.schema.json: what values.yaml says of its values, as JSON Schema.

Sections are closed, so that a typing mistake is refused. What Kubernetes defines, such as tolerations, is
left to the API server. Policies are judged by the schema of their CRD. The draft is 07, which Helm 3 and 4
both read.
"""

from pathlib import Path
from typing import Any, Final

import yaml

from values_tree import Value, read_values

_TOP: Final = Path(__file__).resolve().parent.parent
_ALERTS: Final = _TOP / "monitoring" / "rules" / "ballonet.alerts.yaml"
_POLICIES: Final = _TOP / "crds" / "ballonet.dev_balloonpolicies.yaml"

_TYPES: Final = {bool: "boolean", int: "integer", str: "string", list: "array", dict: "object"}
_NAME: Final = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
_QUANTITIES: Final = {"type": "object", "additionalProperties": {"type": ["string", "number"]}}
# Of a policy's schema, what JSON Schema knows as well.
_KEPT: Final = (
    "type", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems",
    "required", "minProperties", "maxProperties",
)  # fmt: skip


def values_schema() -> dict[str, Any]:
    """Return the whole schema."""
    values = read_values()
    root = _section(values)
    # Of a chart that has this one among its dependencies: what is global, and the condition.
    root["properties"] |= {"global": {"type": "object"}, "enabled": {"type": "boolean"}}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart ballonet",
        **root,
        "definitions": _definitions(),
    }


def _section(values: tuple[Value, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {value.path[-1]: _schema(value) for value in values},
    }


def _schema(value: Value) -> dict[str, Any]:
    text = {"description": value.text} if value.text else {}
    if value.values:
        return text | _section(value.values)
    if "$ref" in value.hints:
        return text | {"$ref": f"#/definitions/{value.hints['$ref']}"}
    if value.path == ("policies",):
        return text | _policies()
    return text | {"type": _TYPES[type(value.default)]} | value.hints


def _definitions() -> dict[str, Any]:
    alerts = [rule["alert"] for group in _rules() for rule in group["rules"]]
    texts = {"type": "object", "additionalProperties": {"type": "string"}}
    duration = {"type": "string", "pattern": "^([0-9.]+(ms|s|m|h|d))+$"}
    size = {"type": "string", "pattern": "^([0-9.]+ *([KkMmGgTtPp][Ii]?)?[Bb]?)?$"}
    severity = {"enum": ["critical", "warning", "info"]}

    def by_alert(schema: dict[str, Any]) -> dict[str, Any]:
        known = dict.fromkeys(alerts, schema)
        return {"type": "object", "additionalProperties": False, "properties": known}

    return {
        "labels": texts,
        "strings": {"type": "array", "items": {"type": "string"}},
        "object": {"type": "object"},
        "objects": {"type": "array", "items": {"type": "object"}},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535},
        "duration": duration,
        "size": size,
        "resources": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "requests": _QUANTITIES,
                "limits": _QUANTITIES,
                "claims": {"type": "array", "items": {"type": "object"}},
            },
        },
        "alerts": by_alert({"type": "boolean"}),
        "alertChanges": by_alert(
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {"for": {"$ref": "#/definitions/duration"}, "severity": severity},
            }
        ),
    }


def _rules() -> list[dict[str, Any]]:
    return list(yaml.safe_load(_ALERTS.read_text())["groups"])


def _policies() -> dict[str, Any]:
    definition = yaml.safe_load(_POLICIES.read_text())
    (version,) = definition["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return {
        "type": "object",
        "patternProperties": {_NAME: _plain(spec)},
        "additionalProperties": False,
    }


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a part of a CRD's schema as JSON Schema that refuses unknown fields."""
    plain: dict[str, Any] = {key: schema[key] for key in _KEPT if key in schema}
    if schema.get("x-kubernetes-int-or-string"):
        plain["type"] = ["integer", "string"]
    if "items" in schema:
        plain["items"] = _plain(schema["items"])
    if "properties" in schema:
        plain["properties"] = {name: _plain(inside) for name, inside in schema["properties"].items()}
        plain["additionalProperties"] = False
    elif isinstance(schema.get("additionalProperties"), dict):
        plain["additionalProperties"] = _plain(schema["additionalProperties"])
    return plain
