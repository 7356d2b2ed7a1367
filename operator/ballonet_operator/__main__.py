"""``ballonet-operator``: one program, one part per word behind its name."""

import sys
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from ballonet.errors import ConfigError
from ballonet.extras import extra

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PROGRAM: Final = "ballonet-operator"
_PARTS: Final = {"agent": "ballonet_operator.agent", "controller": "ballonet_operator.controller.program"}
"""Imported only when named: what one part needs costs the others no memory."""
_USAGE: Final = f"""\
usage: {PROGRAM} [--help] [--version] PART ...

Moves memory between KVM hosts and their guests, as their policies say.

parts:
  agent       looks after the guests of this host
  controller  one per Kubernetes cluster: tells what became of each policy

{PROGRAM} PART --help lists a part's flags.
"""


def main() -> int:
    """Run the part that the command line names; returns the exit code."""
    first, rest = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    if first in _PARTS:
        return _run(first, rest)
    if first in ("--help", "-h"):
        sys.stdout.write(_USAGE)
        return 0
    if first == "--version":
        sys.stdout.write(f"{PROGRAM} {version('ballonet')}\n")
        return 0
    what = f"{first!r} is no part of it" if first else "no part is named"
    parts = " or ".join(f"{PROGRAM} {part}" for part in _PARTS)
    sys.stderr.write(f"{PROGRAM}: error: {what}: write {parts}; {PROGRAM} --help tells of both\n")
    return 2


def _run(name: str, arguments: "Sequence[str]") -> int:
    try:
        with extra("operator"):
            part: Callable[[Sequence[str]], int] = import_module(_PARTS[name]).main
    except ConfigError as error:
        sys.stderr.write(f"{PROGRAM} {name}: error: {error}\n")
        return 2
    return part(arguments)


if __name__ == "__main__":
    sys.exit(main())
