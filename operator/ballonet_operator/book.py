"""The policies as last seen, and those that were refused with their reasons.

Whoever learns of policies writes here (``policy_watch`` for files), in whatever thread that is; the cycle
reads. A writer that loses its source simply stops writing: what was last seen stays in force. Objects of
Kubernetes have a book of their own kind (``policy_objects``), which makes the same pages.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from ballonet.manifests.v1alpha1 import BalloonPolicy
from ballonet.policy import Labels, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One policy: the document, what the planner reads of it, and the file or object that it came from.

    Attributes:
        generation: of the object; 0 for a file, which has none.
    """

    document: BalloonPolicy
    policy: Policy
    origin: str
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole book at one moment.

    Attributes:
        refused: the reasons by file, or by the name of the object.
        waiting: what is not known yet, so that nobody can tell which policy owns which guest.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    refused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    waiting: str = ""

    def policies_of(self, host: str, labels: Labels = ()) -> tuple[Policy, ...]:
        """Return the policies that are in force on this host."""
        return tuple(
            entry.policy for entry in self.entries.values() if entry.policy.hosts.accepts(host, labels)
        )


class PolicyBook:
    """A page that can be replaced while others read it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._page = Page()

    def page(self) -> Page:
        """Return what is in force now."""
        with self._lock:
            return self._page

    def write(self, page: Page) -> Page:
        """Put a new page in force and return the one before."""
        with self._lock:
            before, self._page = self._page, page
        return before
