"""How the lab finds a kernel and puts an initramfs together, for distributions that are not at hand."""

import subprocess
from pathlib import Path

import pytest

from ballonet_lab import LabError
from ballonet_lab.cpio import Archive
from ballonet_lab.kernel import image_package, kernel_packages
from ballonet_lab.modules import builtin_modules, dependencies, insertion_order, module_name
from ballonet_lab.packages import find_program, missing

# What apt-cache printed on Debian 12, and on Ubuntu 24.04 by its packages' control files.
DEBIAN_META = """\
linux-image-cloud-amd64
  Depends: linux-image-6.1.0-56-cloud-amd64
"""
DEBIAN_IMAGE = """\
linux-image-6.1.0-56-cloud-amd64
  Depends: kmod
 |Depends: linux-initramfs-tool
  Depends: <linux-initramfs-tool>
    initramfs-tools
"""
UBUNTU_META = """\
linux-image-virtual
  Depends: linux-image-6.8.0-31-generic
"""
UBUNTU_IMAGE = """\
linux-image-6.8.0-31-generic
  Depends: kmod
 |Depends: linux-base
  Depends: linux-modules-6.8.0-31-generic
"""


@pytest.mark.parametrize(
    ("meta", "image", "version", "names"),
    [
        pytest.param(
            DEBIAN_META,
            DEBIAN_IMAGE,
            "6.1.0-56-cloud-amd64",
            ("linux-image-6.1.0-56-cloud-amd64",),
            id="Debian keeps kernel and modules together",
        ),
        pytest.param(
            UBUNTU_META,
            UBUNTU_IMAGE,
            "6.8.0-31-generic",
            ("linux-image-6.8.0-31-generic", "linux-modules-6.8.0-31-generic"),
            id="Ubuntu keeps modules apart",
        ),
    ],
)
def test_the_newest_kernel_is_followed_from_its_meta_package(
    meta: str, image: str, version: str, names: tuple[str, ...]
) -> None:
    package = image_package(meta)
    assert package is not None

    packages = kernel_packages(package, image)

    assert packages.version == version
    assert packages.names == names


def test_a_package_that_apt_does_not_know_has_no_kernel() -> None:
    assert image_package("") is None
    assert image_package("linux-image-virtual\n  Depends: linux-base\n") is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("kernel/drivers/virtio/virtio_pci.ko", "virtio_pci"),
        ("kernel/drivers/char/hw_random/virtio-rng.ko.zst", "virtio_rng"),
        ("kernel/drivers/block/virtio_blk.ko.xz", "virtio_blk"),
        ("modules.order", None),
        ("notes.koala", None),
    ],
)
def test_a_module_is_known_by_its_file(path: str, name: str | None) -> None:
    assert module_name(path) == name


def test_a_module_names_what_it_depends_on() -> None:
    assert dependencies(b"\x7fELF..\0license=GPL\0depends=virtio,virtio-ring\0name=x\0") == (
        "virtio",
        "virtio_ring",
    )
    assert dependencies(b"\0license=GPL\0depends=\0name=x\0") == ()
    assert dependencies(b"\0softdepends=nothing\0") == ()


def test_each_module_is_inserted_once_and_after_all_that_it_needs() -> None:
    needs = {
        "virtio_pci": ("virtio_pci_modern_dev", "virtio", "virtio_ring"),
        "virtio_pci_modern_dev": (),
        "virtio_balloon": ("virtio", "virtio_ring"),
        "virtio": ("virtio_ring",),
        "virtio_ring": (),
    }

    order = insertion_order(["virtio_pci", "virtio_balloon"], needs.__getitem__, builtin=())

    assert sorted(order) == sorted(needs)
    for module, needed in needs.items():
        assert all(order.index(other) < order.index(module) for other in needed)


def test_what_the_kernel_contains_is_not_inserted() -> None:
    builtin = builtin_modules("kernel/drivers/virtio/virtio.ko\nkernel/drivers/virtio/virtio_pci.ko\n")
    needs = {"virtio_balloon": ("virtio",)}

    assert insertion_order(["virtio_pci", "virtio_balloon"], needs.__getitem__, builtin) == (
        "virtio_balloon",
    )


def test_an_archive_is_unpacked_by_others_as_it_was_packed(tmp_path: Path) -> None:
    archive = Archive()
    archive.add_directory("bin")
    archive.add_file("bin/tool", b"abc", executable=True)
    archive.add_file("note", b"")
    archive.add_link("bin/alias", "tool")

    subprocess.run(
        [find_program("busybox"), "cpio", "-i"],
        input=archive.finish(),
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )

    assert (tmp_path / "bin/tool").read_bytes() == b"abc"
    assert (tmp_path / "bin/tool").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "bin/alias").readlink() == Path("tool")
    assert (tmp_path / "note").read_bytes() == b""


def test_missing_programs_are_one_line_with_the_command_that_installs_them() -> None:
    assert missing(["virsh", "libvirtd"]) == (
        "libvirtd, virsh are not installed: run `make setup`, "
        "or `apt-get install -y --no-install-recommends libvirt-clients libvirt-daemon-system`"
    )


def test_a_program_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ballonet_lab.packages._SEARCH", "/nonexistent")

    with pytest.raises(LabError, match="busybox is not installed"):
        find_program("busybox")
