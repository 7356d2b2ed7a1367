"""Building the image from the Dockerfile with buildah, into an archive that containerd imports.

What goes in is copied aside first, so that what is built is what its name says, while somebody edits on.
"""

import hashlib
import shutil
import tempfile
import time
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ballonet_lab.cache import say
from ballonet_lab.container.base import base_key, ensure_base
from ballonet_lab.container.store import Store, require_root, shelf
from ballonet_lab.errors import LabError

ROOT: Final = Path(__file__).resolve().parents[3]
# Without a registry's name the nodes of the tests would look for it at Docker's.
REPOSITORY: Final = "localhost/ballonet/ballonet"
# Raise it when this file builds another image out of the same parts.
_RECIPE: Final = 1
# The Dockerfile and the list are needed, though the build itself does not see them.
_OWN: Final = ("Dockerfile", ".dockerignore")
# One day of the tests' images: a time of its own for each commit would only fill the cache.
_TESTS_EPOCH: Final = 1_767_225_600  # 2026-01-01
_KEPT: Final = 6 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What is written on the image.

    Attributes:
        version: of Ballonet.
        revision: the commit it is made from.
        epoch: seconds since 1970; the time of every file and of the image itself.
    """

    version: str
    revision: str
    epoch: int

    @property
    def created(self) -> str:
        """The time as the label has it, by RFC 3339."""
        return datetime.fromtimestamp(self.epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @classmethod
    def of(cls, sources: Path) -> "Stamp":
        """Return the stamp of a build for the tests, in which nothing changes but by the sources."""
        project = tomllib.loads((sources / "pyproject.toml").read_text())["project"]
        return cls(version=project["version"], revision="tests", epoch=_TESTS_EPOCH)

    def arguments(self) -> list[str]:
        """Return what the Dockerfile takes, and the time, as arguments of ``buildah bud``."""
        values = {"VERSION": self.version, "REVISION": self.revision, "CREATED": self.created}
        given = [word for name, value in values.items() for word in ("--build-arg", f"{name}={value}")]
        return [*given, "--timestamp", str(self.epoch)]


def build_image(sources: Path = ROOT) -> Path:
    """Return the archive of the image that these sources make, building it where it is missing.

    Args:
        sources: a checkout.

    Raises:
        LabError: this is not root, it is no checkout, or the build fails.
    """
    require_root()
    with tempfile.TemporaryDirectory(prefix="ballonet-image-") as scratch:
        context = Path(scratch)
        copy_context(sources, context)
        stamp = Stamp.of(context)
        archive = shelf() / f"ballonet-{stamp.version}-{_key(context, stamp)}.tar"
        if not archive.exists():
            with Store.opened() as store:
                if not archive.exists():
                    _build_and_keep(store, context, stamp, archive)
    archive.touch()
    return archive


def image_name(sources: Path = ROOT) -> str:
    """Return the name that the image has in its archive."""
    return f"{REPOSITORY}:{Stamp.of(sources).version}"


def copy_context(sources: Path, context: Path) -> None:
    """Copy what the build may see, by .dockerignore.

    Raises:
        LabError: a part is missing.
    """
    ignored = sources / ".dockerignore"
    lines = ignored.read_text().splitlines() if ignored.exists() else []
    kept_out = {line.removeprefix("**/") for line in lines if not line.startswith(("*/", "!", "#"))}

    def keep_out(directory: str, names: list[str]) -> set[str]:
        place = Path(directory).relative_to(sources)
        return {name for name in names if kept_out & {name, str(place / name)}}

    for name in (*_OWN, *(line.removeprefix("!") for line in lines if line.startswith("!"))):
        part, target = sources / name, context / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if part.is_dir():
            shutil.copytree(part, target, ignore=keep_out)
        elif part.is_file():
            shutil.copy(part, target)
        else:
            raise LabError(f"{part} is missing: the image is built from a checkout")


def _key(context: Path, stamp: Stamp) -> str:
    """Return what changes whenever another image would be built."""
    digest = hashlib.sha256(repr((_RECIPE, base_key(), stamp)).encode())
    for file in sorted(path for path in context.rglob("*") if path.is_file()):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(context)} {content}\n".encode())
    return digest.hexdigest()[:12]


def rebuild_image(sources: Path, archive: Path) -> None:
    """Build the image again, with nothing kept from earlier builds but the base image.

    Args:
        sources: a checkout.
        archive: the file to write.

    Raises:
        LabError: this is not root, it is no checkout, or the build fails.
    """
    with tempfile.TemporaryDirectory(prefix="ballonet-image-") as scratch, Store.opened() as store:
        context = Path(scratch)
        copy_context(sources, context)
        ensure_base(store)
        with store.empty() as another:
            _build(another, context, Stamp.of(context), archive, "--no-cache")


def _build_and_keep(store: Store, context: Path, stamp: Stamp, archive: Path) -> None:
    """Build below a temporary name, so that nobody ever sees half of an archive."""
    say(f"container image {archive.stem}: building it, a minute the first time, seconds after a change")
    store.start_over_when_full()
    ensure_base(store)
    draft = archive.with_name(f".{archive.name}")
    draft.unlink(missing_ok=True)
    _build(store, context, stamp, draft)
    draft.rename(archive)
    _forget_old(archive)
    say(f"container image {archive.stem}: ready in {archive}")


def _build(store: Store, context: Path, stamp: Stamp, archive: Path, *flags: str) -> None:
    name = f"{REPOSITORY}:{stamp.version}"
    how = ("--isolation", "chroot", "--pull-never", "--layers", "--identity-label=false", *flags)
    store.build(context, *how, "--tag", name, *stamp.arguments())
    store.run("push", "--quiet", name, f"oci-archive:{archive}:{name}")


def _forget_old(archive: Path) -> None:
    """Remove the archives that nobody has asked for in a while; another process may read a younger one."""
    for old in archive.parent.glob("ballonet-*.tar"):
        if old.stat().st_mtime < time.time() - _KEPT:
            old.unlink(missing_ok=True)
