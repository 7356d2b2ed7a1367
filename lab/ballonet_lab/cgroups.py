"""Control groups of a node, of either version: made under one name, and removed under that name."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from ballonet_lab.errors import LabError

_ROOT: Final = Path("/sys/fs/cgroup")
_UNIFIED: Final = "cgroup.controllers"
_PATIENCE: Final = 10.0


def make_cgroups(name: str, root: Path = _ROOT) -> None:
    """Make the groups of this name, one in each hierarchy; version 2 has only one hierarchy."""
    hierarchies = [root] if (root / _UNIFIED).exists() else [path for path in root.iterdir() if path.is_dir()]
    for hierarchy in hierarchies:
        if (hierarchy / _UNIFIED).exists():
            _delegate(hierarchy)
        (hierarchy / name).mkdir(exist_ok=True)


def _delegate(hierarchy: Path) -> None:
    """Have the groups of version 2 offer all controllers that there are; which of them can be had varies."""
    for controller in (hierarchy / _UNIFIED).read_text().split():
        with suppress(OSError):
            (hierarchy / "cgroup.subtree_control").write_text(f"+{controller}")


def remove_cgroups(name: str, root: Path = _ROOT) -> None:
    """Remove the groups of this name and all below them; their processes are dead, or dying.

    Raises:
        LabError: somebody lives in them still.
    """
    deadline = time.monotonic() + _PATIENCE
    while groups := list(_groups(name, root)):
        if time.monotonic() > deadline:
            raise LabError(f"the control group {groups[0]} is still in use")
        for group in groups:
            with suppress(OSError):
                group.rmdir()
        time.sleep(0.02)


def _groups(name: str, root: Path) -> Iterator[Path]:
    """Yield the groups, those that lie deepest first."""
    for place in (root / name, *root.glob(f"*/{name}")):
        if place.is_dir():
            for directory, _, _ in os.walk(place, topdown=False):
                yield Path(directory)
