"""kubectl and helm as the admin: one program run per call, with nothing of the user's own configuration."""

import os
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet_lab.errors import LabError

_PATIENCE: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Client(ABC):
    """A command line that is connected to one control plane.

    Attributes:
        program: its path.
        kubeconfig: who runs it.
        cache: where it keeps files of its own.
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
            said = done.stderr.strip()
            raise LabError(said or f"{self.program.name} ended with exit code {done.returncode}")
        return done.stdout

    def refusal(self, *arguments: str, text: str | None = None) -> str:
        """Return what it complains about.

        Raises:
            LabError: it succeeds.
        """
        done = self._run(arguments, text)
        if done.returncode == 0:
            shown = " ".join((self.program.name, *arguments))
            raise LabError(f"`{shown}` was not refused: {done.stdout.strip()}")
        return done.stderr.strip()

    @abstractmethod
    def _where(self) -> tuple[list[str], dict[str, str]]:
        """Return the flags and the variables that say who it is and where its files are."""

    def _run(self, arguments: tuple[str, ...], text: str | None) -> subprocess.CompletedProcess[str]:
        flags, variables = self._where()
        try:
            return subprocess.run(
                [*self.entrance, str(self.program), *flags, *arguments],
                input=text or "", capture_output=True, text=True, errors="replace", timeout=_PATIENCE,
                env={**os.environ, "KUBECONFIG": os.devnull, "KUBERC": "off", **variables}, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            shown = " ".join((self.program.name, *arguments))
            raise LabError(f"`{shown}` did not end in {_PATIENCE:g} s") from error


class Kubectl(_Client):
    """kubectl; its cache is what it has learnt of the API."""

    __slots__ = ()

    def _where(self) -> tuple[list[str], dict[str, str]]:
        return ["--kubeconfig", str(self.kubeconfig), "--cache-dir", str(self.cache)], {}


class Helm(_Client):
    """helm, which takes all of it from variables."""

    __slots__ = ()

    def _where(self) -> tuple[list[str], dict[str, str]]:
        homes = {f"HELM_{name}_HOME": str(self.cache / name.lower()) for name in ("CACHE", "CONFIG", "DATA")}
        return [], {**homes, "KUBECONFIG": str(self.kubeconfig)}
