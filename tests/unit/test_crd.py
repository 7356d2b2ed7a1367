"""The CustomResourceDefinitions: what the API server and a reader of ``kubectl explain`` need of them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ballonet.manifests import crd
from ballonet.manifests.crd_rules import rule

CRDS = Path(__file__).parents[2] / "crds"
EXAMPLES = CRDS / "examples"
PLURALS = ("balloonpolicies", "balloonhosts")

Schema = dict[str, Any]


def schemas(plural: str) -> Iterator[tuple[str, Schema]]:
    """Every schema in a definition, by its path; metadata is Kubernetes' own."""
    (version,) = crd.definition(plural)["spec"]["versions"]
    document = version["schema"]["openAPIV3Schema"]
    del document["properties"]["metadata"]
    return inside("", document)


def inside(path: str, schema: Schema) -> Iterator[tuple[str, Schema]]:
    yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from inside(f"{path}.{name}", field)
    for keyword in ("items", "additionalProperties"):
        if keyword in schema:
            yield from inside(f"{path}[]", schema[keyword])


def without(plural: str, needed: str, kind: str) -> list[str]:
    return [path for path, schema in schemas(plural) if schema.get("type") == kind and needed not in schema]


@pytest.mark.parametrize("plural", PLURALS)
def test_every_field_and_entry_is_described_for_its_reader(plural: str) -> None:
    found = dict(schemas(plural))

    assert [path for path, schema in found.items() if not schema.get("description", "").endswith(".")] == []
    assert len(found) > 40


@pytest.mark.parametrize("plural", PLURALS)
def test_everything_that_can_grow_is_bounded(plural: str) -> None:
    texts = [path for path in without(plural, "maxLength", "string") if path not in (".apiVersion", ".kind")]
    enums = [path for path, schema in schemas(plural) if "enum" in schema]
    maps = [
        path
        for path, schema in schemas(plural)
        if "additionalProperties" in schema and "maxProperties" not in schema
    ]

    assert [path for path in texts if path not in enums] == []
    assert without(plural, "maxItems", "array") == []
    assert maps == []


@pytest.mark.parametrize("plural", PLURALS)
def test_no_text_of_a_status_may_have_control_characters(plural: str) -> None:
    found = {path: schema for path, schema in schemas(plural) if path.startswith(".status.")}
    texts = {path: schema for path, schema in found.items() if schema.get("type") == "string"}

    assert [path for path, schema in texts.items() if not schema.keys() & {"pattern", "enum", "format"}] == []
    assert len(texts) >= 7


@pytest.mark.parametrize("plural", PLURALS)
def test_nothing_is_in_it_that_a_structural_schema_may_not_have(plural: str) -> None:
    keywords = {keyword for _, schema in schemas(plural) for keyword in schema}

    assert not keywords & {
        "$ref",
        "$defs",
        "title",
        "examples",
        "patternProperties",
        "propertyNames",
        "allOf",
    }
    assert [path for path, schema in schemas(plural) if schema.get("additionalProperties") is False] == []


def test_conditions_are_merged_by_their_type_and_other_lists_taken_whole() -> None:
    kinds = {
        path: schema["x-kubernetes-list-type"]
        for plural in PLURALS
        for path, schema in schemas(plural)
        if schema.get("type") == "array"
    }

    assert {path for path, kind in kinds.items() if kind == "map"} == {".status.conditions"}
    assert set(kinds.values()) == {"map", "atomic"}


def test_only_what_is_shown_in_a_column_is_stored_when_it_was_omitted() -> None:
    defaults = {path: schema["default"] for path, schema in schemas("balloonpolicies") if "default" in schema}

    assert defaults == {".spec.mode": "Enforce", ".spec.priority": 0}


def test_what_an_omitted_field_means_is_said() -> None:
    fields = dict(schemas("balloonpolicies"))

    assert (
        "Default: 25%. Example: `floor: 512Mi` or `floor: 25%`."
        in fields[".spec.memory.floor"]["description"]
    )
    assert "Default: 6%, at least 640Mi." in fields[".spec.thresholds.host.growAbove"]["description"]


def test_every_rule_has_an_example_that_breaks_it() -> None:
    refusals = "\n".join(
        path.read_text().splitlines()[0].partition(": ")[2] for path in EXAMPLES.glob("invalid/*.yaml")
    )
    rules = {
        rule["message"]
        for _, schema in schemas("balloonpolicies")
        for rule in schema.get("x-kubernetes-validations", ())
    }

    assert len(rules) > 20
    assert [words for words in sorted(rules) if not broken(words, refusals)] == []


def broken(message: str, refusals: str) -> bool:
    """Whether one of the lines says this, with something in the place of each value."""
    words = re.escape(message).replace(re.escape("the value"), ".+").replace(re.escape("a few"), ".+")
    return re.search(f": {words}$", refusals, re.MULTILINE) is not None


def test_values_in_a_sentence_are_put_in_and_braces_of_an_example_stay() -> None:
    made = rule("self != ''", '{value} is bad: write {tier: "web"}', value="self")

    assert made == {
        "rule": "self != ''",
        "message": 'the value is bad: write {tier: "web"}',
        "messageExpression": 'self + " is bad: write {tier: \\"web\\"}"',
    }


@pytest.mark.parametrize("plural", PLURALS)
def test_what_is_printed_is_the_definition(plural: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert crd.main([plural]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == crd.definition(plural)


@pytest.mark.parametrize("arguments", [[], ["pods"], list(PLURALS)], ids=["none", "unknown", "both"])
def test_who_asks_for_another_definition_is_told_the_names(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert crd.main(arguments) == 2
    assert capsys.readouterr().err == "crd: error: write one of balloonpolicies, balloonhosts\n"
