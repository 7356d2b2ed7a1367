"""What Ballonet depends on, as tables: ``python docs/dependency_table.py runtime --markdown``.

Who imports a package is read from the source, its licence from what is installed here, its extra and its
range from pyproject.toml. Why it is there, and how large it was when somebody measured, stands in
dependencies.toml: a size differs a little from machine to machine, so the tables repeat it, and a test
compares it with what is installed. ``python docs/dependency_table.py sizes`` measures.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).resolve().parent.parent
PARTS: Final = ("core", "exporter", "operator", "cli", "lab")
_FEW: Final = 2
"""So many importing modules are named; of more, only the packages that they are in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """A package that pyproject.toml names; ``extra`` is empty for what everybody gets."""

    requirement: Requirement
    extra: str

    @property
    def name(self) -> str:
        """Return the name as pyproject.toml has it."""
        return self.requirement.name


@cache
def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / name).read_text())


def runtime() -> list[Direct]:
    """Return what runs: the packages of the base first, then those of each extra."""
    project = _toml("pyproject.toml")["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    found = (
        Direct(requirement=Requirement(line), extra=extra)
        for extra, lines in groups.items()
        for line in lines
    )
    return [each for each in found if each.name != project["name"]]


def tools() -> list[Requirement]:
    """Return what only development needs."""
    known = {each.name for each in runtime()}
    lines = map(Requirement, _toml("pyproject.toml")["dependency-groups"]["dev"])
    return [each for each in lines if each.name not in known]


def reasons(table: str) -> dict[str, dict[str, Any]]:
    """Return what is written by hand in one of ``runtime``, ``tools`` and ``environments``."""
    entries: dict[str, dict[str, Any]] = _toml("docs/dependencies.toml")[table]
    return entries


@cache
def imports() -> dict[str, set[str]]:
    """Return the modules of ours that import each top-level module of others, or of the standard library."""
    found: dict[str, set[str]] = {}
    for part in PARTS:
        for path in sorted((ROOT / part).glob("ballonet*/**/*.py")):
            module = ".".join(path.relative_to(ROOT / part).with_suffix("").parts).removesuffix(".__init__")
            for name in _imported(ast.parse(path.read_text())):
                found.setdefault(name, set()).add(module)
    return found


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def importers(name: str) -> set[str]:
    """Return the modules of ours that import a package."""
    modules = [module for module, owners in packages_distributions().items() if name in _canonical(owners)]
    return set().union(*(imports().get(module, set()) for module in modules))


def _canonical(names: list[str]) -> set[str]:
    return {canonicalize_name(name) for name in names}


def licence(name: str) -> str:
    """Return a package's licence as its metadata tells it; empty where they do not."""
    metadata = distribution(name).metadata
    classifiers = metadata.get_all("Classifier") or []
    told = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: OSI Approved")]
    return metadata["License-Expression"] or metadata["License"] or ", ".join(told)


def megabytes(name: str) -> float:
    """Return the size of a package here, with all that it needs itself and the compiled files of both."""
    return sum(_bytes(each) for each in _closure(canonicalize_name(name), set())) / 1e6


def _closure(name: str, seen: set[str]) -> set[str]:
    seen.add(name)
    for line in distribution(name).requires or []:
        requirement = Requirement(line)
        needed = canonicalize_name(requirement.name)
        if needed not in seen and (not requirement.marker or requirement.marker.evaluate({"extra": ""})):
            _closure(needed, seen)
    return seen


def _bytes(name: str) -> int:
    paths = (Path(str(file.locate())) for file in distribution(name).files or [])
    return sum(path.stat().st_size for path in paths if path.exists())


def _where(name: str) -> str:
    modules = importers(canonicalize_name(name))
    shown = modules if len(modules) <= _FEW else {module.partition(".")[0] for module in modules}
    return ", ".join(f"`{module}`" for module in sorted(shown))


def _runtime_lines() -> Iterator[str]:
    yield "| package | extra | what for | imported by | licence | MB | why this one |"
    yield "|---|---|---|---|---|---:|---|"
    for each in runtime():
        entry = reasons("runtime")[each.name]
        cells = (
            f"`{each.requirement}`", each.extra and f"`{each.extra}`", entry["purpose"], _where(each.name),
            licence(each.name), str(entry["megabytes"]), entry["choice"],
        )  # fmt: skip
        yield f"| {' | '.join(cells)} |"


def _tool_lines() -> Iterator[str]:
    yield "| package | what for | licence |"
    yield "|---|---|---|"
    for each in tools():
        entry = reasons("tools")[each.name]
        yield f"| `{each.name}` | {entry['purpose']} | {entry.get('licence') or licence(each.name)} |"


def _environment_lines() -> Iterator[str]:
    yield "| what is installed | what works | MB |"
    yield "|---|---|---:|"
    for name, entry in reasons("environments").items():
        yield f"| `{name}` | {entry['works']} | {entry['megabytes']} |"


def _size_lines() -> Iterator[str]:
    for each in runtime():
        yield f"{each.name:20} {megabytes(each.name):6.1f} MB"


def main() -> None:
    """Print the table that the first argument names."""
    tables = {
        "environments": _environment_lines, "runtime": _runtime_lines, "tools": _tool_lines,
        "sizes": _size_lines,
    }  # fmt: skip
    print("\n".join(tables[sys.argv[1]]()))


if __name__ == "__main__":
    main()
