"""A directory of policy files: what is in force, and what was refused and why.

Files are looked at once per cycle and compared by their bytes. That is level-triggered (a missed event
cannot matter), works on every file system and for a ConfigMap's symlinks, and costs some microseconds a
file; a watch would save nothing.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from ballonet.errors import ConfigError
from ballonet.manifests.manifest import Unusable, parse
from ballonet.manifests.v1alpha1 import BalloonPolicy

LARGEST_FILE: Final = 256 * 1024
MOST_FILES: Final = 256
QUIET: Final = 1.0
"""Seconds since a file's last change after which nobody is thought to be still writing it."""
_TOO_LARGE: Final = f"is larger than {LARGEST_FILE // 1024} KiB: split it"
_EMPTY: Final = "is empty: write a policy, or remove the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a directory came to.

    Attributes:
        documents: the policies in force by name, each with the file that it came from.
        refused: by file name, one line per reason; the file's last good version is in force meanwhile.
    """

    documents: Mapping[str, tuple[str, BalloonPolicy]] = field(default_factory=dict)
    refused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """What is remembered of one file: its content when last looked at, and what came of it."""

    content: bytes | None
    settled: bool = False  # The content has been parsed, or found to be gone for good.
    documents: tuple[BalloonPolicy, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One look at one file."""

    content: bytes
    quiet: bool
    problem: str | None = None


def names_of(directory: Path) -> list[str]:
    """Return the names of the directory's policy files, as an agent finds them, in order.

    Raises:
        ConfigError: the directory cannot be read, or holds too many.
    """
    return sorted(PolicyDirectory(directory).names())


def judge(content: bytes) -> tuple[BalloonPolicy, ...]:
    """Return the policies of a file's content, wherever that came from.

    Raises:
        Unusable: an agent would refuse the file.
    """
    if len(content) > LARGEST_FILE:
        raise Unusable([_TOO_LARGE])
    file = _parsed(_File(content=None), content)
    if file.reasons:
        raise Unusable(file.reasons)
    return file.documents


def load(directory: Path, *, now: float) -> Loaded:
    """Return what the directory holds right now, for a program that looks only once.

    Raises:
        ConfigError: the directory cannot be read.
    """
    return PolicyDirectory(directory).look(now=now, at_once=True)


class PolicyDirectory:
    """A directory that is looked at again and again.

    A change counts when two looks in a row agree on it or the file has been quiet for a second, so that a
    file which an editor is writing, or replaces by way of a rename, never counts half-written or as gone.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[str, _File] = {}

    def look(self, *, now: float, at_once: bool = False) -> Loaded:
        """Return what is in force now; ``now`` is the wall clock, ``at_once`` takes changes unsettled.

        Raises:
            ConfigError: the directory cannot be read; what was in force should stay so.
        """
        seen = {name: _read(self._directory / name, now) for name in self.names()}
        files = {
            name: _next(self._files.get(name), seen.get(name), at_once=at_once)
            for name in sorted({*self._files, *seen})
        }
        self._files = {name: file for name, file in files.items() if file is not None}
        return _join({_printable(name): file for name, file in self._files.items()})

    def names(self) -> list[str]:
        """Return the names of the policy files that are there now, in no order.

        Raises:
            ConfigError: the directory cannot be read, or holds too many.
        """
        try:
            names = [name for name in os.listdir(self._directory) if _is_policy_file(name)]  # noqa: PTH208
        except OSError as error:
            raise ConfigError(
                f"{self._directory}: the policies cannot be read: {error.strerror}: "
                "name a readable directory with --policies"
            ) from None
        if len(names) > MOST_FILES:
            raise ConfigError(
                f"{self._directory}: {len(names)} policy files are too many: keep at most {MOST_FILES}"
            )
        return names


def _is_policy_file(name: str) -> bool:
    """Hidden files are editors' and kubelet's own (``..data``)."""
    return name.endswith((".yaml", ".yml")) and not name.startswith(".")


def _printable(name: str) -> str:
    """Return a file's name without the surrogates that stand for bytes which are no UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _read(path: Path, now: float) -> _Look:
    """Return the file's content; what cannot be read is a problem, never a missing file."""
    try:
        # A named pipe must not block the cycle.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                return _Look(content=b"", quiet=True, problem="is no regular file: remove it")
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        return _Look(content=b"", quiet=False, problem=f"cannot be read: {error.strerror}")
    if len(content) > LARGEST_FILE:
        return _Look(content=b"", quiet=True, problem=_TOO_LARGE)
    return _Look(content=content, quiet=now - found.st_mtime >= QUIET)


def _next(file: _File | None, look: _Look | None, *, at_once: bool) -> _File | None:
    """Return what to remember of a file after a look at it; ``look`` is None when it is not there."""
    if look is None:
        if file is None or at_once or file.content is None:
            return None
        return replace(file, content=None, settled=False)
    if file is None:
        file = _File(content=None)
    if look.problem is not None:
        return replace(file, content=look.content, settled=False, reasons=(look.problem,))
    same = file.content == look.content
    if same and file.settled:
        return file
    if not (same or look.quiet or at_once):
        return replace(file, content=look.content, settled=False)
    return _parsed(file, look.content)


def _parsed(file: _File, content: bytes) -> _File:
    """Return the file with this content in force, or refused with the last good version in force."""
    if not content.strip():
        return replace(file, content=content, settled=True, reasons=(_EMPTY,))
    try:
        documents = parse(content.decode())
    except UnicodeDecodeError as error:
        reasons: tuple[str, ...] = (f"byte {error.start + 1} is not UTF-8: save the file as UTF-8",)
    except Unusable as error:
        reasons = error.reasons
    else:
        return _File(content=content, settled=True, documents=documents)
    return replace(file, content=content, settled=True, reasons=reasons)


def _join(files: Mapping[str, _File]) -> Loaded:
    """Put the files together. A name that several files use belongs to the first file by name."""
    documents: dict[str, tuple[str, BalloonPolicy]] = {}
    refused: dict[str, tuple[str, ...]] = {}
    for name, file in sorted(files.items()):
        reasons = file.reasons
        for document in file.documents:
            policy = document.metadata.name
            if policy in documents:
                taken = f"metadata.name: {policy!r} is taken by {documents[policy][0]}: rename one"
                reasons = (*reasons, taken)
            else:
                documents[policy] = (name, document)
        if reasons:
            refused[name] = reasons
    return Loaded(documents=documents, refused=refused)
