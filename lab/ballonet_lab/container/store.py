"""buildah with a storage of its own below the cache, so that no images of the machine are seen or touched."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet_lab.cache import cache_directory, locked
from ballonet_lab.errors import LabError
from ballonet_lab.packages import require_programs
from ballonet_lab.programs import run_program

LOCK: Final = "container"
# The first that works is taken: the kernel may not let overlays lie upon overlays, as in a container.
_DRIVERS: Final = ("overlay", "vfs")
_PATIENCE: Final = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A storage of images, usable while ``opened`` holds its lock.

    Attributes:
        root: where the images lie.
        state: where buildah keeps what is mounted; nothing stays mounted.
        driver: how layers lie upon each other.
    """

    root: Path
    state: Path
    driver: str

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator["Store"]:
        """Lock the storage and find out which driver works.

        Raises:
            LabError: this is not root, a program is missing, or no driver works.
        """
        require_root()
        require_programs("buildah", "debootstrap")
        with locked(LOCK), tempfile.TemporaryDirectory(prefix="ballonet-buildah-") as state:
            yield cls._first_that_works(Path(state))

    def run(self, *arguments: str, directory: Path | None = None) -> str:
        """Run buildah and return what it wrote to its standard output.

        Raises:
            LabError: it failed.
        """
        places = ("--root", str(self.root), "--runroot", str(self.state), "--storage-driver", self.driver)
        return run_program("buildah", *places, *arguments, timeout=_PATIENCE, directory=directory).strip()

    def has(self, image: str) -> bool:
        """Whether there is an image of this name."""
        return bool(self.run("images", "--all", "--quiet", "--filter", f"reference={image}"))

    @classmethod
    def _first_that_works(cls, state: Path) -> "Store":
        complaint = ""
        for driver in _DRIVERS:
            store = cls(root=shelf() / f"storage-{driver}", state=state, driver=driver)
            try:
                store.run("info")
            except LabError as error:
                complaint = str(error)
            else:
                return store
        raise LabError(complaint)


def shelf() -> Path:
    """Return the directory in the cache for all that has to do with images."""
    directory = cache_directory() / "container"
    directory.mkdir(exist_ok=True)
    return directory


def require_root() -> None:
    """Refuse to go on as an ordinary user, who may neither make a root file system nor change into one.

    Raises:
        LabError: this is not root.
    """
    if os.geteuid() != 0:
        raise LabError("the container image is built and run by root only: run this as root, or with sudo")
