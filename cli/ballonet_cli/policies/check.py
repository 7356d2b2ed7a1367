"""``ballonet policy check``: policy files as an agent judges them, without an agent or a host."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet.errors import ConfigError
from ballonet.manifests.manifest import Unusable
from ballonet.manifests.policy_files import LARGEST_FILE, judge, names_of
from ballonet.manifests.v1alpha1 import BalloonPolicy
from ballonet_cli.documents import Document
from ballonet_cli.policies.selection import guests_in_words, hosts_in_words

STANDARD_INPUT: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the judgement of one file came to: its policies, or its mistakes."""

    file: str
    policies: tuple[BalloonPolicy, ...] = ()
    mistakes: tuple[str, ...] = ()


def check(sources: Iterable[str]) -> list[Checked]:
    """Judge files, the policy files of directories, and standard input; each of them once.

    Raises:
        ConfigError: a directory cannot be read, or holds no policy file.
    """
    files = dict.fromkeys(file for source in sources for file in _files(source))
    return distinct([_checked(file) for file in files])


def _files(source: str) -> Iterator[str]:
    if source == STANDARD_INPUT or not Path(source).is_dir():
        yield source
        return
    names = names_of(Path(source))
    if not names:
        # A wrong directory must not pass for a good one.
        raise ConfigError(
            f"{source}: holds no policy file (*.yaml, *.yml): name the files or their directory"
        )
    yield from (str(Path(source) / name) for name in names)


def _checked(file: str) -> Checked:
    try:
        return Checked(file=file, policies=judge(_content(file)))
    except Unusable as error:
        return Checked(file=file, mistakes=error.reasons)
    except OSError as error:
        return Checked(file=file, mistakes=(f"cannot be read: {error.strerror}",))


def _content(file: str) -> bytes:
    """Return the content, and one byte too many of what is too large; pipes are read like files."""
    if file == STANDARD_INPUT:
        return sys.stdin.buffer.read(LARGEST_FILE + 1)
    with Path(file).open("rb") as opened:
        return opened.read(LARGEST_FILE + 1)


def distinct(files: Sequence[Checked]) -> list[Checked]:
    """Return the files with a mistake for each name that an earlier file has given to a policy."""
    owners: dict[str, str] = {}
    found = []
    for file in files:
        names = [each.metadata.name for each in file.policies]
        taken = tuple(
            f"metadata.name: {name!r} is taken by {owners[name]}: rename one"
            for name in names
            if name in owners
        )
        for name in names:
            owners.setdefault(name, file.file)
        found.append(
            Checked(file=file.file, policies=() if taken else file.policies, mistakes=file.mistakes + taken)
        )
    return found


def mistake_lines(files: Iterable[Checked]) -> list[str]:
    """Return one line per mistake: ``FILE: document 2: FIELD: SENTENCE``."""
    return [f"{file.file}: {mistake}" for file in files for mistake in file.mistakes]


def valid_lines(files: Iterable[Checked]) -> list[str]:
    """Return one line per policy that can be used, with what it is about."""
    return [line for file in files for line in _valid(file)]


def _valid(file: Checked) -> Iterator[str]:
    if not file.policies and not file.mistakes:
        yield f"{file.file}: holds no policy, only comments"
    for document in file.policies:
        policy = document.to_policy()
        yield (
            f"{file.file}: {policy.name} is valid: {policy.mode.value}, priority {policy.priority}, "
            f"on {hosts_in_words(policy.hosts)}, {guests_in_words(policy.guests)}"
        )


def check_document(files: Sequence[Checked]) -> Document:
    """Return the judgement for programs."""
    return {
        "valid": not any(file.mistakes for file in files),
        "policies": [
            {
                "file": file.file,
                "name": document.metadata.name,
                "mode": document.spec.mode.value,
                "priority": document.spec.priority,
            }
            for file in files
            for document in file.policies
        ],
        "mistakes": [{"file": file.file, "message": mistake} for file in files for mistake in file.mistakes],
    }
