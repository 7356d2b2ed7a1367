"""Fetching a guest kernel: a distribution's own cloud kernel, unpacked from its packages, never installed."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet_lab.errors import LabError
from ballonet_lab.programs import run_program

# Small kernels made for virtual machines: Debian's, then Ubuntu's. Each is a meta package that depends on
# the newest version; these names do not change when a kernel is updated.
META_PACKAGES: Final = ("linux-image-cloud-amd64", "linux-image-virtual", "linux-image-kvm")

_DEPENDENCY: Final = re.compile(r"^\s*Depends: (\S+)$", re.MULTILINE)
_IMAGE: Final = re.compile(r"linux-image-(\d\S+)")
_MODULES: Final = re.compile(r"linux-modules-\d\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelPackages:
    """The packages that hold one kernel.

    Attributes:
        version: the kernel's release, as ``uname -r`` prints it in the guest.
        names: Debian has everything in one package, Ubuntu keeps the modules in a second one.
    """

    version: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, names: Sequence[str]) -> "KernelPackages":
        """Return them by their names, the one with the kernel first."""
        return cls(version=names[0].removeprefix("linux-image-"), names=tuple(names))


def image_package(depends: str) -> str | None:
    """Return the kernel's package out of what ``apt-cache depends META`` printed."""
    return next((name for name in _DEPENDENCY.findall(depends) if _IMAGE.fullmatch(name)), None)


def kernel_packages(image: str, depends: str) -> KernelPackages:
    """Return all packages of a kernel out of what ``apt-cache depends IMAGE`` printed."""
    modules = [name for name in _DEPENDENCY.findall(depends) if _MODULES.fullmatch(name)]
    return KernelPackages.of([image, *modules])


def newest_kernel(metas: Iterable[str] = META_PACKAGES) -> KernelPackages:
    """Return the packages of the newest guest kernel that apt knows.

    Raises:
        LabError: apt knows none.
    """
    for meta in metas:
        image = image_package(_depends(meta))
        if image is not None:
            return kernel_packages(image, _depends(image))
    raise LabError(
        f"apt knows none of the guest kernels {', '.join(META_PACKAGES)}: run `apt-get update` and try again"
    )


def unpack_kernel(packages: KernelPackages, directory: Path) -> None:
    """Download the packages of a kernel and unpack them below ``directory``.

    Raises:
        LabError: a download failed.
    """
    try:
        run_program("apt-get", "--quiet", "download", *packages.names, timeout=600, directory=directory)
    except LabError as error:
        raise LabError(f"{error}; `apt-get update` helps where apt's lists are old") from error
    for file in sorted(directory.glob("*.deb")):
        run_program("dpkg-deb", "--extract", str(file), str(directory), timeout=300)


def _depends(package: str) -> str:
    """Return what apt prints about a package's dependencies; nothing where it does not know the package."""
    try:
        return run_program(
            "apt-cache", "depends", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks",
            "--no-replaces", "--no-enhances", package,
        )  # fmt: skip
    except LabError:
        return ""
