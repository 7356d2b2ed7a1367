"""Which alert acts on what: rules, names of hosts, guests and who owns them."""

from typing import Any

import pytest

from ballonet.decision import Signals
from ballonet.guest import Guest
from ballonet.policy import Action, AlertRule, Mode, Policy, Selector
from ballonet_operator.alerts.alert import Alert
from ballonet_operator.alerts.matching import (
    Matched,
    concerns,
    host_names,
    match,
    named_hosts,
    names_guest,
    without_port,
)
from worlds import guest

NAMES = host_names("kvm-1", "kvm-1.example.org", ("10.0.0.7", "hyper.lan"))
GUESTS = (guest("web"), guest("db"))


def alert(**labels: str) -> Alert:
    return Alert(fingerprint="f00d", labels={"alertname": "Filling", **labels})


def rule(action: Action, **labels: str) -> AlertRule:
    return AlertRule(labels=tuple(sorted({"alertname": "Filling", **labels}.items())), action=action)


def policy(*rules: AlertRule, name: str = "all", **fields: Any) -> Policy:
    return Policy(name=name, alerts=rules, **fields)


def matched(one: Alert, *policies: Policy, guests: tuple[Guest, ...] = GUESTS) -> Matched:
    return match([one], policies, guests, NAMES)


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param({"host": "kvm-1"}, id="host"),
        pytest.param({"node": "kvm-1"}, id="node"),
        pytest.param({"nodename": "kvm-1"}, id="nodename"),
        pytest.param({"kubernetes_node": "kvm-1"}, id="kubernetes-node"),
        pytest.param({"instance": "kvm-1:9178"}, id="instance"),
        pytest.param({"instance": "kvm-1"}, id="instance-without-port"),
        pytest.param({"instance": "10.0.0.7:9178"}, id="address"),
        pytest.param({"instance": "[10.0.0.7]:9178"}, id="address-in-brackets"),
        pytest.param({"host": "kvm-1.example.org"}, id="full-name"),
        pytest.param({"host": "KVM-1.Example.ORG"}, id="large-letters"),
        pytest.param({"host": "hyper.lan"}, id="given-name"),
        pytest.param({"host": "elsewhere", "node": "kvm-1"}, id="one-of-two"),
        pytest.param({"host": "kvm-1", "instance": "kube-state-metrics:8080"}, id="scraped-elsewhere"),
    ],
)
def test_an_alert_that_names_this_host_acts_on_it(labels: dict[str, str]) -> None:
    found = matched(alert(**labels), policy(rule(Action.RECLAIM)))
    assert found.signals.reclaim == {"all"}


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param({}, id="no-host"),
        pytest.param({"host": ""}, id="an-empty-name"),
        pytest.param({"host": "kvm-10"}, id="a-longer-name"),
        pytest.param({"host": "kvm"}, id="a-shorter-name"),
        pytest.param({"host": "kvm-1\n"}, id="a-line-more"),
        pytest.param({"host": "kvm-1 "}, id="a-space-more"),
        pytest.param({"host": "kvm-1.other.org"}, id="the-same-name-elsewhere"),
        pytest.param({"host": "kvm-2", "instance": "kvm-1:9178"}, id="scraped-here-about-another"),
        pytest.param({"instance": "localhost:9178"}, id="every-host-is-localhost"),
        pytest.param({"instance": "127.0.0.1:9178"}, id="and-has-this-address"),
        pytest.param({"guest": "kvm-1"}, id="a-guest-of-that-name"),
        pytest.param({"exported_host": "kvm-1"}, id="another-label"),
    ],
)
def test_an_alert_that_does_not_name_this_host_does_not_act_on_it(labels: dict[str, str]) -> None:
    found = matched(alert(**labels), policy(rule(Action.RECLAIM), rule(Action.CRITICAL)))
    assert found == Matched()


def test_a_name_that_every_host_has_counts_where_somebody_gave_it() -> None:
    given = host_names("kvm-1", "", ("localhost",))
    assert concerns(alert(instance="localhost:9178"), given)
    assert "localhost" not in host_names("localhost", "localhost.localdomain")


def test_the_full_name_of_a_machine_counts_only_where_the_hosts_name_is_short_for_it() -> None:
    assert "web.example.org" not in host_names("kvm-1", "web.example.org")
    assert host_names("kvm-1.example.org") == {"kvm-1.example.org", "kvm-1"}
    assert host_names("10.0.0.7") == {"10.0.0.7"}


@pytest.mark.parametrize(
    ("instance", "host"),
    [
        ("kvm-1:9178", "kvm-1"),
        ("kvm-1", "kvm-1"),
        ("[fd00::7]:9178", "fd00::7"),
        ("[fd00::7]", "fd00::7"),
        ("fd00::7", "fd00::7"),
        ("kvm-1:", "kvm-1:"),
        ("[", ""),
        (":9178", ""),
    ],
)
def test_the_port_of_an_instance_is_cut_off(instance: str, host: str) -> None:
    assert without_port(instance) == host


