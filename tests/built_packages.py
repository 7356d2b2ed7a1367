"""What is uploaded to a package index."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Built:
    """The source distribution, and the wheel that was made from it."""

    source: Path
    wheel: Path


def build(directory: Path) -> Built:
    """Build both in environments of their own, as before an upload."""
    command = [sys.executable, "-m", "build", "--outdir", str(directory), str(ROOT)]
    subprocess.run(command, check=True, timeout=120)
    (source,), (wheel,) = directory.glob("*.tar.gz"), directory.glob("*.whl")
    return Built(source, wheel)
