"""buildah with a storage of its own below the cache, so that no images of the machine are seen or touched."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet_lab.cache import cache_directory, locked
from ballonet_lab.errors import LabError
from ballonet_lab.packages import find_program, require_programs
from ballonet_lab.programs import run_program

LOCK: Final = "container"
# The first that works is taken: the kernel may not let overlays lie upon overlays, as in a container.
_DRIVERS: Final = ("overlay", "vfs")
_PATIENCE: Final = 900.0
_QUOTED: Final = 300
# A build of changed sources adds about ten, 40 MB of them, and one of changed dependencies 200 MB.
_MOST_IMAGES: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A storage of images, usable while ``opened`` holds its lock.

    Attributes:
        root: where the images lie.
        state: where buildah keeps what is mounted; nothing stays mounted.
        driver: how layers lie upon each other.
        below: another storage, whose images can be read as well.
    """

    root: Path
    state: Path
    driver: str
    below: Path | None = None

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator["Store"]:
        """Lock the storage and find out which driver works.

        Raises:
            LabError: this is not root, a program is missing, or no driver works.
        """
        require_root()
        require_programs("buildah", "debootstrap", "unshare")
        with locked(LOCK), tempfile.TemporaryDirectory(prefix="ballonet-buildah-") as state:
            yield cls._first_that_works(Path(state))

    @contextmanager
    def empty(self) -> Iterator["Store"]:
        """A storage for a moment, in which nothing is known but the images of this one."""
        with tempfile.TemporaryDirectory(prefix="ballonet-buildah-", ignore_cleanup_errors=True) as home:
            root, state = Path(home) / "root", Path(home) / "state"
            yield Store(root=root, state=state, driver=self.driver, below=self.root)

    def run(self, *arguments: str) -> str:
        """Run buildah and return what it wrote to its standard output.

        Raises:
            LabError: it failed.
        """
        return run_program(*self._buildah(), *arguments, timeout=_PATIENCE).strip()

    def build(self, context: Path, *arguments: str) -> None:
        """Run a build, whose many words go to a file.

        Raises:
            LabError: it failed; the message has its last line and names the file.
        """
        log = shelf() / "build.log"
        program, *words = self._buildah()
        command = [find_program(program), *words, "bud", "--force-rm", *arguments, str(context)]
        with log.open("wb") as stream:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                timeout=_PATIENCE,
                check=False,
            )
        if done.returncode != 0:
            words = log.read_text(errors="replace").split("\n")
            last = next((line for line in reversed(words) if line.strip()), "it says nothing")
            raise LabError(f"the image cannot be built: {last[:_QUOTED]}; all that was said is in {log}")

    def _buildah(self) -> list[str]:
        """Return the command; in a mount namespace of its own, for a failed build leaves mounts behind."""
        alone = ["unshare", "--mount", "--propagation", "private", "buildah"]
        places = ["--root", str(self.root), "--runroot", str(self.state), "--storage-driver", self.driver]
        if self.below is not None:
            places += ["--storage-opt", f"{self.driver}.imagestore={self.below}"]
        return [*alone, *places]

    def has(self, image: str) -> bool:
        """Whether there is an image of this name."""
        return bool(self.run("images", "--all", "--quiet", "--filter", f"reference={image}"))

    def start_over_when_full(self) -> None:
        """Forget everything where the layers of too many builds have gathered."""
        if len(self.run("images", "--all", "--quiet").split()) > _MOST_IMAGES:
            shutil.rmtree(self.root, ignore_errors=True)

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
