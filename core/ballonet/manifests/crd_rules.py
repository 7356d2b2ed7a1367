"""What values the API server refuses, in CEL, with the sentences of the policy-file loader.

Every bound for which the loader has a sentence is a rule here and not a keyword of the schema, because a
keyword is refused in Kubernetes' words, before any rule is asked. What each rule may cost is bounded by the
lengths in ``crd_schema``. Quantities have rules of their own in ``crd_quantities``. No I/O here.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from ballonet.manifests.mistakes import words
from ballonet.manifests.v1alpha1_selection import CLOSED, CLOSED_KEYWORD, EMPTY, NOT_CLOSED, SOME_KEYWORD

Rule = dict[str, str]
Path = tuple[str | int, ...]

_SELF: Final = "the value"

# As ``v1alpha1_types.shown`` has it: in quotes, and cut where it is longer than 60 characters with them.
TEXT: Final = '(size(self) > 58 ? "\'" + self.substring(0, 55) + "...\'" : "\'" + self + "\'")'
_WHOLE: Final = "self > -1e15 && self < 1e15 && self == double(int(self))"
# Without dyn() the API server thinks that the text of a number may be of any length, and costs too much.
_SHOWN: Final = {
    "string": TEXT,
    "integer": "string(dyn(self))",
    "number": f"string({_WHOLE} ? dyn(int(self)) : dyn(self))",
}


def rule(condition: str, sentence: str, fallback: str = "", /, **expressions: str) -> Rule:
    """Return a rule for the API server.

    Args:
        condition: what must be true, in CEL.
        sentence: what is said otherwise, with names in braces where ``expressions`` go, in CEL.
        fallback: what is said where a value has line breaks, which the API server does not print; empty
            for the sentence without values.
        expressions: text in CEL by its name in the sentence; ``value`` is the value as it is shown.
    """
    # Other braces than these are YAML's own, in examples.
    names = re.compile(rf"\{{({'|'.join(expressions)})\}}")
    spoken = [
        expressions[piece] if index % 2 else literal(piece)
        for index, piece in enumerate(names.split(sentence))
        if piece
    ]
    return {
        "rule": condition,
        "message": fallback or names.sub(_SELF, sentence),
        "messageExpression": " + ".join(spoken),
    }


def literal(text: str) -> str:
    """Return text as CEL writes it."""
    return json.dumps(text)


def keyword_rules(node: dict[str, Any], path: Path) -> Iterator[Rule]:
    """Yield the rules that stand for the keywords of a schema.

    Args:
        node: the schema as pydantic makes it.
        path: where it stands in the document.
    """
    for keyword, made in _RULES.items():
        if keyword in node:
            yield made(node, path)


def _enum(node: dict[str, Any], path: Path) -> Rule:
    *others, last = node["enum"]
    sentence = words("enum", path, value="{value}", expected=f"{', '.join(others)} or {last}")
    return rule(f"self in {json.dumps(node['enum'])}", sentence, value=TEXT)


def _minimum(node: dict[str, Any], path: Path) -> Rule:
    return _bound(node, path, "minimum", ">=", "greater_than_equal", "ge")


def _maximum(node: dict[str, Any], path: Path) -> Rule:
    return _bound(node, path, "maximum", "<=", "less_than_equal", "le")


def _bound(node: dict[str, Any], path: Path, keyword: str, sign: str, sentence: str, context: str) -> Rule:
    bound = str(node[keyword])
    in_cel = bound if node["type"] == "integer" else f"{float(bound)}"
    said = words(sentence, path, value="{value}", **{context: bound})
    return rule(f"self {sign} {in_cel}", said, value=_SHOWN[node["type"]])


def _pattern(node: dict[str, Any], path: Path) -> Rule:
    said = words("string_pattern_mismatch", path, value="{value}")
    return rule(f"self.matches({_regular_expression(node['pattern'])})", said, value=TEXT)


def _regular_expression(pattern: str) -> str:
    return f"r'{pattern}'"


def _shortest(node: dict[str, Any], path: Path) -> Rule:
    said = words("string_too_short", path, value="{value}")
    return rule(f"size(self) >= {node['minLength']}", said, value=TEXT)


def _fewest(node: dict[str, Any], path: Path) -> Rule:
    fewest = str(node.get("minItems", node.get("minProperties")))
    said = words("too_short", path, value="", actual_length="{length}", min_length=fewest)
    return rule(f"size(self) >= {fewest}", said, length="string(dyn(size(self)))")


def _closed(_: dict[str, Any], __: Path) -> Rule:
    return rule(f"self.matches({_regular_expression(CLOSED)})", NOT_CLOSED)


def _some(_: dict[str, Any], __: Path) -> Rule:
    return rule("size(self) > 0", EMPTY)


_RULES: Final[dict[str, Callable[[dict[str, Any], Path], Rule]]] = {
    "enum": _enum,
    "minimum": _minimum,
    "maximum": _maximum,
    "minLength": _shortest,
    "pattern": _pattern,
    "minItems": _fewest,
    "minProperties": _fewest,
    CLOSED_KEYWORD: _closed,
    SOME_KEYWORD: _some,
}


def selector_rules() -> Sequence[Rule]:
    """Return the rules for one condition on a label; see ``v1alpha1_selection``."""
    given = "has(self.values) && size(self.values) > 0"
    return (
        rule(
            f'!(self.operator in ["In", "NotIn"]) || ({given})',
            "{operator} needs values: write for example values: [web]",
            operator="self.operator",
        ),
        rule(
            f'!(self.operator in ["Exists", "DoesNotExist"]) || !({given})',
            "{operator} takes no values: remove them, or write In or NotIn",
            operator="self.operator",
        ),
    )
