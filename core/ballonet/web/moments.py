"""Moments as a page shows them: in UTC, because hosts are everywhere, and as an age."""

import time
from typing import Final

from ballonet.web.markup import Markup, Template

_TIME: Final = Template('<time datetime="{stamp}">{shown}, {age}</time>')
_DAY: Final = 86400.0
_UNITS: Final = ((2 * _DAY, _DAY, "d"), (7200.0, 3600.0, "h"), (120.0, 60.0, "min"))


def moment(at: float, now: float) -> Markup:
    """Return a moment; the date is shown where it is not within the last day."""
    when = time.gmtime(max(0.0, at))
    shape = "%H:%M:%S UTC" if abs(now - at) < _DAY else "%Y-%m-%d %H:%M UTC"
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", when)
    return _TIME(stamp=stamp, shown=time.strftime(shape, when), age=age(now - at))


def age(seconds: float) -> str:
    """Return how long ago something was; a clock that was set back makes nothing come from the future."""
    for least, unit, name in _UNITS:
        if seconds >= least:
            return f"{int(seconds // unit)} {name} ago"
    return f"{max(0, int(seconds))} s ago"
