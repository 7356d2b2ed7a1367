"""An image out of its archive: its configuration, and its root file system unpacked."""

import json
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ballonet_lab.cache import locked
from ballonet_lab.container.store import require_root
from ballonet_lab.errors import LabError
from ballonet_lab.programs import run_program

# How a layer says that a file of the layers below is gone (image-spec, layer.md).
_GONE: Final = ".wh."
_ALL_GONE: Final = ".wh..wh..opq"
_PATIENCE: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image.

    Attributes:
        archive: the OCI archive that it is in.
        digest: of its manifest, ``sha256:...``: equal digests, equal images.
        config: user, command, environment and labels, by the names of the image specification.
        layers: the sizes of its layers as a registry stores them, bytes, the base first.
        root: its root file system; treat it as read-only, others use it as well.
    """

    archive: Path
    digest: str
    config: dict[str, Any]
    layers: tuple[int, ...]
    root: Path

    @classmethod
    def unpack(cls, archive: Path) -> "Image":
        """Return the image of an archive, unpacking it where that was not done before.

        Raises:
            LabError: this is not root, or it is no OCI archive.
        """
        require_root()
        root = archive.with_suffix(".root")
        try:
            with tarfile.open(archive) as tar:
                digest, manifest = _manifest(tar)
                config = _blob(tar, manifest["config"]["digest"])["config"]
        except (OSError, tarfile.TarError, KeyError, ValueError) as error:
            raise LabError(f"{archive} is no OCI archive of one image: {error}") from error
        layers = manifest["layers"]
        with locked("container-archive"):
            if not root.exists():
                _unpack_layers(archive, [_blob_name(layer["digest"]) for layer in layers], root)
        _forget_old(root)
        sizes = tuple(int(layer["size"]) for layer in layers)
        return cls(archive=archive, digest=digest, config=config, layers=sizes, root=root)

    @property
    def user(self) -> tuple[int, int]:
        """The user and group that its programs run as; an image without numbers is not ours."""
        user, _, group = str(self.config["User"]).partition(":")
        return int(user), int(group)

    @property
    def environment(self) -> dict[str, str]:
        """The environment that its programs get."""
        return dict(line.split("=", 1) for line in self.config.get("Env", []))


def _manifest(tar: tarfile.TarFile) -> tuple[str, dict[str, Any]]:
    index = _json(tar, "index.json")
    (digest,) = (str(entry["digest"]) for entry in index["manifests"])
    return digest, _blob(tar, digest)


def _blob(tar: tarfile.TarFile, digest: str) -> dict[str, Any]:
    return _json(tar, _blob_name(digest))


def _blob_name(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _json(tar: tarfile.TarFile, name: str) -> dict[str, Any]:
    member = tar.extractfile(name)
    if member is None:
        raise KeyError(name)
    content: dict[str, Any] = json.load(member)
    return content


def _unpack_layers(archive: Path, layers: list[str], root: Path) -> None:
    """Lay the layers upon each other below a temporary name."""
    with tempfile.TemporaryDirectory(prefix="unpacking-", dir=root.parent) as scratch:
        ready = Path(scratch) / "ready"
        ready.mkdir()
        run_program("tar", "--extract", "--file", str(archive), "--directory", scratch, *layers)
        for layer in layers:
            _unpack_layer(Path(scratch) / layer, ready)
        ready.rename(root)


def _unpack_layer(layer: Path, root: Path) -> None:
    with tarfile.open(layer) as tar:
        gone = [Path(name) for name in tar.getnames() if Path(name).name.startswith(_GONE)]
    for mark in gone:
        place = root / mark.parent
        for old in place.iterdir() if mark.name == _ALL_GONE else (place / mark.name.removeprefix(_GONE),):
            _remove(old)
    words = ("--extract", "--numeric-owner", "--preserve-permissions", "--exclude", f"{_GONE}*")
    run_program("tar", *words, "--file", str(layer), "--directory", str(root), timeout=_PATIENCE)


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink(missing_ok=True)


def _forget_old(root: Path) -> None:
    """Remove root file systems of images whose archives are gone already."""
    for other in root.parent.glob("*.root"):
        if not other.with_suffix(".tar").exists():
            shutil.rmtree(other, ignore_errors=True)
