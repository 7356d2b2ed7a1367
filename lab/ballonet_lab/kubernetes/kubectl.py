"""kubectl and helm as the admin: one program run per call, with nothing of the user's own configuration."""

import os
import subprocess
from collections.abc import Mapping, Sequence
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
        entrance: words before the command that run it somewhere else, such as in another network.
    """

    program: Path
    kubeconfig: Path
    cache: Path
    entrance: tuple[str, ...] = ()

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
        return _run(
            [*self.entrance, str(self.program), *where, *arguments], ("kubectl", *arguments), text, {}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Helm:
    """The other command line, connected to the same control plane.

    Attributes:
        program: its path.
        kubeconfig: who runs it.
        cache: where it keeps its own files.
        entrance: words before the command that run it somewhere else, such as in another network.
    """

    program: Path
    kubeconfig: Path
    cache: Path
    entrance: tuple[str, ...] = ()

    def run(self, *arguments: str, text: str | None = None) -> str:
        """Return what it prints.

        Raises:
            LabError: it fails; the message is what it complains about, as it says it.
        """
        homes = {f"HELM_{name}_HOME": str(self.cache / name.lower()) for name in ("CACHE", "CONFIG", "DATA")}
        environment = {**homes, "KUBECONFIG": str(self.kubeconfig)}
        command = [*self.entrance, str(self.program), *arguments]
        done = _run(command, ("helm", *arguments), text, environment)
        if done.returncode != 0:
            raise LabError(done.stderr.strip() or f"helm ended with exit code {done.returncode}")
        return done.stdout


def _run(
    command: Sequence[str], shown: Sequence[str], text: str | None, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, input=text or "", capture_output=True, text=True, errors="replace", timeout=_PATIENCE,
            env={**os.environ, "KUBECONFIG": os.devnull, "KUBERC": "off", **environment}, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise LabError(f"`{' '.join(shown)}` did not end in {_PATIENCE:g} s") from error
