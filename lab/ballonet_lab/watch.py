"""The warden's own program: ``python -m ballonet_lab.watch DIRECTORY``. ``warden`` starts it and says why."""

import sys
from pathlib import Path

from ballonet_lab.cleanup import remove_lab
from ballonet_lab.errors import LabError
from ballonet_lab.warden import KEEP


def main() -> int:
    """Wait for the caller's end and clean up."""
    directory = Path(sys.argv[1])
    if sys.stdin.buffer.read() == KEEP:
        return 0
    try:
        remove_lab(directory)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
