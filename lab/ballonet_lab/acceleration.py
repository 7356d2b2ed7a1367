"""Whether KVM really works here: a machine can have ``/dev/kvm`` and still boot no kernel on it."""

import os
import select
import subprocess
import time
from pathlib import Path
from typing import Final

from ballonet_lab.cache import remembered, say
from ballonet_lab.image import GuestImage
from ballonet_lab.packages import find_program

_DEVICE: Final = Path("/dev/kvm")
# Where KVM works, a guest boots within two seconds.
_PATIENCE: Final = 10.0


def kvm_works(image: GuestImage) -> bool:
    """Boot the guest image under KVM, once per boot of the machine, and tell whether it came up."""
    if not os.access(_DEVICE, os.R_OK | os.W_OK):
        return False
    stamp = f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {image.key}"
    return remembered("kvm", stamp, lambda: "works" if _boots(image) else "fails") == "works"


def _boots(image: GuestImage) -> bool:
    say(f"trying whether KVM works here, at most {_PATIENCE:g} s")
    command = [
        find_program("qemu-system-x86_64"), "-machine", "q35,accel=kvm", "-cpu", "host", "-m", "256",
        "-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot",
        "-kernel", str(image.kernel), "-initrd", str(image.initramfs),
        "-append", "console=ttyS0 quiet panic=-1",
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as qemu:
        works = _comes_up(qemu)
        qemu.kill()
    say("KVM works" if works else "KVM does not work here, guests are emulated")
    return works


def _comes_up(qemu: subprocess.Popen[bytes]) -> bool:
    assert qemu.stdout is not None
    deadline = time.monotonic() + _PATIENCE
    seen = b""
    while (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([qemu.stdout], [], [], left)
        received = os.read(qemu.stdout.fileno(), 4096) if ready else b""
        if not received:
            return False
        seen += received
        if b"ballonet guest ready" in seen:
            return True
    return False
