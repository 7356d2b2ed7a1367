"""Waiting for something to become true, with a deadline; never for a time that somebody guessed."""

import time
from collections.abc import Callable
from typing import TypeVar

from ballonet_lab.errors import LabError

T = TypeVar("T")


def eventually(look: Callable[[], T], what: str, *, within: float = 30, every: float = 0.1) -> T:
    """Look again and again until there is something to see, and return it.

    Args:
        look: returns something true once the time has come.
        what: completes the sentence "it did not happen that ...".
        within: seconds until patience ends.
        every: seconds between two looks.

    Raises:
        LabError: it did not happen in time.
    """
    deadline = time.monotonic() + within
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise LabError(f"it did not happen within {within:g} s that {what}")
        time.sleep(every)
    return seen
