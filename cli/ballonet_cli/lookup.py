"""Finding what a person named."""

from collections.abc import Sequence
from difflib import get_close_matches

from ballonet.errors import ConfigError
from ballonet.guest import Guest
from ballonet_cli.printable import printable

_MOST = 3


def find(guests: Sequence[Guest], wanted: str) -> Guest:
    """Return the guest of this name or uuid; a name wins over a uuid that reads the same.

    Raises:
        ConfigError: there is none; the message suggests what may have been meant.
    """
    for guest in guests:
        if guest.name == wanted:
            return guest
    for guest in guests:
        if guest.uuid == wanted.lower():
            return guest
    raise ConfigError(f"there is no guest {printable(wanted)!r} on this host: {_suggestion(guests, wanted)}")


def _suggestion(guests: Sequence[Guest], wanted: str) -> str:
    return suggestion([guest.name for guest in guests], wanted) or "see `ballonet list --all`"


def require(name: str, names: Sequence[str], *, what: str, where: str) -> None:
    """Refuse a name that is none of these.

    Raises:
        ConfigError: with what may have been meant.
    """
    if name in names:
        return
    listed = ", ".join(printable(each) for each in sorted(names)[:_MOST])
    more = ", ..." if len(names) > _MOST else ""
    others = f"there are {listed}{more}" if len(names) > 1 else f"there is {listed or 'none at all'}"
    raise ConfigError(f"there is no {what} {printable(name)!r} {where}: {suggestion(names, name) or others}")


def suggestion(names: Sequence[str], wanted: str) -> str:
    """Return the question whether a similar name was meant; empty where none is similar."""
    near = _near(names, wanted)
    return f"did you mean {' or '.join(repr(printable(name)) for name in near)}?" if near else ""


def _near(names: Sequence[str], wanted: str) -> list[str]:
    """Return the closest names, whatever their case, and those of which the wanted one is a part."""
    lowered: dict[str, str] = {}
    for name in names:
        lowered.setdefault(name.lower(), name)
    close = get_close_matches(wanted.lower(), lowered, n=_MOST)
    parts = [name for name in lowered if len(wanted) > 1 and wanted.lower() in name]
    return [lowered[name] for name in dict.fromkeys([*close, *sorted(parts)])][:_MOST]
