"""The way to libvirt: which one a person means, and whether it is this host's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import click

from ballonet.errors import ConfigError
from ballonet.hypervisor import Hypervisor

DEFAULT_URI: Final = "qemu:///system"
# A person waits longer than a scrape: enough for a busy host, short enough to learn that one hangs.
DEADLINE: Final = 5.0
_KEY: Final = "ballonet.uri"


def remember_uri(ctx: click.Context, _: click.Parameter, uri: str | None) -> str | None:
    """Keep the URI for the command that will connect; the innermost ``--connect`` wins."""
    if uri:
        ctx.meta[_KEY] = uri
    return uri


def uri(ctx: click.Context | None = None) -> str:
    """Return the URI of a command, or of the one that runs now."""
    found: str = (ctx or click.get_current_context()).meta.get(_KEY, DEFAULT_URI)
    return found


@contextmanager
def connected(*, read_only: bool, deadline: float = DEADLINE) -> Iterator[Hypervisor]:
    """Connect for the length of one command; ``deadline`` in seconds is for each call.

    Raises:
        HypervisorUnreachable: at the first call, not here.
    """
    hypervisor = Hypervisor(uri(), read_only=read_only, deadline=deadline)
    try:
        yield hypervisor
    finally:
        hypervisor.close()


def require_local(what: str) -> None:
    """Refuse what needs this host's own memory figures where libvirt is another host's.

    Raises:
        ConfigError: the URI names another host.
    """
    if urlsplit(uri()).hostname:
        raise ConfigError(f"{what} reads the host's own memory, so run it there: {uri()} is another host")
