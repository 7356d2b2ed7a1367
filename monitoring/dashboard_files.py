"""Writes the JSON of the dashboards: ``python monitoring/dashboard_files.py``.

With ``--markdown`` it prints the table of panels that docs/dashboards.md contains, and writes nothing.
"""

import sys

from dashboards.catalogue import BOARDS, file, markdown
from dashboards.layout import text


def main() -> None:
    """Write the files, or print the table."""
    if "--markdown" in sys.argv[1:]:
        sys.stdout.write(markdown())
        return
    for board in BOARDS:
        file(board).write_text(text(board))


if __name__ == "__main__":
    main()
