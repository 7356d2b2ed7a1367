"""The program that the control plane runs: etcd and Kubernetes in one file, compiled here once and kept.

It is compiled from the sources in ``lab/labkube``, which takes minutes; where it is kept is named after all
that it was made from. A file in that place is whole: it is moved there when it is finished.
"""

import hashlib
import shutil
from pathlib import Path
from typing import Final

from ballonet_lab.cache import cache_directory, locked, say
from ballonet_lab.errors import LabError
from ballonet_lab.kubernetes.compiler import compile_program
from ballonet_lab.kubernetes.golang import Go, find_go

VERSION: Final = "v1.36.3"
SOURCES: Final = Path(__file__).resolve().parents[2] / "labkube"
SERVERS: Final = ("etcd", "kube-apiserver", "kube-controller-manager")
_PARTS: Final = ("main.go", "go.mod", "go.sum")
PROGRAM: Final = "labkube"
_STAMP: Final = "k8s.io/component-base/version"

# Without the -X it would report v0.0.0-master. There is no use for paths, debug data and the state of the
# checkout in it; to leave them out saves a sixth of the time and half a gigabyte on the way.
_STAMPS: Final = {"gitVersion": VERSION, "gitMajor": "1", "gitMinor": "36", "gitTreeState": "clean"}
FLAGS: Final = (
    "-trimpath",
    "-buildvcs=false",
    "-gcflags=all=-dwarf=false",
    "-ldflags=-s -w " + " ".join(f"-X {_STAMP}.{name}={value}" for name, value in _STAMPS.items()),
)


def find_servers() -> Path:
    """Return the directory with a link for each server.

    Raises:
        LabError: the program was not built yet; that takes too long to begin with it unasked.
    """
    home = _home(find_go())
    if not _complete(home):
        raise LabError(
            f"Kubernetes {VERSION} for the tests is not built: run `make setup`, "
            "or `python -m ballonet_lab kubernetes` (about 6 minutes, once)"
        )
    return home


def build_servers() -> Path:
    """Build the program where it is missing, saying how it goes, and return its directory.

    Raises:
        LabError: it cannot be built.
    """
    go = find_go()
    home = _home(go)
    if not _complete(home):
        with locked("kubernetes"):
            if not _complete(home):
                _build(go, home)
    return home


def key(go_version: str, parts: dict[str, bytes]) -> str:
    """Return the name of what is made from these parts by this Go: equal keys, equal programs."""
    recipe = repr((go_version, sorted(parts.items()), FLAGS, SERVERS))
    return f"{VERSION}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def _home(go: Go) -> Path:
    try:
        parts = {name: (SOURCES / name).read_bytes() for name in _PARTS}
    except FileNotFoundError as error:
        raise LabError(f"{error.filename} is missing: tests on Kubernetes need a checkout") from error
    return _shelf() / key(go.version, parts)


def _shelf() -> Path:
    shelf = cache_directory() / "kubernetes"
    shelf.mkdir(exist_ok=True)
    return shelf


def _complete(home: Path) -> bool:
    return (home / PROGRAM).exists()


def _build(go: Go, home: Path) -> None:
    """Compile below a temporary name; what the compiler had done already is there when it is asked again."""
    say(f"Kubernetes {home.name}: compiling it, about 6 minutes on two cores, once")
    scratch = home.parent / "building"
    ready = scratch / "ready"
    shutil.rmtree(ready, ignore_errors=True)
    ready.mkdir(parents=True)
    compile_program(go, SOURCES, ready / PROGRAM, flags=FLAGS, scratch=scratch)
    for name in SERVERS:
        (ready / name).symlink_to(PROGRAM)
    shutil.rmtree(home, ignore_errors=True)
    ready.rename(home)
    shutil.rmtree(scratch)
    say(f"Kubernetes {home.name}: ready in {home}")
