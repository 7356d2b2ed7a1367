"""How HTML is made: everything is escaped, and nobody can go around it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from ballonet.printable import clipped
from ballonet.web.markup import Markup, Template, escaped, joined
from ballonet.web.moments import age, moment

ROOT = Path(__file__).resolve().parents[2]
MAKERS = {"markup.py": "makes it", "document.py": "its own style file", "tables.py": "a literal's columns"}


def calls(name: str) -> Iterator[tuple[Path, ast.Call, bool]]:
    """Yield the calls of a name in all parts that serve pages, and whether each is at a module's level."""
    for part in ("core/ballonet", "exporter/ballonet_exporter", "operator/ballonet_operator"):
        for path in (ROOT / part).rglob("*.py"):
            tree = ast.parse(path.read_text())
            inner = {
                id(node)
                for function in ast.walk(tree)
                if isinstance(function, (ast.FunctionDef, ast.Lambda))
                for node in ast.walk(function)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                    yield path, node, id(node) not in inner


def test_templates_are_literals() -> None:
    found = [
        (path, call, outer) for path, call, outer in calls("Template") if path.name not in MAKERS or outer
    ]

    assert len(found) > 20
    for path, call, outer in found:
        literal = isinstance(call.args[0], ast.Constant)
        assert literal, f"{path}:{call.lineno}"
        assert outer, f"{path}:{call.lineno}"


def test_markup_is_made_from_templates_only() -> None:
    assert {path.name for path, _, _ in calls("Markup")} <= MAKERS.keys()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("<a href='x'>&\"", "&lt;a href=&#x27;x&#x27;&gt;&amp;&quot;", id="markup"),
        pytest.param(Markup("<b>"), "<b>", id="what is markup already"),
        pytest.param("a\nb\x00\u202e\ud800", "a\\nb\\x00\\u202e\\ud800", id="what nobody can see"),
        pytest.param(7, "7", id="a number"),
        pytest.param("{x}", "{x}", id="braces"),
    ],
)
def test_values_are_text(value: object, shown: str) -> None:
    assert escaped(value) == shown
    assert Template("<i>{x}</i>")(x=value) == f"<i>{shown}</i>"
    assert joined([Template("{}")(value)]) == shown


def test_a_value_cannot_fill_the_places_of_another() -> None:
    assert Template("{a}{b}")(a="{b}", b="x") == "{b}x"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s ago"), (0.9, "0 s ago"), (119, "119 s ago"), (120, "2 min ago"), (7200, "2 h ago"),
     (200_000, "2 d ago")],
)  # fmt: skip
def test_ages_are_said_in_the_unit_that_fits(seconds: float, said: str) -> None:
    assert age(seconds) == said


def test_moments_have_their_date_where_they_are_not_of_today() -> None:
    assert ">13:46:40 UTC, 10 s ago<" in moment(1_000_000.0, 1_000_010.0)
    assert ">1970-01-12 13:46 UTC, 3 d ago<" in moment(1_000_000.0, 1_300_000.0)


def test_long_names_are_cut() -> None:
    assert (clipped("abc", 3), clipped("abcd", 3)) == ("abc", "ab…")
