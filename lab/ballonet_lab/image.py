"""The guest image, kept in a cache: a kernel, and an initramfs of busybox, drivers and ``init.sh``."""

import gzip
import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from ballonet_lab.cache import cache_directory, locked, remembered, say
from ballonet_lab.cpio import Archive
from ballonet_lab.kernel import KernelPackages, newest_kernel, unpack_kernel
from ballonet_lab.modules import WANTED, load_modules
from ballonet_lab.packages import find_program
from ballonet_lab.programs import run_program

# Raise it when this file builds another initramfs out of the same parts.
_RECIPE: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestImage:
    """What QEMU boots.

    Attributes:
        key: names the image's content; equal keys, equal images.
        kernel: path of the kernel.
        initramfs: path of the initramfs.
    """

    key: str
    kernel: Path
    initramfs: Path


def guest_image() -> GuestImage:
    """Return the guest image for the newest kernel that apt knows, building it where it is missing.

    Raises:
        LabError: a part is missing, or the kernel cannot be downloaded.
    """
    packages = _newest_kernel()
    image = _image(packages)
    if not _complete(image):
        with locked(image.key):
            if not _complete(image):
                _build(packages, image)
    return image


def _newest_kernel() -> KernelPackages:
    """Ask apt, which takes a second, only after its lists have changed."""
    lists = Path("/var/lib/apt/lists")
    stamp = str(lists.stat().st_mtime_ns) if lists.exists() else "none"
    answer = remembered("newest-kernel", stamp, lambda: " ".join(newest_kernel().names))
    return KernelPackages.of(answer.split())


def _image(packages: KernelPackages) -> GuestImage:
    recipe = repr((_RECIPE, WANTED, _scripts(), Path(find_program("busybox")).stat().st_size))
    key = f"{packages.version}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    home = cache_directory() / key
    return GuestImage(key=key, kernel=home / "vmlinuz", initramfs=home / "initramfs.gz")


def _scripts() -> dict[str, bytes]:
    """Return the scripts of the guest by their names in it."""
    return {"init": _script("init.sh"), "load": _script("load.sh")}


def _script(name: str) -> bytes:
    return files("ballonet_lab").joinpath(name).read_bytes()


def _complete(image: GuestImage) -> bool:
    return image.kernel.exists() and image.initramfs.exists()


def _build(packages: KernelPackages, image: GuestImage) -> None:
    """Make the image beside its place and move it there, so that nobody ever sees half of one."""
    say(f"guest image {image.key}: downloading {' '.join(packages.names)}")
    home = image.kernel.parent
    with tempfile.TemporaryDirectory(prefix="build-", dir=home.parent) as scratch:
        unpacked, ready = Path(scratch) / "unpacked", Path(scratch) / "ready"
        unpacked.mkdir()
        ready.mkdir()
        unpack_kernel(packages, unpacked)
        shutil.copy(unpacked / "boot" / f"vmlinuz-{packages.version}", ready / image.kernel.name)
        tree = next(unpacked.glob(f"**/lib/modules/{packages.version}"))
        (ready / image.initramfs.name).write_bytes(_initramfs(load_modules(tree)))
        shutil.rmtree(home, ignore_errors=True)
        ready.rename(home)
    say(f"guest image {image.key}: ready in {home}")


def _initramfs(modules: dict[str, bytes]) -> bytes:
    archive = Archive()
    for directory in ("bin", "dev", "proc", "sys", "hold", "loads", "modules"):
        archive.add_directory(directory)
    archive.add_console("dev/console")
    archive.add_file("bin/busybox", Path(find_program("busybox")).read_bytes(), executable=True)
    for applet in run_program("busybox", "--list").split():
        if applet != "busybox":
            archive.add_link(f"bin/{applet}", "busybox")
    for name, content in modules.items():
        archive.add_file(f"modules/{name}.ko", content)
    archive.add_file("modules/order", "".join(f"{name}\n" for name in modules).encode())
    for name, content in _scripts().items():
        archive.add_file(name, content, executable=True)
    return gzip.compress(archive.finish(), mtime=0)
