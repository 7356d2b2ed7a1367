"""The acts of the demo. Each waits for what it wants to see, with a deadline, never for a guessed time."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ballonet.quantity import format_size
from ballonet_cli.demo.picture import Picture, picture
from ballonet_cli.demo.scrape import scrape
from ballonet_cli.demo.screen import Screen
from ballonet_cli.demo.size import EARLY, LATE, NAMES
from ballonet_cli.demo.stage import CYCLE, Stage
from ballonet_cli.demo.story import Story, Unmet, Wait
from ballonet_cli.demo.work import Rest, Work

# The whole demo ends within this many seconds, and each thing that it waits for within that many.
LIMIT: Final = 280.0
_PATIENCE: Final = 120.0
_BETWEEN: Final = 1.0
# The guests have settled when this many cycles in a row asked nothing new of any of them.
_CALM_CYCLES: Final = 2


@dataclass(slots=True, kw_only=True)
class Play:
    """Leads through the acts and keeps the story."""

    stage: Stage
    screen: Screen
    story: Story
    policy: str
    _note: str = ""
    _works: dict[str, Work] = field(default_factory=dict)

    def perform(self) -> None:
        """Play all acts.

        Raises:
            Unmet: something did not happen; the story has everything until then.
            LabError: a guest does not answer.
        """
        self._touch()
        self._enter_agent()
        self._say(f"{_and(EARLY)} begin to work: each takes {self._load} and keeps it")
        self._begin(EARLY)
        self.story.keep("settled", self._settled(EARLY), EARLY)
        self._swap()
        self.story.keep("after", self._settled(LATE), LATE)
        self._say("reading the guests' kernel logs")

    @property
    def _load(self) -> str:
        return format_size(self.stage.size.load)

    def _touch(self) -> None:
        """Let the idle guests use their memory once: a balloon gives the host only what was touched."""
        size = self.stage.size
        self._say(
            f"{_and(LATE)} use {format_size(size.touched)} once, so that the host's memory is behind it"
        )
        works = [Work(self.stage.guests[name], size.touched, 0).begin() for name in LATE]
        self._until(lambda _: all(_finished(work) for work in works), f"{_and(LATE)} used their memory")
        rests = [Rest(self.stage.guests[name]).begin() for name in LATE]
        self._until(lambda seen: all(_rested(rest, seen) for rest in rests), f"{_and(LATE)} rested")

    def _enter_agent(self) -> None:
        self._say("the agent starts, with this policy:\n" + self.policy.rstrip("\n"))
        self.stage.start_agent(self.policy)
        start = self._until(lambda seen: seen.cycle > 0 and _known(seen), "the agent knew every guest's need")
        self.story.keep("start", start, ())

    def _swap(self) -> None:
        self._say(f"the roles swap: {_and(EARLY)} stop, {_and(LATE)} begin to work")
        rests = [Rest(self.stage.guests[name]).begin() for name in EARLY]
        self._begin(LATE)
        began = time.time()
        self.story.keep(
            "roles swapped", self._until(lambda seen: seen.cycle > began, "the agent saw the swap"), LATE
        )
        self._until(lambda seen: all(_rested(rest, seen) for rest in rests), f"{_and(EARLY)} rested")

    def _begin(self, names: Sequence[str]) -> None:
        for name in names:
            work = Work(self.stage.guests[name], self.stage.size.load, self.stage.size.rate).begin()
            self._works[name] = work
            self.story.waits[name] = Wait(guest=name, began=work.began)

    def _settled(self, busy: Sequence[str]) -> Picture:
        """Wait until the busy guests have what they need and no guest moves any more; return that picture."""
        calm = _Calm()

        def reached(seen: Picture) -> bool:
            works = [self._works[name] for name in busy]
            # Lists, since every one must be asked at every look: each notes when its own time has come.
            served = [_finished(work) and self._served(work, seen) for work in works]
            settled = [guest.settled for guest in seen.guests.values()]
            return all([calm.since(seen), *served, *settled])

        return self._until(reached, f"{_and(busy)} had what they need and all guests were settled", busy)

    def _served(self, work: Work, seen: Picture) -> bool:
        """Whether a guest has what it needs, by reports that are younger than the end of its write."""
        wait, guest = self.story.waits[work.guest.name], seen.guests[work.guest.name]
        wait.wrote = work.took
        young = min(guest.reported_at, seen.cycle) >= work.finished_at
        if wait.served is None and young and guest.satisfied:
            wait.served = seen.at - work.began
        return wait.served is not None and guest.satisfied

    def _until(self, reached: Callable[[Picture], bool], what: str, busy: Iterable[str] = ()) -> Picture:
        """Look again and again until something is reached, and return the picture in which it is.

        Args:
            reached: judges a picture.
            what: completes the sentence "it had not come to pass that ...".
            busy: the guests that are busy, for the last picture of the story, should time run out.
        """
        deadline = min(time.monotonic() + _PATIENCE, time.monotonic() + LIMIT - self.screen.elapsed)
        while True:
            seen = self._look()
            if seen is not None and reached(seen):
                return seen
            if time.monotonic() > deadline:
                raise self._too_late(what, seen, busy)
            time.sleep(_BETWEEN)

    def _too_late(self, what: str, seen: Picture | None, busy: Iterable[str]) -> Unmet:
        late = f"after {self.screen.elapsed:.0f} s it had not come to pass that {what}"
        if seen is not None:
            self.story.keep("time was up", seen, busy)
        return Unmet("; ".join([late, *self.story.lacking()]))

    def _look(self) -> Picture | None:
        """Scrape both programs, show the picture and take note of it; None where one does not answer now."""
        self.stage.check()
        agent = scrape(self.stage.agent.port) if self.stage.agent else {}
        exporter = scrape(self.stage.exporter.port)
        if exporter is None or agent is None:
            return None
        seen = picture(NAMES, exporter, agent, budget=self.stage.size.budget, at=time.monotonic())
        self.screen.show(seen, self._note)
        self.story.watch(seen)
        return seen

    def _say(self, words: str) -> None:
        self._note = words.partition("\n")[0]
        self.screen.say(words)


class _Calm:
    """Whether nothing new was asked of any guest for some cycles."""

    def __init__(self) -> None:
        self._targets: tuple[int | None, ...] = ()
        self._cycle = 0.0

    def since(self, seen: Picture) -> bool:
        """Take note of a picture and tell."""
        if seen.targets() != self._targets:
            self._targets, self._cycle = seen.targets(), seen.cycle
        return seen.cycle - self._cycle >= (_CALM_CYCLES - 0.5) * CYCLE


def _finished(work: Work) -> bool:
    if work.failure:
        raise Unmet(work.failure)
    return work.finished > 0


def _rested(rest: Rest, seen: Picture) -> bool:
    """Whether a guest has given back what it took, and its driver has reported since."""
    if rest.failure:
        raise Unmet(rest.failure)
    return 0 < rest.done_at <= seen.guests[rest.guest.name].reported_at


def _known(seen: Picture) -> bool:
    return all(guest.need is not None for guest in seen.guests.values())


def _and(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
