"""What the lab needs of the machine: programs, and the Debian or Ubuntu packages that bring them.

The one place where these names are written down; the installer and every error message read them here.
"""

import os
import shutil
from collections.abc import Iterable
from typing import Final

from ballonet_lab.errors import LabError

# Installed with --no-install-recommends. libvirt-dev and pkg-config are what pip needs, beside a C
# compiler and Python's own headers, to build libvirt-python, which has no wheel.
APT_PACKAGES: Final = (
    "libvirt-daemon-system",
    "libvirt-clients",
    "libvirt-dev",
    "qemu-system-x86",
    "busybox-static",
    "pkg-config",
    "openssl",
)

# What an image and a root file system of Debian are built with, and what a Kubernetes node runs pods with.
NODE_PACKAGES: Final = (
    "buildah",
    "containerd",
    "containernetworking-plugins",
    "debootstrap",
    "iproute2",
    "iptables",
    "runc",
)

# Debian 13 and Ubuntu 24.04 compress kernel modules; only Ubuntu's need this program as well.
PROGRAMS: Final = {
    "libvirtd": "libvirt-daemon-system",
    "virsh": "libvirt-clients",
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "unshare": "util-linux",
    "mount": "mount",
    "apt-cache": "apt",
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
    "zstd": "zstd",
    "mkswap": "util-linux",
    "swapon": "mount",
    "swapoff": "mount",
    "openssl": "openssl",
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "buildah": "buildah",
    "containerd": "containerd",
    "ctr": "containerd",
    "debootstrap": "debootstrap",
    "gcc": "gcc",
    "ip": "iproute2",
    "iptables": "iptables",
    "nsenter": "util-linux",
    "runc": "runc",
    "setpriv": "util-linux",
    "tar": "tar",
}

# An ordinary user's PATH often lacks the directories that hold libvirtd and swapon.
_SEARCH: Final = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))


def find_program(name: str) -> str:
    """Return the path of a program that the lab needs.

    Raises:
        LabError: it is not installed; the message names the command that installs it.
    """
    path = shutil.which(name, path=_SEARCH)
    if path is None:
        raise LabError(missing([name]))
    return path


def missing(programs: Iterable[str]) -> str:
    """Return the line that says which programs are missing and how to install them."""
    names = sorted(programs)
    packages = " ".join(sorted({PROGRAMS[name] for name in names}))
    verb = "is" if len(names) == 1 else "are"
    return (
        f"{', '.join(names)} {verb} not installed: run `make setup`, "
        f"or `apt-get install -y --no-install-recommends {packages}`"
    )


def require_programs(*names: str) -> None:
    """Check all of ``names`` at once, so that one message lists everything that is missing.

    Raises:
        LabError: at least one is not installed.
    """
    absent = [name for name in names if shutil.which(name, path=_SEARCH) is None]
    if absent:
        raise LabError(missing(absent))
