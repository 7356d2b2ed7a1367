"""What the official client does not do for a kubeconfig: keep its keys off the disk, and say what is wrong.

The client writes certificates and keys that a kubeconfig embeds to files, because TLS libraries read files.
Such files outlive a process that is killed, and whoever cleans up below /tmp takes them from one that is not.
So they are files in memory here, which end with their process. No requests are made here.
"""

import os
import tempfile
from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Final

import yaml

_DEFAULT: Final = "~/.kube/config"
_SECTIONS: Final = {"clusters", "contexts", "users"}
_MEMORY: Final = "/dev/shm"  # noqa: S108 - the directory in it is made for this process alone.
_ADVICE: Final = "name the file that kubectl uses for the cluster"


def workplace() -> AbstractContextManager[str]:
    """Return a directory for the client's files, with mode 0700 and gone when its block ends."""
    given = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    place = next((each for each in (given, _MEMORY) if each and os.access(each, os.W_OK)), None)
    return tempfile.TemporaryDirectory(prefix="ballonet-credentials-", dir=place)


def in_memory(directory: str, files: Iterable[str | None]) -> dict[str, str]:
    """Return for each file in the directory the path of a copy in memory; others stay where they are."""
    inside = {each for each in files if each and Path(each).parent == Path(directory)}
    return {each: _copy(Path(each).read_bytes()) for each in inside}


@cache
def _copy(content: bytes) -> str:
    descriptor = os.memfd_create("ballonet-credentials")
    os.fchmod(descriptor, 0o600)
    with os.fdopen(os.dup(descriptor), "wb") as stream:
        stream.write(content)
    return f"/proc/self/fd/{descriptor}"


def problem(given: Path | None) -> str:
    """Return what is wrong with the kubeconfig of this name; empty when nothing is to be seen.

    Args:
        given: may be several files with colons between them, as in KUBECONFIG; None means what kubectl uses.
    """
    named = str(given) if given is not None else os.environ.get("KUBECONFIG", _DEFAULT)
    files = [Path(part).expanduser() for part in named.split(os.pathsep) if part]
    there = [file for file in files if file.exists()]
    if not there:
        return f"{given}: there is no such kubeconfig: {_ADVICE}" if given is not None else ""
    return next((found for file in there if (found := _problem(file))), "")


def _problem(file: Path) -> str:
    try:
        content = yaml.safe_load(file.read_bytes())
    except IsADirectoryError:
        content = None
    except OSError as error:
        return f"{file}: the kubeconfig cannot be read: {error.strerror}: run as the user who may"
    except (yaml.YAMLError, ValueError):
        content = None
    # Several files may have one section each.
    sections = _SECTIONS & content.keys() if isinstance(content, dict) else set()
    if sections and all(isinstance(content[section], list) for section in sections):
        return ""
    return f"{file}: is not a kubeconfig: {_ADVICE}"