@pytest.mark.parametrize(
    ("labels", "acts"),
    [
        pytest.param({"severity": "page"}, True, id="the-labels-and-more"),
        pytest.param({"severity": "page", "team": "kvm"}, True, id="others-as-well"),
        pytest.param({}, False, id="one-is-missing"),
        pytest.param({"severity": "Page"}, False, id="another-case"),
        pytest.param({"severity": "page.*"}, False, id="no-pattern"),
    ],
)
def test_an_alert_must_have_all_labels_of_the_rule(labels: dict[str, str], acts: bool) -> None:  # noqa: FBT001
    found = matched(alert(host="kvm-1", **labels), policy(rule(Action.RECLAIM, severity="page")))
    assert bool(found.uses) is acts


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param({"guest": "web"}, id="by-name"),
        pytest.param({"uuid": "UUID-web"}, id="by-uuid"),
        pytest.param({"guest": "web", "uuid": "uuid-web"}, id="by-both"),
        pytest.param({"guest": "web", "host": "kvm-1"}, id="on-this-host"),
    ],
)
def test_an_alert_that_names_a_guest_acts_on_that_guest_alone(labels: dict[str, str]) -> None:
    found = matched(alert(**labels), policy(rule(Action.GROW)))
    assert found.signals == Signals(grow=frozenset({"uuid-web"}))
    (use,) = found.uses
    assert (use.guest, use.alertname, use.policy, use.fingerprint) == ("web", "Filling", "all", "f00d")


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param({"host": "kvm-1"}, id="no-guest"),
        pytest.param({"guest": "web", "host": "kvm-2"}, id="a-guest-of-another-host"),
        pytest.param({"guest": "web", "instance": "kvm-2:9177"}, id="scraped-from-another-host"),
        pytest.param({"guest": "web", "uuid": "uuid-db"}, id="two-guests"),
        pytest.param({"guest": "we"}, id="part-of-a-name"),
        pytest.param({"guest": "web\x1b[31m"}, id="more-than-the-name"),
        pytest.param({"guest": "<b>web</b>"}, id="html"),
        pytest.param({"vm": "web"}, id="a-machine-without-namespace"),
    ],
)
def test_an_alert_that_does_not_name_a_guest_of_this_host_acts_on_none(labels: dict[str, str]) -> None:
    assert matched(alert(**labels), policy(rule(Action.GROW), rule(Action.FREEZE))) == Matched()


def test_kubevirts_machines_are_named_by_namespace_and_vm() -> None:
    one = alert(namespace="shop", vm="web")
    assert names_guest(one, guest("shop_web"))
    assert names_guest(one, guest("web", namespace="shop"))
    assert not names_guest(one, guest("web", namespace="bank"))
    assert not names_guest(one, guest("web"))


def test_a_rule_about_guests_reaches_only_those_that_its_policy_owns() -> None:
    mine = policy(rule(Action.FREEZE), name="mine", guests=Selector(names=("db",)))
    above = policy(name="above", priority=5, guests=Selector(names=("db",)))
    assert matched(alert(guest="db"), mine).signals.freeze == {"uuid-db"}
    assert matched(alert(guest="web"), mine) == Matched()
    assert matched(alert(guest="db"), mine, above) == Matched()


def test_a_rule_about_the_host_raises_the_reserves_of_its_own_policy() -> None:
    first, second = policy(rule(Action.RECLAIM), name="first"), policy(rule(Action.CRITICAL), name="second")
    signals = matched(alert(host="kvm-1"), first, second, policy(name="third")).signals
    assert signals == Signals(reclaim=frozenset({"first"}), critical=frozenset({"second"}))


def test_a_use_tells_what_its_policy_does_with_it() -> None:
    (use,) = matched(alert(host="kvm-1"), policy(rule(Action.RECLAIM), mode=Mode.OBSERVE)).uses
    assert (use.mode, use.guest) == (Mode.OBSERVE, "")


def test_the_same_rule_twice_is_one_use() -> None:
    assert len(matched(alert(host="kvm-1"), policy(rule(Action.RECLAIM), rule(Action.RECLAIM))).uses) == 1


def test_a_label_that_was_cut_still_names_another_host() -> None:
    assert named_hosts(alert(host="k" * 1024)) == {"k" * 1024}
    assert not concerns(alert(host="k" * 1024, guest="web"), NAMES)


def test_the_order_of_alerts_policies_and_guests_does_not_matter() -> None:
    alerts = [alert(guest=name) for name in ("web", "db")] + [alert(host="kvm-1")]
    policies = [policy(rule(Action.GROW), rule(Action.RECLAIM)), policy(rule(Action.RECLAIM), name="b")]
    one = match(alerts, policies, GUESTS, NAMES)
    other = match(alerts[::-1], policies[::-1], GUESTS[::-1], NAMES)
    assert one == other
    assert len(one.uses) == 4
