"""Guests that work: each writes its memory by itself, and somebody looks after it without waiting for it."""

import threading
import time
from dataclasses import dataclass, field
from typing import Final

from ballonet_lab import LabError, LabGuest, Load

# Each look costs the guest 20 ms of its processor.
_BETWEEN: Final = 0.5
# A guest that wrote nothing for so long is asked whether its OOM killer ended the writer.
_STALLED: Final = 5.0


@dataclass(slots=True)
class Work:
    """One guest's load, from its start on.

    Attributes:
        began, began_at: when, by the monotonic and by the wall clock.
        finished, finished_at: when all of it was written; 0 until then.
        failure: why it never will be; empty as long as it may.
    """

    guest: LabGuest
    size: int
    rate: int
    began: float = 0.0
    began_at: float = 0.0
    finished: float = 0.0
    finished_at: float = 0.0
    failure: str = ""
    _thread: threading.Thread | None = field(default=None, repr=False)

    def begin(self) -> "Work":
        """Let the guest begin, and return at once."""
        self.began, self.began_at = time.monotonic(), time.time()
        # A daemon, since it waits for the guest: the end of the guest, or of this process, is its end.
        self._thread = threading.Thread(target=self._follow, name=f"work-{self.guest.name}", daemon=True)
        self._thread.start()
        return self

    @property
    def took(self) -> float:
        """Seconds that the guest needed to write it."""
        return self.finished - self.began

    def _follow(self) -> None:
        try:
            self._watch(self.guest.start_load(self.size, rate=self.rate))
        except LabError as error:
            self.failure = str(error)

    def _watch(self, load: Load) -> None:
        written, moved = -1, time.monotonic()
        while written < self.size:
            time.sleep(_BETWEEN)
            before, written = written, load.written()
            if written > before:
                moved = time.monotonic()
            elif load.failed() or (time.monotonic() - moved > _STALLED and self.guest.killed_for_memory()):
                self.failure = f"guest {self.guest.name} had no memory for what it wrote"
                return
        self.finished, self.finished_at = time.monotonic(), time.time()


@dataclass(slots=True)
class Rest:
    """A guest that gives back what it took; under emulation that takes it seconds."""

    guest: LabGuest
    failure: str = ""
    done_at: float = 0.0  # By the wall clock; 0 until then.

    def begin(self) -> "Rest":
        """Let the guest begin, and return at once."""
        threading.Thread(target=self._release, name=f"rest-{self.guest.name}", daemon=True).start()
        return self

    def _release(self) -> None:
        try:
            self.guest.release_memory()
        except LabError as error:
            self.failure = str(error)
        self.done_at = time.time()
