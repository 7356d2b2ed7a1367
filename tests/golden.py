"""Comparing what is printed with what was printed when somebody looked at it and found it good.

``WRITE_GOLDEN=1 make test-unit`` writes the files anew; ``git diff`` then shows what has to be looked at.
"""

import os
from pathlib import Path

DATA = Path(__file__).parent / "data"


def check(name: str, text: str) -> None:
    """Compare a text with the golden file of that name."""
    path = DATA / name
    if os.environ.get("WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")

    assert text == path.read_text(encoding="utf-8")
