"""``ballonet policy explain``: the policy that was named, from a directory or from Kubernetes.

The thin edge of ``meaning`` and ``fortune``: what they say is made from what is read here.
"""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from ballonet.api_kinds import HOSTS, POLICIES
from ballonet.errors import ConfigError
from ballonet.machine import read_host
from ballonet_cli.cluster.access import cluster
from ballonet_cli.cluster.objects import FoundHost, FoundPolicy, found_hosts, found_policies, size_of
from ballonet_cli.failures import warn
from ballonet_cli.lookup import require
from ballonet_cli.policies.fortune import fortune
from ballonet_cli.policies.meaning import meaning
from ballonet_cli.site import read_documents


def explained_files(name: str, directory: Path, memory: int | None) -> list[str]:
    """Return the sentences about a policy of a directory.

    Raises:
        ConfigError: a file of it cannot be used, or none holds this policy.
    """
    documents = {each.metadata.name: each for each in read_documents(directory)}
    require(name, list(documents), what="policy", where=f"in {directory}")
    policies = [each.to_policy() for each in documents.values()]
    wanted = documents[name]
    sizes = [read_host().total if memory is None else memory]
    return meaning(wanted.to_policy(), policies, alerts=wanted.spec.alerts, memory=sizes)


def explained_objects(
    name: str, kubeconfig: str | None, context: str | None, memory: int | None
) -> list[str]:
    """Return the sentences about a policy in Kubernetes, with what became of it there.

    Raises:
        ConfigError: there is no such policy, or it cannot be used.
    """
    with cluster(kubeconfig, context) as kubernetes:
        found = found_policies(kubernetes.list(POLICIES))
        wanted = chosen(found, name)
        hosts = found_hosts(kubernetes.list(HOSTS)) if memory is None else []
    for each in found:
        if each.mistakes:
            warn(f"policy {each.policy.name} is left out, because it cannot be used: {each.mistakes[0]}")
    sizes = sizes_of(hosts, name) if memory is None else [memory]
    usable = [each.policy for each in found if not each.mistakes]
    alerts = wanted.document.spec.alerts if wanted.document else ()
    return [*meaning(wanted.policy, usable, alerts=alerts, memory=sizes), *fortune(wanted, time.time())]


def chosen(found: Sequence[FoundPolicy], name: str) -> FoundPolicy:
    """Return the policy of this name.

    Raises:
        ConfigError: there is none, or it cannot be used.
    """
    require(name, [each.policy.name for each in found], what="policy", where="in this cluster")
    wanted = next(each for each in found if each.policy.name == name)
    if wanted.mistakes:
        more = f" (and {len(wanted.mistakes) - 1} more)" if len(wanted.mistakes) > 1 else ""
        raise ConfigError(f"policy {name} cannot be used: {wanted.mistakes[0]}{more}")
    return wanted


def sizes_of(hosts: Iterable[FoundHost], policy: str) -> list[int]:
    """Return the smallest and the largest memory of the hosts that the policy selects, where they tell it."""
    sizes = {
        size
        for host in hosts
        if host.status is not None and any(each.name == policy for each in host.status.observed_policies)
        if (size := size_of(host.status.memory.total))
    }
    return sorted({min(sizes), max(sizes)}) if sizes else []
