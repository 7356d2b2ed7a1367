"""Make the environment of the image lean while it is built: ``python lean.py ENVIRONMENT OWN``.

Everything that Ballonet imports, in whichever of its programs, is imported here once. What is left over then
of the parts named below is removed, and what was imported is compiled, the standard library included: only
that is worth its room. The bytecode tells hashes that nobody checks, since a build that can be repeated
changes the times of all files, by which Python would take it for old.

Ballonet itself and the bytecode are moved below OWN, where they are a layer of their own above all that
changes less often.
"""

import importlib
import pkgutil
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final

PROGRAMS: Final = ("ballonet", "ballonet_exporter", "ballonet_operator", "ballonet_cli")
# Imported by others in the course of their work.
_LATER: Final = ("encodings.idna", "encodings.latin_1", "concurrent.futures.thread", "http.server")
_NEEDLESS: Final = (
    "kubernetes/aio",  # A second client, for asyncio.
    "pydantic/v1",  # The version before, for those who have not left it.
    "pygments", "pygments-*.dist-info",  # For the colours of program text, of which rich shows none here.
    "tzdata", "tzdata-*.dist-info",  # Debian has the same in /usr/share/zoneinfo.
    "*/tests", "**/*.pyx", "**/*.pxd", "**/*.pxi", "**/*.h", "**/*.c", "**/*.pyi",
    # What pip notes for itself. The names, versions and licences of all packages stay.
    *(f"*.dist-info/{name}" for name in ("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json")),
)  # fmt: skip
# Of these modules, one for each kind of object that Kubernetes knows, next to none is imported.
_GENERATED: Final = ("kubernetes/client/api", "kubernetes/client/models")

# In a process of its own, in one order and with one hash seed, the same bytes come out every time.
_COMPILE: Final = """
import py_compile, sys
for line in sys.stdin.read().splitlines():
    source, target = line.split("\\t")
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(source, target, doraise=True, optimize=0, invalidation_mode=mode)
"""


def main() -> None:
    """Import, remove, compile, move apart."""
    environment, own = (Path(argument) for argument in sys.argv[1:3])
    (packages,) = environment.glob("lib/python3.*/site-packages")
    used = set(_used_files())
    for pattern in _NEEDLESS:
        _remove(packages.glob(pattern))
    for package in _GENERATED:
        _remove(file for file in (packages / package).glob("*.py") if file not in used)
    for metadata in packages.glob("*.dist-info/METADATA"):
        _drop_readme(metadata)
    scripts = [file for file in (environment / "bin").iterdir() if not file.name.startswith("python")]
    _remove(file for file in scripts if file.name.replace("-", "_") not in PROGRAMS)
    _compile(sorted(file for file in used if file.exists()), own)
    _move(packages.glob("ballonet*"), own)
    _move((environment / "bin").glob("ballonet*"), own)


def _used_files() -> Iterator[Path]:
    """Import everything and return the sources of all that is loaded then."""
    for name in PROGRAMS:
        program = importlib.import_module(name)
        for module in pkgutil.walk_packages(program.__path__, f"{name}."):
            importlib.import_module(module.name)
    for name in _LATER:
        importlib.import_module(name)
    for loaded in list(sys.modules.values()):
        file = getattr(loaded, "__file__", None)
        if file is not None and file.endswith(".py") and loaded.__name__ != "__main__":
            yield Path(file)


def _remove(entries: Iterable[Path]) -> None:
    for entry in list(entries):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)


def _drop_readme(metadata: Path) -> None:
    """Keep the fields, which end with the first empty line; a whole README follows."""
    fields, _, _ = metadata.read_text().partition("\n\n")
    metadata.write_text(f"{fields}\n")


def _compile(sources: Iterable[Path], below: Path) -> None:
    pairs = [(source, below / Path(cache_from_source(source)).relative_to("/")) for source in sources]
    lines = "".join(f"{source}\t{target}\n" for source, target in pairs)
    command = [sys.executable, "-I", "-c", _COMPILE]
    subprocess.run(command, input=lines, text=True, check=True, env={"PYTHONHASHSEED": "0"})


def _move(entries: Iterable[Path], below: Path) -> None:
    for entry in list(entries):
        target = below / entry.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():  # The bytecode is there already.
            shutil.copytree(entry, target, dirs_exist_ok=True)
            shutil.rmtree(entry)
        else:
            shutil.move(entry, target)


if __name__ == "__main__":
    main()
