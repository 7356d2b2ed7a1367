"""The least of Debian trixie, made by debootstrap: what images and root file systems of hosts begin with."""

import shutil
from pathlib import Path
from typing import Final

from ballonet_lab.programs import run_program

SUITE: Final = "trixie"
_AUTHORITIES: Final = Path("/usr/local/share/ca-certificates")
_PATIENCE: Final = 900.0


def bootstrap(tree: Path) -> None:
    """Make it in a directory, trusting whom the machine trusts, so that pip and apt work in there as here.

    Raises:
        LabError: it cannot be made.
    """
    run_program("debootstrap", "--variant=minbase", SUITE, str(tree), timeout=_PATIENCE)
    place = tree / _AUTHORITIES.relative_to("/")
    for file in authorities():
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place / file.name)


def authorities() -> list[Path]:
    """Return the certificates that somebody has added for the machine's own ca-certificates to read."""
    return sorted(_AUTHORITIES.glob("**/*.crt"))
