"""How long the project's functions and files are: ``python bench/code_figures.py``.

Counted are the source packages, not the tests. A function's length is its lines from ``def`` to its end,
docstring included, decorators not; nested functions count for themselves and for the one around them. The
limits are those that admired code keeps to: short functions, files that fit in a head.
"""

import ast
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("core", "exporter", "operator", "cli", "lab")

MEDIAN_LIMIT = 10
P90_LIMIT = 30
LONGEST_LIMIT = 60
FILE_LIMIT = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function and where it stands."""

    place: str
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was counted; ``files`` maps each file to its number of lines."""

    functions: tuple[Function, ...]
    files: dict[str, int]

    @property
    def median(self) -> float:
        """Return the median length of a function."""
        return statistics.median(function.lines for function in self.functions)

    @property
    def p90(self) -> float:
        """Return the length that nine functions of ten do not exceed."""
        return statistics.quantiles(
            (function.lines for function in self.functions), n=10, method="inclusive"
        )[8]

    @property
    def too_long(self) -> list[Function]:
        """Return the functions above the limit, longest first."""
        above = [function for function in self.functions if function.lines > LONGEST_LIMIT]
        return sorted(above, key=lambda function: -function.lines)

    @property
    def large_files(self) -> dict[str, int]:
        """Return the files above the limit."""
        return {name: lines for name, lines in self.files.items() if lines > FILE_LIMIT}


def sources(root: Path = ROOT) -> list[Path]:
    """Return the files that are counted."""
    return sorted(path for part in PARTS for path in (root / part).rglob("*.py"))


def functions_of(source: str, name: str) -> list[Function]:
    """Return every function of one file."""
    return [
        Function(place=f"{name}:{node.lineno} {node.name}", lines=(node.end_lineno or 0) - node.lineno + 1)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def figures(root: Path = ROOT) -> Figures:
    """Count all source files below ``root``."""
    texts = {str(path.relative_to(root)): path.read_text() for path in sources(root)}
    return Figures(
        functions=tuple(function for name, text in texts.items() for function in functions_of(text, name)),
        files={name: len(text.splitlines()) for name, text in texts.items()},
    )


def main() -> int:
    """Print the figures; the exit code is 1 when a limit is broken."""
    found = figures()
    longest = max(found.functions, key=lambda function: function.lines)
    print(f"functions {len(found.functions)}, files {len(found.files)}, lines {sum(found.files.values())}")
    print(f"function length: median {found.median:g} (limit {MEDIAN_LIMIT})")
    print(f"function length: 90th percentile {found.p90:g} (limit {P90_LIMIT})")
    print(f"function length: longest {longest.lines} (limit {LONGEST_LIMIT}), {longest.place}")
    for function in found.too_long:
        print(f"too long: {function.lines} lines: {function.place}")
    for name, lines in found.large_files.items():
        print(f"large file: {lines} lines (limit {FILE_LIMIT}): {name}")
    broken = found.too_long or found.large_files or found.median > MEDIAN_LIMIT or found.p90 > P90_LIMIT
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
