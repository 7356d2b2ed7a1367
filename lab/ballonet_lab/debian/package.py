"""Builds the project's Debian package as `make deb` does: without a network, from the wheels of the lock."""

import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ballonet_lab.cache import locked, say
from ballonet_lab.debian.roots import Kind, enter_root, shelf, unpack_root
from ballonet_lab.errors import LabError
from ballonet_lab.programs import run_program

ROOT: Final = Path(__file__).resolve().parents[3]
# All that goes in.
_PARTS: Final = (
    "core",
    "exporter",
    "operator",
    "cli",
    "lab",
    "crds/examples",
    "deploy/systemd",
    "deploy/debian",
)
_FILES: Final = ("deploy/install", "pyproject.toml", "requirements.lock", "README.md", "LICENSE")
# Of trixie: its Python, and the C libraries that wheels may ask for.
_PLATFORM: Final = (
    "--python-version=3.13",
    "--implementation=cp",
    "--platform=manylinux_2_34_x86_64",
    "--platform=manylinux_2_28_x86_64",
    "--platform=manylinux2014_x86_64",
)
# Of the files in it, so that the same sources make the same package.
_EPOCH: Final = "1700000000"
_BUILD: Final = """
cd /build/ballonet
export SOURCE_DATE_EPOCH="$1"
dpkg-buildpackage --build=binary --no-check-builddeps --no-pre-clean --unsigned-changes >/build/log 2>&1 ||
    { tail -n 5 /build/log >&2; exit 1; }
"""
_JUDGE: Final = "lintian --allow-root --tag-display-limit 0 --fail-on none /build/*.deb"


def build_package(sources: Path = ROOT, *, version: str | None = None) -> Path:
    """Return the package that these sources make, building it where it is missing.

    Args:
        sources: a checkout.
        version: takes the place of the changelog's, for a package to upgrade to.

    Raises:
        LabError: this is not root, or the build fails; the message has its last lines.
    """
    version = version or package_version(sources)
    place = shelf() / f"package-{_key(sources, version)}"
    package = place / f"ballonet_{version}_amd64.deb"
    with locked("debian-package"):
        if not package.exists():
            _build(sources, version, package)
    return package


def judgement(package: Path) -> list[str]:
    """Return what lintian had to say about a package when it was built, one line for each tag."""
    return (package.parent / "lintian").read_text().splitlines()


def package_version(sources: Path = ROOT) -> str:
    """Return the version that the changelog names first."""
    first = (sources / "deploy/debian/changelog").read_text().partition("\n")[0]
    if not (found := re.fullmatch(r"ballonet \(([^)]+)\) .*", first)):
        raise LabError(f"deploy/debian/changelog does not begin with a version: {first!r}")
    return found[1]


def _build(sources: Path, version: str, package: Path) -> None:
    wheels = _wheels(sources / "requirements.lock")
    say("Debian package: building it, about a minute")
    with tempfile.TemporaryDirectory(prefix="ballonet-deb-", ignore_cleanup_errors=True) as scratch:
        root = Path(scratch) / "root"
        unpack_root(Kind.BUILD, root)
        tree = root / "build/ballonet"
        for file in _inputs(sources):
            (tree / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(sources / file, tree / file)
        shutil.move(tree / "deploy/debian", tree / "debian")
        shutil.copytree(wheels, tree / "debian/wheels")
        _renumber(tree / "debian/changelog", version)
        enter_root(root, _BUILD, _EPOCH, network=False)
        (root / "build/lintian").write_text(enter_root(root, _JUDGE, network=False))
        package.parent.mkdir(exist_ok=True)
        for name in ("lintian", package.name):
            shutil.copy(root / "build" / name, package.parent / f".{name}.{os.getpid()}")
            (package.parent / f".{name}.{os.getpid()}").rename(package.parent / name)


def _renumber(changelog: Path, version: str) -> None:
    changelog.write_text(re.sub(r"\([^)]+\)", f"({version})", changelog.read_text(), count=1))


def _inputs(sources: Path) -> Iterator[Path]:
    """Yield the files that go in, relative to the checkout."""
    yield from map(Path, _FILES)
    for part in _PARTS:
        for file in sorted((sources / part).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file.relative_to(sources)


def _key(sources: Path, version: str) -> str:
    digest = hashlib.sha256(repr((Kind.BUILD.value, _PLATFORM, _BUILD, version)).encode())
    for file in _inputs(sources):
        digest.update(f"{file} {hashlib.sha256((sources / file).read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:12]


def _wheels(lock: Path) -> Path:
    """Return a directory with the wheels that the lock names, fetched by their hashes."""
    place = shelf() / f"wheels-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    if not place.exists():
        say("Debian package: fetching the wheels of requirements.lock")
        draft = place.with_suffix(f".{os.getpid()}")
        run_program(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
                    "--only-binary", ":all:", *_PLATFORM, "--requirement", str(lock), "--dest", str(draft),
                    timeout=300)  # fmt: skip
        draft.rename(place)
    return place
