"""A home for pipx of its own, and what was installed into it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Done = subprocess.CompletedProcess[str]
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class PipxHome:
    """Ballonet's wheel, installed with some of its extras as an admin would. Attributes:

    directory: everything of it lies there.
    shared: what several homes can share, which is pip.
    """

    directory: Path
    shared: Path

    def install(self, wheel: Path, extras: str = "") -> None:
        """Install the wheel; libvirt's bindings come out of pip's cache once they have been compiled."""
        what = f"ballonet{extras} @ {wheel.as_uri()}"
        install = [str(BIN / "pipx"), "install", "--backend", "pip", what]
        subprocess.run(install, env=self._environment, check=True, timeout=250)

    @cached_property
    def _environment(self) -> dict[str, str]:
        strange = ("PYTHON", "VIRTUAL_ENV", "PIPX_", "BALLONET_", "LIBVIRT_", "KUBE")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
        return {
            **kept,
            "HOME": str(self.directory),
            "PIP_CACHE_DIR": _pip_cache(),  # Else it would be below the new HOME.
            "PIPX_HOME": str(self.directory),
            "PIPX_BIN_DIR": str(self.directory / "bin"),
            "PIPX_MAN_DIR": str(self.directory / "man"),
            "PIPX_SHARED_LIBS": str(self.shared),
        }

    @property
    def environment(self) -> Path:
        """The virtual environment that pipx made."""
        return self.directory / "venvs" / "ballonet"

    def program(self, name: str) -> Path:
        """Return where one of the commands is."""
        return self.directory / "bin" / name

    def run(self, command: str) -> Done:
        """Run one of the commands with its arguments."""
        name, *arguments = command.split()
        return subprocess.run(
            [str(self.program(name)), *arguments],
            env=self._environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def packages(self) -> set[str]:
        """Return the names of what is installed, pip aside."""
        (site,) = self.environment.glob("lib/python*/site-packages")
        return {path.name.partition("-")[0].lower() for path in site.glob("*.dist-info")} - {"pip"}

    def megabytes(self) -> float:
        """Return the size of the environment, which is that of its files."""
        paths = self.environment.rglob("*")
        return sum(path.lstat().st_size for path in paths if path.is_file() and not path.is_symlink()) / 1e6


def _pip_cache() -> str:
    command = [sys.executable, "-m", "pip", "cache", "dir"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
