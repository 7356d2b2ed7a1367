"""What the agent keeps of its own Node."""

from ballonet.apiserver import Json
from ballonet_operator.alerts.own_names import OwnNames
from ballonet_operator.node.own_node import NodeFacts, OwnNode


def node(name: str = "kvm-1", uid: str = "first", **labels: str) -> Json:
    return {"metadata": {"name": name, "uid": uid, **({"labels": labels} if labels else {})}}


def test_labels_are_those_of_the_node_as_last_seen() -> None:
    own = OwnNode("kvm-1")
    assert (own.facts(), own.labels()) == (None, None)
    own.seen(node("kvm-2", zone="south"))
    assert own.labels() is None
    own.seen(node())
    assert own.labels() == ()
    own.seen(node(zone="north", arch="arm64"))
    labels = (("arch", "arm64"), ("zone", "north"))
    assert own.facts() == NodeFacts(name="kvm-1", uid="first", labels=labels)
    assert own.labels() == labels


def test_labels_hold_on_when_the_node_is_deleted() -> None:
    own = OwnNode("kvm-1")
    own.seen(node(zone="north"))
    own.gone(node(zone="north"))
    assert (own.facts(), own.labels()) == (None, (("zone", "north"),))


def test_a_node_that_was_made_anew_is_not_gone_with_the_old_one() -> None:
    own = OwnNode("kvm-1")
    own.seen(node(uid="second"))
    own.gone(node(uid="first"))
    facts = own.facts()
    assert facts is not None
    assert facts.uid == "second"


def test_addresses_are_those_of_the_status_as_last_seen() -> None:
    own = OwnNode("kvm-1")
    assert own.addresses() == ()
    named = [{"type": "InternalIP", "address": "10.0.0.7"}, {"type": "Hostname", "address": "kvm-1.lan"}, {}]
    own.seen({**node(), "status": {"addresses": named}})
    assert own.addresses() == ("10.0.0.7", "kvm-1.lan")
    own.seen({**node(), "status": None})
    assert own.addresses() == ()


def test_a_host_is_called_by_the_addresses_of_its_node_as_well() -> None:
    own = OwnNode("kvm-1")
    names = OwnNames("kvm-1", ["hyper.lan"], own.addresses)
    assert names() == {"kvm-1", "hyper.lan"}
    own.seen({**node(), "status": {"addresses": [{"address": "10.0.0.7"}]}})
    assert names() == {"kvm-1", "hyper.lan", "10.0.0.7"}
