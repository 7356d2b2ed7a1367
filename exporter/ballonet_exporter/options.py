"""The exporter's settings as plain values, read in a child process.

Checking flags takes pydantic and pydantic-settings, which stay in memory for good: 20 MiB of the 37 that the
exporter has with 150 guests, for work that takes a tenth of a second once in months. So a child reads and
checks the flags, prints help and errors, and hands over the result.
"""

import os
import pickle
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the flags came to; checked, sizes of time in seconds."""

    log_level: str
    log_format: str
    uri: str
    listen: tuple[str, ...]
    systemd_socket: bool
    telemetry_path: str
    web_file: Path | None
    deadline: float
    timeout_offset: float
    collectors: frozenset[str]
    include: str
    exclude: str


def read_options(arguments: Sequence[str]) -> Options:
    """Return the options.

    Raises:
        SystemExit: the child printed help, the version, or an error; the code is its own.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _hand_over(arguments, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        handed = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != 0 or not handed:
        raise SystemExit(code if code >= 0 else 1)
    options = pickle.loads(handed)  # noqa: S301 - from our own child.
    assert isinstance(options, Options)
    return options


def _hand_over(arguments: Sequence[str], writer: int) -> None:
    """Do the child's part, and end it without running what the parent registered for its own end."""
    code = 1
    try:
        from ballonet_exporter import settings  # noqa: PLC0415 - only the child pays for it.

        code, options = settings.options(arguments)
        if options is not None:
            with os.fdopen(writer, "wb") as pipe:
                pickle.dump(options, pipe)
        sys.stdout.flush()
    finally:
        os._exit(code)
