"""What was measured is shown at the end of the run."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from ballonet_lab import Lab
from running_agent import RunningAgent, running_agent

Note = Callable[[str, str], None]
Agent = Callable[..., RunningAgent]

_FIGURES: Final = pytest.StashKey[list[tuple[str, str]]]()
POLICY: Final = """\
apiVersion: ballonet.dev/v1alpha1
kind: BalloonPolicy
metadata: {name: all}
spec: {mode: MODE, memory: {floor: 10%}}
"""


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Keeps a figure for the table at the end."""
    figures = request.config.stash.setdefault(_FIGURES, [])
    return lambda what, figure: figures.append((what, figure))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash.get(_FIGURES, [])
    if figures:
        terminalreporter.section("measured")
    for what, figure in figures:
        terminalreporter.write_line(f"{what:<58} {figure}")


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A directory with a policy for all guests: enforced, and with a low floor."""
    directory = tmp_path / "policies"
    directory.mkdir()
    (directory / "all.yaml").write_text(POLICY.replace("MODE", "Enforce"))
    return directory


@pytest.fixture
def agent(lab: Lab, tmp_path: Path, policies: Path) -> Iterator[Agent]:
    """Starts one agent with the default cycle; it is gone when the test ends."""
    with ExitStack() as ends:
        yield lambda *flags: ends.enter_context(
            running_agent(tmp_path, lab.uri, policies, *flags, interval="2s")
        )
