"""Variables of the environment that look like flags and are none.

pydantic-settings refuses a wrong name inside a known group and passes over every other one, so that a budget
in ``BALLONET_HOST_BUDGET``, with one underscore too few, would be no budget.
"""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from pydantic import BaseModel

PREFIX: Final = "BALLONET_"
# What Kubernetes tells a pod about a Service whose name begins with "ballonet":
# https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables
_SERVICE_LINK: Final = re.compile(r".+_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)")


def names(settings: type[BaseModel], prefix: str = PREFIX) -> Iterator[str]:
    """Yield the variable of every flag."""
    for name, field in settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from names(kind, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"


def strangers(settings: type[BaseModel], environment: Iterable[str]) -> list[str]:
    """Return a sentence about each variable that names no flag, the likeliest meant one in it."""
    known = list(names(settings))
    # A wrong name in one of these was refused already.
    groups = tuple(f"{name.partition('__')[0]}__" for name in known if "__" in name)
    return [
        _sentence(name, known)
        for name in sorted(environment)
        if name.startswith(PREFIX)
        and name not in known
        and not name.startswith(groups)
        and not _SERVICE_LINK.fullmatch(name)
    ]


def _sentence(name: str, known: list[str]) -> str:
    likely = get_close_matches(name, known, 1, 0.8)
    return f"{name} names no flag of this program and does nothing" + (
        f": did you mean {likely[0]}?" if likely else ": --help lists all"
    )
