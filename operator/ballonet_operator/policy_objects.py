"""BalloonPolicy objects of an API server, as the page that the cycle reads.

An object that cannot be used is refused, and its last good version stays in force, as with files. Who brings
the objects (a watch, and full lists that heal it) is none of this module's business.
"""

from dataclasses import dataclass

from ballonet.apiserver import Json
from ballonet.manifests.manifest import Unusable, parse_document
from ballonet_operator.announcement import Announcement
from ballonet_operator.book import Entry, Page
from ballonet_operator.inventory import Inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyObject:
    """What is kept of one object.

    Attributes:
        generation: of the object as last seen, good or not.
        entry: its last good version; None where there never was one.
        refused: what is wrong with the last version; empty when it is good.
    """

    generation: int
    entry: Entry | None = None
    refused: tuple[str, ...] = ()


def policy_object(thing: Json, before: PolicyObject | None = None) -> PolicyObject:
    """Return what is kept of an object; only a newer version than the one before is read.

    A list and a watch run side by side, so that an older version may come after a newer one.
    """
    metadata = thing["metadata"]
    name, generation = metadata["name"], metadata.get("generation") or 0
    if before is not None and generation <= before.generation:
        return before
    try:
        document = parse_document({key: value for key, value in thing.items() if key != "status"})
    except Unusable as error:
        kept = before.entry if before is not None else None
        return PolicyObject(generation=generation, entry=kept, refused=error.reasons)
    policy = document.to_policy()
    entry = Entry(document=document, policy=policy, origin=name, generation=generation)
    return PolicyObject(generation=generation, entry=entry)


class PolicyObjects:
    """All of them; filled in any thread, looked at in one."""

    def __init__(self) -> None:
        self.inventory: Inventory[PolicyObject] = Inventory(policy_object)
        self._announcement = Announcement("policy")
        self._page = Page()

    def look(self) -> Page:
        """Return what is in force now, and say what changed; the same page while nothing does."""
        if self.inventory.changes():
            page = _page(self.inventory.all())
            self._announcement.say(self._page, page)
            self._page = page
        return self._page


def _page(objects: dict[str, PolicyObject]) -> Page:
    return Page(
        entries={name: each.entry for name, each in sorted(objects.items()) if each.entry is not None},
        refused={name: each.refused for name, each in sorted(objects.items()) if each.refused},
    )
