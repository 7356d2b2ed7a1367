"""What the demo plays on: a private libvirtd with guests, the exporter, the agent; and how all of it ends."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ballonet.errors import ConfigError
from ballonet.quantity import format_size
from ballonet_cli.demo.program import Program, stop_kept
from ballonet_cli.demo.size import NAMES, Size
from ballonet_lab import GuestSpec, Lab, LabGuest
from ballonet_lab.cleanup import remove_lab

# The agent's cycle, in seconds; the guests report as often.
CYCLE: Final = 2
_FOLDER: Final = "demo"


@dataclass(slots=True, kw_only=True)
class Stage:
    """Everything that runs. ``set_stage`` makes one and ends it."""

    lab: Lab
    size: Size
    keep: bool
    guests: dict[str, LabGuest] = field(default_factory=dict)
    kept: bool = False
    _programs: dict[str, Program] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        """Where all of its files are."""
        return self.lab.directory

    @property
    def policies(self) -> Path:
        """The agent's directory of policies."""
        return self.directory / _FOLDER / "policies"

    @property
    def exporter(self) -> Program:
        """The exporter, once it was started."""
        return self._programs["exporter"]

    @property
    def agent(self) -> Program | None:
        """The agent; None before it was started."""
        return self._programs.get("agent")

    def boot(self) -> None:
        """Boot the guests and wait for them.

        Raises:
            LabError: one of them does not boot.
        """
        specs = [GuestSpec(name=name, maximum=self.size.maximum, memory_stats_period=CYCLE) for name in NAMES]
        # In a thread, so that a signal that comes meanwhile does not wait for the guests.
        pool = ThreadPoolExecutor(max_workers=1)
        future = pool.submit(self.lab.guests, specs)
        pool.shutdown(wait=False)
        self.guests = {guest.name: guest for guest in future.result()}

    def start_exporter(self) -> None:
        """Start the exporter and wait until it answers."""
        self._start("exporter", ["ballonet_exporter", f"--libvirt.uri={self.lab.read_only_uri}"])

    def start_agent(self, policy: str) -> None:
        """Write the policy, start the agent and wait for its first complete cycle."""
        self.policies.mkdir(parents=True)
        (self.policies / "demo.yaml").write_text(policy)
        self._start(
            "agent",
            [
                "ballonet_operator", "agent", f"--libvirt.uri={self.lab.uri}", f"--policies={self.policies}",
                f"--host.budget={format_size(self.size.budget)}", f"--interval={CYCLE}s",
            ],
        )  # fmt: skip

    def _start(self, name: str, arguments: list[str]) -> None:
        folder = self.directory / _FOLDER
        folder.mkdir(exist_ok=True)
        program = Program.start(name, arguments, folder, outlives=self.keep)
        self._programs[name] = program
        program.wait_ready()

    def check(self) -> None:
        """Make sure that the programs still run.

        Raises:
            Unmet: one has ended.
        """
        for program in self._programs.values():
            program.check()

    def killed(self) -> tuple[str, ...]:
        """Return the guests whose own kernel log says that its OOM killer acted."""
        return tuple(name for name, guest in self.guests.items() if guest.killed_for_memory())

    def leave_running(self) -> None:
        """Let all of it outlive this process."""
        self.lab.keep()
        self.kept = True

    def close(self) -> None:
        """End all of it; nothing is left behind."""
        for program in reversed(self._programs.values()):
            program.stop()
        self.lab.close()


@contextmanager
def set_stage(size: Size, *, keep: bool) -> Iterator[Stage]:
    """Start the libvirtd of a stage; in the end all that runs on it ends, unless it was left running.

    Raises:
        LabError: a part is missing.
    """
    stage = Stage(lab=Lab.start(), size=size, keep=keep)
    try:
        yield stage
    finally:
        if not stage.kept:
            stage.close()


def strike(directory: Path) -> None:
    """End a stage that was left running, and remove its directory.

    Raises:
        ConfigError: there is none.
    """
    home = directory.resolve()
    if not (home / _FOLDER).is_dir() or not (home / "libvirtd.conf").is_file():
        raise ConfigError(f"{directory} is no demo that was left running: name the directory that it printed")
    stop_kept(home / _FOLDER, f"{home}/")
    remove_lab(home)
