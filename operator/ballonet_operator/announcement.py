"""Says in the log what changed from one page of policies to the next, whoever brought the policies."""

import logging
from typing import Final

from ballonet_operator.book import Entry, Page

log = logging.getLogger(__name__)

_REFUSED: Final = {"file": "policy file refused", "policy": "policy refused"}
_KNOWN: Final = {"file": "policy in force", "policy": "policy known"}
"""A file is for one host. An object is for the whole cluster, and may be none of this host's business."""
_GRAVITY: Final = {"file": logging.ERROR, "policy": logging.WARNING}
"""Thousands of agents refuse the same object, and each of them goes on as before."""
_MENDED: Final = {"file": "policy file mended", "policy": "policy mended"}


class Announcement:
    """Says it once for each change.

    Args:
        source: what policies come from, a ``file`` each, or an object and therefore the ``policy`` itself.
    """

    def __init__(self, source: str) -> None:
        self._source = source

    def say(self, before: Page, after: Page) -> None:
        """Log what is new in ``after``."""
        for origin, reasons in after.refused.items():
            if before.refused.get(origin) != reasons:
                for reason in reasons:
                    self._refuse(self._refusal(origin, reason, after))
        for origin in before.refused.keys() - after.refused.keys():
            log.info(_MENDED[self._source], extra={self._source: origin})
        for name, entry in after.entries.items():
            if name not in before.entries:
                log.info(_KNOWN[self._source], extra=self._facts(entry))
            elif before.entries[name] != entry:
                log.info("policy changed", extra=self._facts(entry))
        for name in before.entries.keys() - after.entries.keys():
            log.info("policy removed", extra={"policy": name})

    def _refuse(self, facts: dict[str, object]) -> None:
        log.log(_GRAVITY[self._source], _REFUSED[self._source], extra=facts)

    def _refusal(self, origin: str, reason: str, page: Page) -> dict[str, object]:
        """Return what is wrong, and which policies go on in their last good version."""
        kept = sorted(name for name, entry in page.entries.items() if entry.origin == origin)
        return {self._source: origin, "error": reason, **({"still_in_force": ",".join(kept)} if kept else {})}

    def _facts(self, entry: Entry) -> dict[str, object]:
        policy = entry.policy
        where = {"file": entry.origin} if self._source == "file" else {"generation": entry.generation}
        return {"policy": policy.name, **where, "mode": policy.mode, "priority": policy.priority}
