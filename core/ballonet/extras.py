"""What is installed only when asked for, such as ``ballonet[operator]``: says how to get what is missing.

All commands come with the package, whatever else was asked for with it; so each may find that something it
needs is not there.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from ballonet.errors import ConfigError

_PIPX: Final = "pipx_metadata.json"
"""What pipx leaves in an environment of its own, where ``pip install`` would reach another one."""


@contextmanager
def extra(name: Literal["cli", "operator"]) -> Iterator[None]:
    """Import in this block what an extra brings.

    Raises:
        ConfigError: a package of it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "ballonet").partition(".")[0]
        if package.startswith("ballonet"):
            raise  # Our own, so no advice would help.
        raise ConfigError(f"{package} is not installed: {_advice(name)}") from error


def _advice(name: str) -> str:
    if Path(sys.prefix, _PIPX).exists():
        return "pipx install --force 'ballonet[all]'"  # It forgets what was asked for before.
    return f"pip install 'ballonet[{name}]'"
