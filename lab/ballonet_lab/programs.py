"""Running other programs to their end, with a deadline and an error of one line."""

import subprocess
from pathlib import Path

from ballonet_lab.errors import LabError
from ballonet_lab.packages import find_program


def run_program(*arguments: str, timeout: float = 60, directory: Path | None = None) -> str:
    """Run a program and return what it wrote to its standard output.

    Args:
        arguments: its name, as ``packages.PROGRAMS`` knows it, and its arguments.
        timeout: seconds until it is killed.
        directory: where it runs.

    Raises:
        LabError: it is missing, failed or took too long.
    """
    command = [find_program(arguments[0]), *arguments[1:]]
    shown = " ".join(arguments)
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            cwd=directory,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"`{shown}` did not end within {timeout:g} s") from error
    if done.returncode != 0:
        raise LabError(f"`{shown}` failed: {_one_line(done.stderr) or f'exit code {done.returncode}'}")
    return done.stdout


def _one_line(text: str) -> str:
    """Return the complaint in one line; programs often spread it over several."""
    return " ".join(text.split())
