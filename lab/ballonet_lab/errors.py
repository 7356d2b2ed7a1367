"""The one error that the lab raises; nothing else belongs here."""

from ballonet.errors import BallonetError


class LabError(BallonetError):
    """The lab cannot do what was asked. ``str()`` is one line; it names the command that mends it."""
