"""A plain Debian host: root file systems, the project's package, and systemd as process 1.

* ``unpack_root(kind, directory)`` makes a fresh Debian trixie: a host of guests, or what builds packages.
* ``build_package()`` returns the project's Debian package, built from this checkout.
* ``Machine.boot(root)`` starts systemd in namespaces of its own, and runs commands in there.

All of it needs root. What is made is kept below ``~/.cache/ballonet/debian``.
"""

from ballonet_lab.debian.machine import Machine
from ballonet_lab.debian.package import build_package
from ballonet_lab.debian.roots import Kind, unpack_root

__all__ = ["Kind", "Machine", "build_package", "unpack_root"]
