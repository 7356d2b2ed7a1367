"""Text from guests and manifests, made harmless for a terminal.

A domain's name may hold escape sequences, newlines and characters that reverse the direction of writing. Rich
markup is no danger as long as such text is handed to rich as ``Text`` and never as a markup string.
"""

from rich.text import Text

from ballonet.printable import printable

__all__ = ["logfmt_value", "name_text", "printable"]


def name_text(name: str, style: str = "") -> Text:
    """Return an untrusted name as rich text that is neither markup nor a way to wrap a line."""
    return Text(printable(name), style=style, no_wrap=True, overflow="ellipsis", end="")


def logfmt_value(text: str) -> str:
    """Return an untrusted value for a ``key=value`` line, quoted where a reader would misread it."""
    shown = printable(text)
    if shown and not any(character in ' ="\\' for character in shown):
        return shown
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
