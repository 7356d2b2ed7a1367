"""The objects of one kind as last seen: by a watch, and healed by full lists.

A watch that was cut off may never tell of a delete, so what a full list does not have any more is dropped.
Both go on at once, in different threads, and the watch is right where they contradict each other: it tells of
an object's later state. No requests are made here.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from ballonet.apiserver import Json

T = TypeVar("T")


class Inventory(Generic[T]):
    """What is kept of each object, by its name; thread-safe. The objects are cluster-scoped.

    Args:
        summary: what to keep of an object; it is given what was kept of the one before, where there is one,
            and what it returns counts as changed when it is not equal to that.
        changed: called after every change, in the thread that tells of it.
    """

    def __init__(
        self, summary: Callable[[Json, T | None], T], changed: Callable[[], None] = lambda: None
    ) -> None:
        self._summary, self._changed = summary, changed
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, T]] = {}
        self._changes: set[str] = set()
        self._told: set[str] | None = None  # Names that the watch told of while a list is being read.
        self._complete = False

    @property
    def complete(self) -> bool:
        """Whether a full list has been read to its end, ever."""
        return self._complete

    def __len__(self) -> int:
        return len(self._known)

    def get(self, name: str) -> T | None:
        """Return what is kept of one object; None where there is no such object."""
        known = self._known.get(name)
        return None if known is None else known[1]

    def all(self) -> dict[str, T]:
        """Return everything by name."""
        with self._lock:
            return {name: kept for name, (_, kept) in self._known.items()}

    def changes(self) -> set[str]:
        """Return the names of the objects that came, changed or went since this was last asked."""
        with self._lock:
            names, self._changes = self._changes, set()
        return names

    def seen(self, thing: Json) -> None:
        """Take note of an object as the watch tells of it."""
        self._see(thing)

    def answered(self, thing: Json) -> None:
        """Take note of an object as the answer to a write has it; one that went meanwhile stays gone."""
        self._see(thing, only_known=True)

    def gone(self, thing: Json) -> None:
        """Take note that an object was deleted; one that was made anew under its name is not meant."""
        name, uid = _identity(thing)
        with self._lock:
            if self._told is not None:
                self._told.add(name)
            known = self._known.get(name)
            changed = known is not None and known[0] == uid
            if changed:
                self._drop(name)
        if changed:
            self._changed()

    def heal(self, things: Iterable[Json]) -> None:
        """Compare with a full list, which may be read page by page while the watch goes on.

        Whatever reading it raises is passed on; what was read until then is kept. One list at a time.
        """
        with self._lock:
            self._told = set()
        try:
            names = {self._listed(thing) for thing in things}
            with self._lock:
                lost = self._known.keys() - names - self._told
                for name in lost:
                    self._drop(name)
                news, self._complete = not self._complete or bool(lost), True
        finally:
            with self._lock:
                self._told = None
        if news:
            self._changed()

    def _see(self, thing: Json, *, only_known: bool = False) -> None:
        name, uid = _identity(thing)
        with self._lock:
            if only_known and self._known.get(name, ("", None))[0] != uid:
                return
            if self._told is not None:
                self._told.add(name)
            changed = self._keep(name, uid, thing)
        if changed:
            self._changed()

    def _listed(self, thing: Json) -> str:
        name, uid = _identity(thing)
        with self._lock:
            told = self._told is not None and name in self._told
            changed = not told and self._keep(name, uid, thing)
        if changed:
            self._changed()
        return name

    def _keep(self, name: str, uid: str, thing: Json) -> bool:
        before = self._known.get(name)
        # One of another uid is another object, whatever its name.
        kept = self._summary(thing, before[1] if before is not None and before[0] == uid else None)
        if before == (uid, kept):
            return False
        self._known[name] = (uid, kept)
        self._changes.add(name)
        return True

    def _drop(self, name: str) -> None:
        del self._known[name]
        self._changes.add(name)


def _identity(thing: Json) -> tuple[str, str]:
    metadata = thing["metadata"]
    return metadata["name"], metadata.get("uid") or ""
