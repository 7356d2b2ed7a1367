"""Text from guests and manifests, made harmless for whatever shows it: a terminal, a page.

A domain's name may hold escape sequences, newlines and characters that reverse the direction of writing.
What else a medium needs (escaping for HTML, quoting for logfmt) is the business of that medium.
"""


def printable(text: str) -> str:
    r"""Return ``text`` with each control or invisible character written out: ``\x1b``, ``\u202e``."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def clipped(text: str, most: int) -> str:
    """Return ``text``, cut where it is longer than ``most`` characters, and marked as cut."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
