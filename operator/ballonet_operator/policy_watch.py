"""Keeps the book as the policy directory is, and says in the log what changed."""

import logging
import threading
import time
from pathlib import Path

from ballonet.errors import ConfigError
from ballonet.manifests.policy_files import Loaded, PolicyDirectory
from ballonet.policy import Labels
from ballonet_operator.announcement import Announcement
from ballonet_operator.board import Standing
from ballonet_operator.book import Entry, Page, PolicyBook
from ballonet_operator.report import Report

log = logging.getLogger(__name__)


class PolicyWatch:
    """Looks at a directory once per cycle."""

    def __init__(self, directory: Path, book: PolicyBook) -> None:
        self._files = PolicyDirectory(directory)
        self._book = book
        self._announcement = Announcement("file")
        self._at_once = threading.Event()
        self._problem: str | None = None

    def read(self) -> None:
        """Read the directory for the first time.

        Raises:
            ConfigError: it cannot be read. Files that are refused do not raise, they can still be mended.
        """
        self._take(self._files.look(now=time.time(), at_once=True))
        if not self._book.page().entries:
            log.warning("no policy in force, no guest is moved")

    def start(self) -> None:
        """Do nothing: files are looked at by whoever asks."""

    def stop(self) -> None:
        """Do nothing."""

    def dead(self) -> tuple[str, ...]:
        """Return nothing: there is no part that could end by itself."""
        return ()

    def labels(self) -> Labels:
        """Return the labels of the host: without Kubernetes it has none."""
        return ()

    def addresses(self) -> tuple[str, ...]:
        """Return nothing: without Kubernetes nobody tells the host's addresses."""
        return ()

    def record(self, report: Report) -> None:
        """Do nothing: nobody is told."""

    def standing(self) -> Standing | None:
        """Return nothing: there is no API server."""
        return None

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
        self._announcement.say(self._book.write(page), page)


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
