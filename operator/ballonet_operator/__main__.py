"""``ballonet-operator``: one program, one part per word behind its name."""

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Final

from ballonet_operator import agent

PROGRAM: Final = "ballonet-operator"
_PARTS: Final[dict[str, Callable[[Sequence[str]], int]]] = {"agent": agent.main}
_USAGE: Final = f"""\
usage: {PROGRAM} [--help] [--version] PART ...

Moves memory between KVM hosts and their guests, as their policies say.

parts:
  agent       looks after the guests of this host

{PROGRAM} PART --help lists a part's flags.
"""


def main() -> int:
    """Run the part that the command line names; returns the exit code."""
    first, rest = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    if first in _PARTS:
        return _PARTS[first](rest)
    if first in ("--help", "-h"):
        sys.stdout.write(_USAGE)
        return 0
    if first == "--version":
        sys.stdout.write(f"{PROGRAM} {version('ballonet')}\n")
        return 0
    what = f"{first!r} is no part of it" if first else "no part is named"
    sys.stderr.write(f"{PROGRAM}: error: {what}: write {PROGRAM} agent --policies DIR\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
