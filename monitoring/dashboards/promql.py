"""Expressions that several dashboards have in common, and how they come by their variables.

``@fleet``, ``@host`` and ``@guest`` stand for the label matchers of the three dashboards, so that expressions
are as short to read as they are to think: ``rate(ballonet_moved_bytes_total{@host}[$__rate_interval])``.

A host is what the label ``instance`` says without its port: exporter and agent of one host are two targets,
and only the port tells them apart. On Kubernetes the scrape configuration puts the node's name there.
"""

import re
from typing import Final

_PORT: Final = "(:[0-9]+)?"
_FLEET: Final = 'cluster=~"$cluster"'
_HOST: Final = f'{_FLEET},instance=~"$host{_PORT}"'
_MATCHERS: Final = {"@fleet": _FLEET, "@host": _HOST, "@guest": f'{_HOST},guest="$guest"'}

ALERTS: Final = 'alertname=~"Ballonet.*",alertstate="firing"'


def expanded(expr: str) -> str:
    """Return an expression with the matchers in the place of their marks, as it stands in a dashboard."""
    return re.sub("|".join(_MATCHERS), lambda mark: _MATCHERS[mark[0]], expr)


def with_host(expr: str) -> str:
    """Return an expression whose series have a label ``host``."""
    return f'label_replace({expr}, "host", "$1", "instance", "(.+?){_PORT}")'


def per_host(expr: str, how: str = "sum", also: str = "") -> str:
    """Return one series for each host, and for each value of the labels ``also``."""
    return f"{how} by ({', '.join(('cluster', 'host', *also.split()))}) ({with_host(expr)})"


def per_guest(expr: str, also: str = "") -> str:
    """Return one series for each guest, and for each value of the labels ``also``."""
    return per_host(expr, "sum", f"guest {also}")


def headroom(mark: str) -> str:
    """Return what hosts have above the reserve at which guests begin to shrink; negative below it."""
    return (
        f"(ballonet_host_budget_available_bytes{{{mark}}}"
        f' - ignoring (level) ballonet_host_reserve_bytes{{{mark},level="reclaim"}})'
    )


def rate(metric: str, matchers: str) -> str:
    """Return how fast a counter rises."""
    return f"rate({metric}{{{matchers}}}[$__rate_interval])"
