"""Text from guests, libvirt and manifests on its way into an object: bounded, one line, printable."""

from typing import Final

LONGEST_NAME: Final = 253
"""The bound of names in a status (``v1alpha1_status.Name``)."""


def bounded(text: str, longest: int) -> str:
    """Return the text with everything replaced that could move a cursor, cut to ``longest`` characters."""
    head = " ".join(text[: 2 * longest].split())
    plain = "".join(letter if letter.isprintable() else "?" for letter in head)
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def name(text: str) -> str:
    """Return a name as a status may have it."""
    return bounded(text, LONGEST_NAME)
