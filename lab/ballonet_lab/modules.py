"""Which kernel modules the guest needs, and in which order they must be inserted. No kernel is loaded here.

Distributions differ in what they build into the kernel and how they compress the rest, so nothing is
assumed: what ``modules.builtin`` lists needs no module, and each module names what it depends on.
"""

import lzma
import re
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from ballonet_lab.errors import LabError
from ballonet_lab.packages import find_program

# The transport first: a balloon driver without its bus loads, and silently never finds a device.
WANTED: Final = ("virtio_pci", "virtio_balloon", "virtio_blk")

_DEPENDS: Final = re.compile(rb"(?<=\0)depends=([^\0]*)\0")
_SUFFIX: Final = re.compile(r"\.ko(\.xz|\.zst)?$")


def module_name(path: str) -> str | None:
    """Return the name under which the kernel knows a module file, or None where it is no module."""
    file = path.rpartition("/")[2]
    stem, matches = _SUFFIX.subn("", file)
    return stem.replace("-", "_") if matches else None


def dependencies(content: bytes) -> tuple[str, ...]:
    """Return the modules that a module needs before it, from the ``depends=`` entry of its .modinfo."""
    match = _DEPENDS.search(content)
    if match is None or not match[1]:
        return ()
    return tuple(name.replace("-", "_") for name in match[1].decode().split(","))


def insertion_order(
    wanted: Iterable[str], needs: Callable[[str], Iterable[str]], builtin: Iterable[str]
) -> tuple[str, ...]:
    """Return the modules to insert so that each comes after everything it needs.

    Args:
        wanted: names to have in the end.
        needs: what a module that exists as a file needs; asked at most once for each.
        builtin: what the kernel already contains.
    """
    present = set(builtin)
    order: list[str] = []

    def insert(name: str) -> None:
        if name in present:
            return
        present.add(name)
        for needed in needs(name):
            insert(needed)
        order.append(name)

    for name in wanted:
        insert(name)
    return tuple(order)


def load_modules(tree: Path) -> dict[str, bytes]:
    """Return the contents of the wanted modules of an unpacked kernel, in the order of insertion.

    Args:
        tree: the directory ``lib/modules/VERSION``.

    Raises:
        LabError: a module is neither a file nor built in.
    """
    files = {name: path for path in sorted(tree.rglob("*.ko*")) if (name := module_name(path.name))}
    contents: dict[str, bytes] = {}

    def needs(name: str) -> tuple[str, ...]:
        if name not in files:
            raise LabError(
                f"the guest kernel {tree.name} has no module {name}, neither as a file nor built in"
            )
        contents[name] = _decompressed(files[name])
        return dependencies(contents[name])

    order = insertion_order(WANTED, needs, builtin_modules((tree / "modules.builtin").read_text()))
    return {name: contents[name] for name in order}


def builtin_modules(listing: str) -> frozenset[str]:
    """Return the names in a kernel's ``modules.builtin``, which lists them as paths."""
    return frozenset(name for line in listing.splitlines() if (name := module_name(line)))


def _decompressed(path: Path) -> bytes:
    """Return a module's content; busybox in the guest inserts only uncompressed ones."""
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix == ".zst":
        command = [find_program("zstd"), "-dc", str(path)]
        return subprocess.run(command, capture_output=True, check=True).stdout
    return path.read_bytes()
