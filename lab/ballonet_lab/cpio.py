"""A writer of cpio archives in the "newc" format, the one that the kernel unpacks as its initramfs.

The format is described in the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
"""

import stat
from dataclasses import dataclass, field

_MAGIC = "070701"


@dataclass(slots=True)
class Archive:
    """Collects entries in memory; everything in it belongs to root and carries no time."""

    _parts: list[bytes] = field(default_factory=list)
    _count: int = 0

    def add_directory(self, name: str) -> None:
        """Add an empty directory; parents must be added before."""
        self._add(name, stat.S_IFDIR | 0o755, b"")

    def add_file(self, name: str, content: bytes, *, executable: bool = False) -> None:
        """Add a regular file."""
        self._add(name, stat.S_IFREG | (0o755 if executable else 0o644), content)

    def add_link(self, name: str, target: str) -> None:
        """Add a symbolic link."""
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def add_console(self, name: str) -> None:
        """Add the character device 5:1, which the kernel opens as the standard input and output of /init."""
        self._add(name, stat.S_IFCHR | 0o600, b"", device=(5, 1))

    def finish(self) -> bytes:
        """Return the archive with its trailer."""
        self._add("TRAILER!!!", 0, b"")
        return b"".join(self._parts)

    def _add(self, name: str, mode: int, content: bytes, device: tuple[int, int] = (0, 0)) -> None:
        self._count += 1
        encoded = name.encode() + b"\0"
        # Fields: inode, mode, uid, gid, links, mtime, size, device, special device, name's length, checksum.
        fields = (self._count, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(encoded), 0)
        header = (_MAGIC + "".join(f"{number:08X}" for number in fields)).encode()
        self._parts += [_padded(header + encoded), _padded(content)]


def _padded(content: bytes) -> bytes:
    """Return ``content`` filled with zeros to a multiple of four bytes."""
    return content + b"\0" * (-len(content) % 4)
