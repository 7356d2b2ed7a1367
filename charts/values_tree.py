"""The chart's values as values.yaml has them: default, comment, and hints for the schema.

What may be said of a value stands in one place, the comment above it. A line of it that begins with
``@schema`` is a hint, the inside of a YAML mapping; the others are for people.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

CHART: Final = Path(__file__).parent / "ballonet"
VALUES: Final = CHART / "values.yaml"
_HINT: Final = "@schema "


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value, or a section of them.

    Attributes:
        path: its keys, from the top.
        default: what values.yaml says.
        text: what its comment says to people.
        hints: what its comment says of its schema.
        values: those inside of a section; a mapping with hints is none, its keys are the user's.
    """

    path: tuple[str, ...]
    default: Any
    text: str
    hints: dict[str, Any]
    values: tuple["Value", ...]

    @property
    def name(self) -> str:
        """As ``--set`` has it."""
        return ".".join(self.path)

    def leaves(self) -> Iterator["Value"]:
        """Yield the values inside that are no sections, or itself."""
        if not self.values:
            yield self
        for value in self.values:
            yield from value.leaves()


def read_values(file: Path = VALUES) -> tuple[Value, ...]:
    """Return the values at the top of a values file."""
    text = file.read_text()
    root = yaml.compose(text)
    assert isinstance(root, yaml.MappingNode)
    return tuple(_values(root, yaml.safe_load(text), text.splitlines(), ()))


def _values(
    node: yaml.MappingNode, defaults: dict[str, Any], lines: list[str], path: tuple[str, ...]
) -> Iterator[Value]:
    for key, inside in node.value:
        comment = list(_comment(lines, key.start_mark.line))
        hints: dict[str, Any] = {}
        for line in comment:
            if line.startswith(_HINT):
                hints |= yaml.safe_load(f"{{{line.removeprefix(_HINT)}}}")
        default = defaults[key.value]
        here = (*path, key.value)
        section = isinstance(inside, yaml.MappingNode) and not hints
        yield Value(
            path=here,
            default=default,
            text=" ".join(line for line in comment if not line.startswith(_HINT)),
            hints=hints,
            values=tuple(_values(inside, default, lines, here)) if section else (),
        )


def _comment(lines: list[str], number: int) -> Iterator[str]:
    """Yield the lines of the comment directly above a line; there may be none."""
    first = number
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    yield from (line.strip().removeprefix("#").strip() for line in lines[first:number])
