"""Running sums are what sums made from nothing would be, whatever came before, in whatever order."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ballonet.apiserver import Json
from ballonet_operator.controller.aggregation import statuses
from ballonet_operator.controller.host_facts import HostFacts
from ballonet_operator.controller.ledger import Ledger, counted
from ballonet_operator.controller.tally import Standing, Tally
from ballonet_operator.controller.world import World
from ballonet_operator.inventory import Inventory
from controller_parts import (
    NOON,
    UNUSABLE,
    facts,
    host_object,
    node_object,
    observed,
    overruling,
    policy_object,
    standing,
)

POLICIES = ("a", "b")
HOSTS = ("kvm-1", "kvm-2", "other")
SPECS: tuple[Json, ...] = (
    {},
    {"mode": "Enforce"},  # The same in other words.
    {"hosts": {"names": ["kvm-*"]}},
    {"hosts": {"selector": {"matchLabels": {"tier": "web"}}}},
    UNUSABLE,
)

counts = st.integers(0, 3)
guests = st.fixed_dictionaries({}, optional=dict.fromkeys(("selected", "owned", "stuck"), counts))
told = st.builds(
    lambda policy, generation, error, guests, reclaimed, owner: observed(
        policy,
        generation,
        error=error,
        guests=guests,
        reclaimed=reclaimed,
        overruledBy=overruling(**owner),
    ),
    st.sampled_from((*POLICIES, "unknown")),
    st.sampled_from((1, 1, 2, 2, 3, 0)),
    st.sampled_from(("", "no")),
    guests,
    st.sampled_from(("0", "16Mi", "1.5Gi")),
    st.dictionaries(st.sampled_from(POLICIES), st.integers(1, 3)),
)
hosts = st.builds(
    lambda name, told, connected, omitted: host_object(
        name, *told, connected=connected, policiesOmitted=omitted
    ),
    st.sampled_from(HOSTS),
    st.lists(told, min_size=1, max_size=3, unique_by=lambda each: each["name"]),
    st.sampled_from(("True", "False", None)),
    st.sampled_from((0, 0, 1)),
)
# A spec never changes without its generation.
policies = st.builds(
    lambda name, generation: policy_object(name, generation=generation, spec=SPECS[generation - 1]),
    st.sampled_from(POLICIES),
    st.integers(1, len(SPECS)),
)
nodes = st.builds(
    lambda name, tier: node_object(name, tier=tier), st.sampled_from(HOSTS), st.sampled_from(("web", "batch"))
)
things = st.one_of(hosts, hosts, policies, nodes)
events = st.tuples(st.sampled_from(("seen", "seen", "seen", "gone")), things, st.booleans())


@dataclass
class Twin:
    """A world with running sums, and the plain objects that it should know."""

    world: World = field(default_factory=World)
    objects: dict[tuple[str, str], Json] = field(default_factory=dict)

    def happen(self, verb: str, thing: Json) -> None:
        key = (thing["kind"], thing["metadata"]["name"])
        inventory = self.inventory(thing["kind"])
        if verb == "seen":
            self.objects[key] = thing
            inventory.seen(thing)
        else:
            self.objects.pop(key, None)
            inventory.gone(thing)

    def inventory(self, kind: str) -> Inventory[Any]:
        world = self.world
        by_kind: dict[str, Inventory[Any]] = {"BalloonPolicy": world.policies, "BalloonHost": world.hosts}
        return by_kind.get(kind, world.nodes)

    def of(self, kind: str) -> dict[str, Json]:
        return {name: thing for (each, name), thing in self.objects.items() if each == kind}

    def standings(self) -> list[Standing]:
        found = self.of("Node")
        labels = {name: thing["metadata"]["labels"] for name, thing in found.items()}
        return [standing(host, **labels.get(name, {})) for name, host in self.of("BalloonHost").items()]


@given(st.lists(events, min_size=10, max_size=30))
def test_running_sums_are_sums_made_from_nothing(happened: list[tuple[str, Json, bool]]) -> None:
    twin = Twin()
    for verb, thing, settle in happened:
        twin.happen(verb, thing)
        if settle:
            twin.world.settle()
    twin.world.settle()
    known = [facts(name, **_fields(thing)) for name, thing in twin.of("BalloonPolicy").items()]
    expected = counted(known, twin.standings())
    assert {name: twin.world.tally(name) for name in twin.world.names()} == expected


def _fields(thing: Json) -> Json:
    return {"generation": thing["metadata"]["generation"], "spec": thing["spec"]}


@given(
    st.lists(hosts, max_size=8, unique_by=lambda each: each["metadata"]["name"]), st.permutations(range(8))
)
def test_the_order_in_which_hosts_are_seen_makes_no_difference(made: list[Json], order: list[int]) -> None:
    known = [facts("a"), facts("b", spec=SPECS[2], generation=2)]
    shuffled = [made[place] for place in order if place < len(made)]
    one, other = ([standing(each, tier="web") for each in some] for some in (made, shuffled))
    assert statuses(known, one, now=NOON) == statuses(known, other, now=NOON)


def test_a_host_touches_only_the_policies_of_which_it_tells_something_new() -> None:
    ledger = Ledger()
    for name in POLICIES:
        ledger.put_policy(name, facts(name))
    first = host_object("kvm-1", *(observed(name) for name in POLICIES))
    assert ledger.put_host("kvm-1", standing(first)) == set(POLICIES)
    assert ledger.put_host("kvm-1", standing(first)) == set()
    second = host_object("kvm-1", observed("a"), observed("b", guests={"owned": 1}))
    assert ledger.put_host("kvm-1", standing(second)) == {"b"}
    assert ledger.put_host("kvm-1", standing(second, tier="web")) == set(POLICIES)
    ill = host_object("kvm-1", *second["status"]["observedPolicies"], connected="False")
    assert ledger.put_host("kvm-1", standing(ill, tier="web")) == set(POLICIES)
    full = host_object("kvm-1", *second["status"]["observedPolicies"], connected="False", policiesOmitted=1)
    assert ledger.put_host("kvm-1", standing(full, tier="web")) == set(POLICIES)
    assert ledger.put_host("kvm-1", None) == set(POLICIES)
    assert ledger.tallies["b"] == Tally(facts=facts("b"))


def test_hosts_that_tell_the_same_share_it() -> None:
    one, other = (standing(host_object(name, observed("web", 4))).host for name in ("kvm-1", "kvm-2"))
    assert one.observed[0] is other.observed[0]
    assert one.conditions is other.conditions
    assert not hasattr(HostFacts(name="a", uid="b"), "__dict__")
