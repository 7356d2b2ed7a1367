"""Memory that a guest takes and keeps, and how far it has got. ``load.sh`` is what runs in the guest."""

import time
from dataclasses import dataclass

from ballonet_lab.console import Console
from ballonet_lab.errors import LabError


@dataclass(frozen=True, slots=True)
class Load:
    """One piece of memory that is being taken or was taken."""

    _console: Console
    number: int
    size: int

    @property
    def _guest(self) -> str:
        return self._console.guest

    def written(self) -> int:
        """Return how many bytes it has taken until now."""
        return self._progress()[0]

    def failed(self) -> bool:
        """Whether the guest had no memory for it: it was refused, or the OOM killer ended it."""
        return self._progress()[1] == "failed"

    def wait(self, timeout: float = 300) -> None:
        """Wait until all of it is taken.

        Raises:
            LabError: the guest had no memory for it, or did not take it within ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        while (progress := self._progress())[1] != "done":
            if progress[1] == "failed":
                raise LabError(f"guest {self._guest} had no memory for a load of {self.size} bytes")
            if time.monotonic() > deadline:
                raise LabError(
                    f"guest {self._guest} took {progress[0]} of {self.size} bytes in {timeout:g} s"
                )
            time.sleep(0.2)  # Each look costs the guest 20 ms of its processor.

    def release(self) -> None:
        """Give the memory back to the guest."""
        release(self._console, str(self.number))

    def _progress(self) -> tuple[int, str]:
        status, output = self._console.run(f"cat /loads/{self.number}", timeout=60)
        if status != 0:
            return 0, "busy"
        written, _, state = output.strip().partition(" ")
        return (int(written), state) if state else (0, "busy")


def start_load(
    console: Console, number: int, size: int, *, anonymous: bool, rate: int, touched_every: float
) -> Load:
    """Begin to take memory in a guest; ``LabGuest.start_load`` says what the arguments mean."""
    kind = "anonymous" if anonymous else "tmpfs"
    arguments = f"{number} {kind} {size} {rate} {touched_every:g}"
    command = f"setsid /load {arguments} >/dev/null 2>&1 & echo $! >/loads/{number}.pid"
    status, output = console.run(command, timeout=60)
    if status != 0:
        raise LabError(f"guest {console.guest} does not start a load: {output.strip()}")
    return Load(console, number, size)


def release(console: Console, numbers: str) -> None:
    """End loads and give their memory back.

    Args:
        console: the guest's.
        numbers: a shell pattern for the loads' numbers.
    """
    ended = f'for file in /loads/{numbers}.pid; do [ ! -e "$file" ] || kill -9 -- "-$(cat "$file")"; done'
    forgotten = f"rm -f /hold/{numbers} /loads/{numbers} /loads/{numbers}.pid"
    console.run(f"{{ {ended}; }} 2>/dev/null; {forgotten}", timeout=60)
