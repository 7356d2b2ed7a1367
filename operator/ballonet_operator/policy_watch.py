"""Keeps the book as the policy directory is, and says in the log what changed."""

import logging
import threading
import time
from pathlib import Path

from ballonet.errors import ConfigError
from ballonet.manifests.policy_files import Loaded, PolicyDirectory
from ballonet_operator.book import Entry, Page, PolicyBook

log = logging.getLogger(__name__)


class PolicyWatch:
    """Looks at a directory once per cycle."""

    def __init__(self, directory: Path, book: PolicyBook) -> None:
        self._files = PolicyDirectory(directory)
        self._book = book
        self._at_once = threading.Event()
        self._problem: str | None = None

    def start(self) -> None:
        """Read the directory for the first time.

        Raises:
            ConfigError: it cannot be read. Files that are refused do not raise, they can still be mended.
        """
        self._take(self._files.look(now=time.time(), at_once=True))
        if not self._book.page().entries:
            log.warning("no policy in force, no guest is moved")

    def hurry(self) -> None:
        """Let the next look take changes at once; safe in a signal handler."""
        self._at_once.set()

    def look(self) -> Page:
        """Bring the book up to date and return what is in force; an unreadable directory changes nothing."""
        at_once = self._at_once.is_set()
        self._at_once.clear()
        try:
            loaded = self._files.look(now=time.time(), at_once=at_once)
        except ConfigError as error:
            self._say_unreadable(str(error))
        else:
            self._problem = None
            self._take(loaded)
        return self._book.page()

    def _say_unreadable(self, problem: str) -> None:
        if problem != self._problem:
            log.error("policies unreadable, the last ones stay in force", extra={"error": problem})
        self._problem = problem

    def _take(self, loaded: Loaded) -> None:
        page = _page(loaded, self._book.page())
        _announce(self._book.write(page), page)


def _page(loaded: Loaded, before: Page) -> Page:
    """Return the page for a directory; entries that did not change are the same objects as before."""
    entries = {}
    for name, (file, document) in loaded.documents.items():
        old = before.entries.get(name)
        if old is not None and old.document is document and old.origin == file:
            entries[name] = old
        else:
            entries[name] = Entry(document=document, policy=document.to_policy(), origin=file)
    return Page(entries=entries, refused=dict(loaded.refused))


def _announce(before: Page, after: Page) -> None:
    for file, reasons in after.refused.items():
        if before.refused.get(file) != reasons:
            for reason in reasons:
                log.error("policy file refused", extra=_refusal(file, reason, after))
    for file in before.refused.keys() - after.refused.keys():
        log.info("policy file mended", extra={"file": file})
    for name, entry in after.entries.items():
        if name not in before.entries:
            log.info("policy in force", extra=_facts(entry))
        elif before.entries[name] != entry:
            log.info("policy changed", extra=_facts(entry))
    for name in before.entries.keys() - after.entries.keys():
        log.info("policy removed", extra={"policy": name})


def _refusal(file: str, reason: str, page: Page) -> dict[str, object]:
    """Return what is wrong with a file, and which of its policies go on in their last good version."""
    kept = sorted(name for name, entry in page.entries.items() if entry.origin == file)
    return {"file": file, "error": reason, **({"still_in_force": ",".join(kept)} if kept else {})}


def _facts(entry: Entry) -> dict[str, object]:
    policy = entry.policy
    return {"policy": policy.name, "file": entry.origin, "mode": policy.mode, "priority": policy.priority}
