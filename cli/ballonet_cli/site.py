"""What a plan is made from, read once: the guests, this host's memory and the policies in force here."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ballonet.decision import Plan, View
from ballonet.errors import ConfigError
from ballonet.history import History
from ballonet.host import Host
from ballonet.hypervisor import Hypervisor
from ballonet.manifests.policy_files import load
from ballonet.manifests.v1alpha1 import BalloonPolicy
from ballonet.plan import plan
from ballonet.policy import Policy

# The agent's default; the law's lead over a growing guest depends on it.
CYCLE: Final = 2.0


@dataclass(slots=True, kw_only=True)
class Site:
    """One host, looked at again and again without touching anything.

    Attributes:
        policies: those in force on any host; which of them mean this one is decided at each look.
        host: returns this host as it is now.
    """

    hypervisor: Hypervisor
    policies: Sequence[Policy]
    host: Callable[[], Host]
    _history: History = field(default_factory=History)

    def look(self) -> tuple[View, Plan]:
        """Read everything once and return it with what would be done now.

        Raises:
            HypervisorUnreachable: libvirt does not answer.
        """
        survey = self.hypervisor.read()
        host = self.host()
        view = View(host=host, guests=survey.guests, now=time.time())
        here = [policy for policy in self.policies if policy.hosts.accepts(host.name)]
        made = plan(view, here, self._history, cycle=CYCLE)
        self._history = made.history
        return view, made

    def watch(self, seconds: float) -> tuple[View, Plan]:
        """Look, and where ``seconds`` is not 0 look again after them: two readings show what changes."""
        seen = self.look()
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, CYCLE))
            seen = self.look()
        return seen


def read_documents(directory: Path) -> list[BalloonPolicy]:
    """Return the policies of a directory as they are written.

    Raises:
        ConfigError: one of the files cannot be used; an agent would go on with its last good version,
            which nobody here knows.
    """
    loaded = load(directory, now=time.time())
    refused = [
        f"{directory / file}: {reason}" for file, reasons in loaded.refused.items() for reason in reasons
    ]
    if refused:
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        raise ConfigError(f"{refused[0]}{more}")
    return [document for _, document in loaded.documents.values()]


def read_policies(directory: Path) -> list[Policy]:
    """Return the policies of a directory as the planner reads them; errors are ``read_documents``'."""
    return [document.to_policy() for document in read_documents(directory)]
