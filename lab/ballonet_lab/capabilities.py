"""libvirt's knowledge of the installed QEMU, which costs each new libvirtd four seconds to find out again.

libvirt keeps it in files and checks by itself whether they still fit the installed QEMU, kernel and libvirt,
so a private libvirtd can be given those of the one before it.
"""

import shutil
from pathlib import Path

from ballonet_lab.cache import cache_directory, write_atomically


def offer_capabilities(place: Path) -> None:
    """Put what is known where a libvirtd looks for it when it starts."""
    place.mkdir(parents=True, exist_ok=True)
    for file in _kept().glob("*.xml"):
        shutil.copy2(file, place / file.name)


def keep_capabilities(place: Path) -> None:
    """Remember what a libvirtd has found out."""
    for file in place.glob("*.xml"):
        content = file.read_bytes()
        kept = _kept() / file.name
        if not kept.exists() or kept.read_bytes() != content:
            write_atomically(kept, content)


def _kept() -> Path:
    directory = cache_directory() / "libvirt-capabilities"
    directory.mkdir(exist_ok=True)
    return directory
