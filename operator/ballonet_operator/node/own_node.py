"""The Node that this agent runs on, as Kubernetes has it."""

import threading
from dataclasses import dataclass

from ballonet.apiserver import Json
from ballonet.policy import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """What is kept of a Node. One that was deleted and came back has another uid."""

    name: str
    uid: str
    labels: Labels


class OwnNode:
    """One Node as last seen; a watch writes in its thread, others read in theirs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._facts: NodeFacts | None = None
        self._labels: Labels | None = None
        self._addresses: tuple[str, ...] = ()

    def seen(self, thing: Json) -> None:
        """Take note of a Node; those of other names are not ours."""
        metadata = thing["metadata"]
        if metadata["name"] != self.name:
            return
        labels = tuple(sorted((metadata.get("labels") or {}).items()))
        with self._lock:
            self._facts = NodeFacts(name=self.name, uid=metadata.get("uid") or "", labels=labels)
            self._labels = labels
            self._addresses = _addresses(thing)

    def gone(self, thing: Json) -> None:
        """Take note that the Node was deleted; another one of its name may be there already."""
        with self._lock:
            if self._facts is not None and self._facts.uid == thing["metadata"].get("uid"):
                self._facts = None

    def facts(self) -> NodeFacts | None:
        """Return the Node; None while Kubernetes has none, or none was seen yet."""
        with self._lock:
            return self._facts

    def labels(self) -> Labels | None:
        """Return the labels as last seen; None before that. They hold on when the Node is deleted.

        The guests are there all the same, and the policies that own them should not let go of them.
        """
        with self._lock:
            return self._labels

    def addresses(self) -> tuple[str, ...]:
        """Return the addresses and names that the Node's status has, as last seen."""
        with self._lock:
            return self._addresses


def _addresses(node: Json) -> tuple[str, ...]:
    """Return what a Node's status calls it: host names, names in DNS and IP addresses."""
    found = (node.get("status") or {}).get("addresses") or ()
    return tuple(each["address"] for each in found if each.get("address"))
