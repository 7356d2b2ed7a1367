"""kubectl as the admin: one program run per call, with nothing of the user's own configuration."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet_lab.errors import LabError

_PATIENCE: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubectl:
    """The command line, connected to one control plane.

    Attributes:
        program: its path.
        kubeconfig: who runs it.
        cache: where it keeps what it has learnt of the API.
    """

    program: Path
    kubeconfig: Path
    cache: Path

    def run(self, *arguments: str, text: str | None = None) -> str:
        """Return what it prints.

        Raises:
            LabError: it fails; the message is what it complains about, as it says it.
        """
        done = self._run(arguments, text)
        if done.returncode != 0:
            raise LabError(done.stderr.strip() or f"kubectl ended with exit code {done.returncode}")
        return done.stdout

    def refusal(self, *arguments: str, text: str | None = None) -> str:
        """Return what it complains about.

        Raises:
            LabError: it succeeds.
        """
        done = self._run(arguments, text)
        if done.returncode == 0:
            raise LabError(f"`kubectl {' '.join(arguments)}` was not refused: {done.stdout.strip()}")
        return done.stderr.strip()

    def _run(self, arguments: tuple[str, ...], text: str | None) -> subprocess.CompletedProcess[str]:
        where = ["--kubeconfig", str(self.kubeconfig), "--cache-dir", str(self.cache)]
        command = [str(self.program), *where, *arguments]
        environment = {**os.environ, "KUBECONFIG": os.devnull, "KUBERC": "off"}
        try:
            return subprocess.run(
                command, input=text or "", capture_output=True, text=True, errors="replace",
                timeout=_PATIENCE, env=environment, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise LabError(f"`kubectl {' '.join(arguments)}` did not end in {_PATIENCE:g} s") from error
