"""What of the chart is made from elsewhere, and what its own files say about each other."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import chart_files
import values_tree
from chart_parts import CASES, CHART, ROOT, case_name

CHART_YAML = yaml.safe_load((CHART / "Chart.yaml").read_text())


@pytest.mark.parametrize("file", chart_files.chart_files(), ids=lambda file: file.name)
def test_what_the_chart_has_from_elsewhere_is_up_to_date(file: Path) -> None:
    assert file.read_text() == chart_files.chart_files()[file], "run `make docs` and commit the result"


def test_no_copy_has_outlived_its_source() -> None:
    assert chart_files.strays() == [], "run `make docs` and commit the result"


def test_every_value_says_what_it_is() -> None:
    every = [leaf for value in values_tree.read_values() for leaf in value.leaves()]

    assert len(every) > 100
    assert [leaf.name for leaf in every if not leaf.text] == []


def test_the_app_version_is_that_of_the_programs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert CHART_YAML["appVersion"] == project["version"]
    assert CHART_YAML["annotations"]["artifacthub.io/license"] == project["license"]
    assert f"ballonet/ballonet:{project['version']}" in CHART_YAML["annotations"]["artifacthub.io/images"]


def test_artifact_hub_is_told_of_every_crd_and_of_an_example_that_is_one_of_them() -> None:
    told = yaml.safe_load(CHART_YAML["annotations"]["artifacthub.io/crds"])
    there = [yaml.safe_load(file.read_text()) for file in (CHART / "crds").glob("*.yaml")]
    (example,) = yaml.safe_load(CHART_YAML["annotations"]["artifacthub.io/crdsExamples"])

    assert {each["name"] for each in told} == {crd["metadata"]["name"] for crd in there}
    assert {each["kind"] for each in told} == {crd["spec"]["names"]["kind"] for crd in there}
    assert example["kind"] in {each["kind"] for each in told}


@pytest.mark.parametrize("annotation", sorted(CHART_YAML["annotations"]))
def test_every_annotation_is_a_text_of_artifact_hub(annotation: str) -> None:
    assert annotation.startswith("artifacthub.io/")
    assert isinstance(CHART_YAML["annotations"][annotation], str)


def test_each_switch_is_off_in_one_rendering_and_on_in_another() -> None:
    """A condition that no case turns is a part of a template that nobody has seen."""
    cases = [yaml.safe_load(case.read_text()) for case in CASES]
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    switches = [
        leaf.path
        for value in values_tree.read_values()
        for leaf in value.leaves()
        if isinstance(leaf.default, bool)
    ]

    unturned = [
        ".".join(path)
        for path in switches
        if len({look_up(case, path, look_up(defaults, path, default=None)) for case in cases}) < 2
    ]

    assert unturned == []


def test_every_value_is_compared_with_the_conventions_and_no_other() -> None:
    """The first column of the table in docs/helm.md; a section there stands for all that is in it."""
    page = (ROOT / "docs" / "helm.md").read_text()
    table = page[page.index("| here |") : page.index("What they have and this chart leaves out")]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {
        name for cell in first for name in re.findall(r"`([\w.]+)`", cell) if not name.startswith("global.")
    }
    spelled = {
        name.replace("PART", part, 1) for name in named for part in ("exporter", "agent", "controller")
    }

    every = {leaf.name for value in values_tree.read_values() for leaf in value.leaves()}
    assert [leaf for leaf in sorted(every) if not covers(spelled, leaf)] == []
    assert [name for name in sorted(spelled) if not any(covers({name}, leaf) for leaf in every)] == []


def covers(names: set[str], leaf: str) -> bool:
    return any(leaf == name or leaf.startswith(f"{name}.") for name in names)


def look_up(values: object, path: tuple[str, ...], default: object) -> object:
    for key in path:
        if not isinstance(values, dict) or key not in values:
            return default
        values = values[key]
    return values


def test_values_that_templates_use_exist_and_those_that_exist_are_used() -> None:
    """By name only: a section that a template takes whole counts for all that is in it."""
    texts = [file.read_text() for file in (CHART / "templates").rglob("*") if file.is_file()]
    used = set(re.findall(r"\.([a-zA-Z][\w]*)", "\n".join(texts)))
    every = {key for value in values_tree.read_values() for leaf in value.leaves() for key in leaf.path}

    assert sorted(every - used) == []


def test_the_schema_is_one_that_helm_3_reads_as_well() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())

    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["additionalProperties"] is False


def test_the_cases_have_names_of_their_own() -> None:
    assert len({case_name(case) for case in CASES}) == len(CASES) >= 7
