"""What the keys of hosts and policies mean, for ``docs/cli.md``; a test finds a missing one."""

from typing import Final

_CONDITION: Final = {
    "conditions.TYPE": "by the condition's type",
    "conditions.TYPE.status": "`True`, `False` or `Unknown`",
    "conditions.TYPE.reason": "why, in one word for programs",
    "conditions.TYPE.message": "why, in a sentence for people; may be empty",
    "conditions.TYPE.since": "when `status` last changed",
}
_COUNTS: Final = {
    "selected": "guests that a policy selects, whoever owns them",
    "owned": "running guests that a policy owns",
    "shrunk": "owned guests that have less than their maximum",
    "starved": "owned guests that show that they have too little",
    "stuck": "owned guests that do not follow their target",
    "stale": "owned guests whose statistics are old or absent",
    "ineligible": "owned guests that no balloon can move",
}


def _under(prefix: str, meanings: dict[str, str]) -> dict[str, str]:
    return {f"{prefix}.{key}": meaning for key, meaning in meanings.items()}


_OVERRULING: Final = {
    "overruled_by[]": "policies that own guests which this one selects",
    "overruled_by[].policy": "the policy's name",
    "overruled_by[].guests": "how many guests",
}

HOST: Final = {
    "name": "the node's name",
    "created": "since when Kubernetes knows it",
    "status": "what its agent told; null before its first report",
    "status.version": "the agent's version",
    "status.conditions": "`HypervisorConnected`, `MemoryPressure`, `Settled`",
    **_under("status", _CONDITION),
    "status.memory": "the host's memory, by the last report",
    "status.memory.total_bytes": "all of it, or the budget where there is one",
    "status.memory.available_bytes": "available without swapping, to a twentieth of the total",
    "status.memory.pressure_some_avg10": "percentage of the time in which tasks waited for memory",
    "status.reserves": "what is kept available",
    "status.reserves.grow_bytes": "guests grow only while this stays available",
    "status.reserves.reclaim_bytes": "guests shrink when less is available",
    "status.reserves.critical_bytes": "guests shrink fast when less is available",
    "status.reserves.raised": "whether pressure or an alert has raised them",
    "status.guests": "numbers of guests; one guest may count in several",
    **_under("status.guests", _COUNTS),
    "status.guests.total": "running guests",
    "status.guests.unresponsive": "guests of which several readings were incomplete",
    "status.reclaimed_bytes": "what guests of policies have less than their maximum",
    "status.overcommitted_bytes": "by how much the guests' needs exceed what the host can give",
    "status.details[]": "guests with a problem, then those with less than their maximum",
    "status.details[].guest": "libvirt's name of the guest",
    "status.details[].uuid": "its uuid",
    "status.details[].policy": "the policy that owns it, or null",
    "status.details[].actual_bytes": "what it has",
    "status.details[].target_bytes": "what was last asked of it",
    "status.details[].maximum_bytes": "the most that it can have",
    "status.details[].reason": "why it is where it is, in one word",
    "status.details[].message": "the same in a sentence",
    "status.details_omitted": "guests that had no room in `details`",
    "status.policies[]": "the policies that select this host",
    "status.policies[].name": "the policy's name",
    "status.policies[].generation": "the generation that is in force here; 0 when none is",
    "status.policies[].error": "why a newer generation was refused here, or null",
    "status.policies[].guests": "the policy's guests on this host",
    **_under("status.policies[].guests", _COUNTS),
    "status.policies[].reclaimed_bytes": "what they have less than their maximum",
    **_under("status.policies[]", _OVERRULING),
}

POLICY: Final = {
    "name": "the policy's name",
    "created": "since when it exists",
    "generation": "counts the changes of its spec",
    "mode": "`Enforce`, `Observe` or `Freeze`",
    "priority": "of several policies that select a guest the highest owns it",
    "mistakes[]": "why this program cannot read it, one line each",
    "status": "what the controller says; null before it has looked",
    "status.observed_generation": "the generation that the status is about",
    "status.conditions": "`Accepted` and `Ready`",
    **_under("status", _CONDITION),
    "status.hosts": "hosts that it selects",
    "status.hosts_in_force": "hosts of these on which the observed generation is in force",
    "status.guests": "its guests on all hosts",
    **_under("status.guests", _COUNTS),
    "status.reclaimed_bytes": "what they have less than their maximum",
    **_under("status", _OVERRULING),
}

CHECK: Final = {
    "valid": "whether there is no mistake",
    "policies[]": "the policies that can be used",
    "policies[].file": "where it was written, `-` for standard input",
    "policies[].name": "its name",
    "policies[].mode": "its mode",
    "policies[].priority": "its priority",
    "mistakes[]": "what must be mended",
    "mistakes[].file": "where",
    "mistakes[].message": "what, and what to write instead",
}
