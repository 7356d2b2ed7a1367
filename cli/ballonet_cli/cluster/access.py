"""The way to the Kubernetes API server, and what a person should do where it leads nowhere."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ballonet.api_kinds import HOSTS, POLICIES, Kind
from ballonet.errors import ApiServerRefused, ApiServerUnreachable, ConfigError
from ballonet.extras import extra

if TYPE_CHECKING:
    from ballonet.apiserver import ApiServer, Json

_HOME: Final = "~/.kube/config"
_ANSWER: Final = 5.0
"""Seconds without a piece of an answer; a person waits no longer."""
_IN_CLUSTER: Final = "KUBERNETES_SERVICE_HOST"  # Kubernetes sets it in every pod.
_NAME: Final = re.compile(r"[a-z0-9][-.a-z0-9]{0,252}", re.ASCII)
"""The characters of https://kubernetes.io/docs/concepts/overview/working-with-objects/names/"""
_KINDS: Final = {HOSTS: "BalloonHosts", POLICIES: "BalloonPolicies"}


class Cluster:
    """Ballonet's objects on one API server, with errors that say what to do."""

    def __init__(self, server: "ApiServer") -> None:
        self._server = server

    def list(self, kind: Kind) -> "list[Json]":
        """Return all objects of a kind.

        Raises:
            ConfigError: the API server has no such kind.
            ApiServerUnreachable, ApiServerRefused: as always.
        """
        with _advice(kind):
            return list(self._server.list(kind))

    def get(self, kind: Kind, name: str) -> "Json | None":
        """Return one object, None where there is none; errors are those of ``list``."""
        if _NAME.fullmatch(name) is None:  # It would become part of a URL, and ask for something else.
            return None
        with _advice(kind):
            return self._server.get(kind, name)


@contextmanager
def cluster(
    kubeconfig: str | None, context: str | None, *, answer_within: float = _ANSWER
) -> Iterator[Cluster]:
    """Reach the API server that the options or kubectl's own habits name.

    Raises:
        ConfigError: there is no kubeconfig, or it cannot be used, or there is nothing to reach it with.
    """
    with extra("operator"):
        from ballonet.apiserver import ApiServer  # noqa: PLC0415 - it may not be there.
    file = _kubeconfig(kubeconfig)
    server = ApiServer(file, context=context, answer_within=answer_within)
    try:
        yield Cluster(server)
    finally:
        server.close()


def _kubeconfig(given: str | None) -> Path | None:
    """Return the kubeconfig, or several joined by colons as in KUBECONFIG; None for the pod's own account."""
    if given:
        if not any(Path(part).expanduser().exists() for part in given.split(os.pathsep) if part):
            raise ConfigError(
                f"{given}: there is no such kubeconfig: name one with --kubeconfig or in KUBECONFIG"
            )
        return Path(given)
    home = Path(_HOME).expanduser()
    if home.exists():
        return home
    if _IN_CLUSTER in os.environ:
        return None
    raise ConfigError(
        f"no kubeconfig: there is none at {_HOME}: name one with --kubeconfig or in KUBECONFIG, "
        "the file that kubectl uses for the cluster"
    )


@contextmanager
def _advice(kind: Kind) -> Iterator[None]:
    try:
        yield
    except ApiServerUnreachable as error:
        raise ApiServerUnreachable(
            f"Kubernetes does not answer: {error}: see whether `kubectl cluster-info` does better"
        ) from error
    except ApiServerRefused as error:
        raise _explained(error, kind) from error


def _explained(error: ApiServerRefused, kind: Kind) -> ConfigError | ApiServerRefused:
    what = _KINDS.get(kind, kind.plural)
    if error.code == 404:
        return ConfigError(
            f"this cluster does not know {what}, so Ballonet is not installed in it: "
            "`kubectl apply --server-side -f crds/` in Ballonet's source makes them known"
        )
    if error.code == 401:
        advice = "the credentials are not accepted: renew them, or name others with --kubeconfig or --context"
    elif error.code == 403:
        advice = f"ask for the right to get and list {kind.plural}.{kind.group}"
    else:
        advice = "try again"
    return ApiServerRefused(
        f"Kubernetes refuses to show {what}: {error}: {advice}", code=error.code, reason=error.reason
    )
