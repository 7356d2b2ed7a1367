"""What to ask Alertmanager for: filters that leave out what no rule is about. Pure.

The server picks the alerts out, so that thousands of alerts about other things cost nobody anything. What it
answers is compared with the rules again (``matching``); a filter only ever has to let enough through.
"""

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

from ballonet.policy import AlertRule

Question = tuple[str, ...]
"""Matchers of Alertmanager, all of which an alert must meet."""

_NAME: Final = "alertname"
_LONGEST: Final = 4000
"""Characters of one question in a URL; proxies take 8,000 (nginx: large_client_header_buffers)."""
_REGEXP: Final = frozenset(r"\.+*?()|[]{}^$")


def questions(rules: Iterable[AlertRule]) -> tuple[Question, ...]:
    """Return what to ask: one question for all rules that name an alert, and one for each other rule."""
    rules = tuple(rules)
    names = sorted({dict(rule.labels)[_NAME] for rule in rules if _NAME in dict(rule.labels)})
    others = sorted({rule.labels for rule in rules if _NAME not in dict(rule.labels)})
    return (
        *((f"{_NAME}=~{_quoted(f'^(?:{group})$')}",) for group in _groups(map(_literally, names))),
        *(tuple(f"{name}={_quoted(value)}" for name, value in labels) for labels in others),
    )


def _groups(names: Iterable[str]) -> Iterator[str]:
    """Join names to alternatives that are not too long for a URL."""
    group = ""
    for name in names:
        longer = f"{group}|{name}" if group else name
        if group and len(quote(longer)) > _LONGEST:
            yield group
            longer = name
        group = longer
    if group:
        yield group


def _literally(text: str) -> str:
    """Return a regular expression that means the text itself, as Go's regexp.QuoteMeta makes it."""
    return "".join(f"\\{letter}" if letter in _REGEXP else letter for letter in text)


def _quoted(text: str) -> str:
    """Return the value of a matcher as Alertmanager reads it between quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
