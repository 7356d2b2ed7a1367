"""The API server's rules and the policy-file loader come to the same judgement of a spec."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ballonet.api_kinds import POLICIES
from ballonet.apiserver import ApiServer
from ballonet.errors import ApiServerRefused
from ballonet.manifests.manifest import Unusable, parse
from ballonet_lab.kubernetes import ControlPlane

LONG_LABEL = "tier." * 12 + "web"  # 63 characters


@pytest.fixture(scope="module")
def server(control_plane: ControlPlane) -> Iterator[ApiServer]:
    server = ApiServer(control_plane.kubeconfig)
    yield server
    server.close()


def memory(**fields: Any) -> dict[str, Any]:
    return {"memory": fields}


def levels(**fields: Any) -> dict[str, Any]:
    return {"thresholds": {"host": fields}}


def starved(**fields: Any) -> dict[str, Any]:
    return {"thresholds": {"guest": fields}}


def selector(**fields: Any) -> dict[str, Any]:
    return {"guests": {"selector": fields}}


GOOD = {
    "nothing": {},
    "mode": {"mode": "Observe"},
    "priority at its end": {"priority": -1_000_000},
    "size": memory(floor="512Mi"),
    "size in bytes": memory(floor=1_048_576),
    "size in bytes as text": memory(floor="1048576"),
    "decimal size": memory(floor="2G"),
    "broken size": memory(floor="1.5Gi"),
    "no floor": memory(floor=0),
    "no floor as text": memory(floor="0"),
    "half a byte is none": memory(floor="0.5"),
    "largest round size": memory(floor="8191Pi"),
    "percentage": memory(floor="100%"),
    "broken percentage": memory(floor="12.5%", headroom="0.000001%"),
    "zeros before a percentage": memory(floor="007%"),
    "weight at its ends": memory(weight=10_000),
    "equal levels": levels(growAbove="5%", reclaimBelow="5%", criticalBelow="5%"),
    "levels in order": levels(growAbove="2Gi", reclaimBelow="1024Mi", criticalBelow=512 * 2**20),
    "sizes beside percentages": levels(growAbove="1Gi", reclaimBelow="90%", criticalBelow="1Gi"),
    "one level as a size": levels(growAbove="1Mi"),
    "one level just in order": levels(growAbove="4%"),
    "several units": levels(growAbove="1Gi", reclaimBelow="1G", criticalBelow="1000000k"),
    "no level": levels(growAbove="0%", reclaimBelow=0, criticalBelow="0%") | {"mode": "Freeze"},
    "pressure": levels(pressureAbove=99.5, pressureReserve="1Gi"),
    "swap-in": starved(swapInPerSecond=0, majorFaultsPerSecond=0.25, usableBelow="0%"),
    "pace": {"pace": {"minimumChange": "64Gi", "shrinkPercentPerCycle": 1}},
    "patterns": {"hosts": {"names": ["*"] * 64}, "guests": {"names": ["[abc]?\u00fc", "x" * 253]}},
    "sets of characters": {"guests": {"names": ["[]]", "[!]]", "[[]", "[!a]*[]b]", "a]", "[!\n]", "[][!]"]}},
    "selector without conditions": selector(matchLabels={}, matchExpressions=[]),
    "namespaces": {"guests": {"namespaces": ["shop", "a-1"]}},
    "labels": selector(matchLabels={"example.org/tier": LONG_LABEL, "empty": ""}),
    "expressions": selector(matchExpressions=[
        {"key": "tier", "operator": "NotIn", "values": ["web", ""]},
        {"key": "tier", "operator": "Exists", "values": []},
    ]),
    "alert": {"alerts": [{"matchLabels": {"alertname": "any text\n\u00fc"}, "action": "Freeze"}] * 32},
}  # fmt: skip
BAD = {
    "mode in lower case": {"mode": "observe"},
    "mode of several lines": {"mode": "Observe\n"},
    "priority beyond its end": {"priority": 1_000_001},
    "unit of virsh": memory(floor="2GiB"),
    "unit in lower case": memory(floor="2gi"),
    "thousandths": memory(floor="2000000000m"),
    "exponent": memory(floor="1e9"),
    "size with a space": memory(floor="512 Mi"),
    "size with a line break": memory(floor="512Mi\n"),
    "size below zero": memory(floor="-512Mi"),
    "signed size": memory(floor="+512Mi"),
    "few bytes": memory(floor="1048575"),
    "few bytes as a number": memory(floor=1_048_575),
    "few bytes as a fraction": memory(floor="0.5Mi"),
    "too large a size": memory(floor="8192Pi"),
    "too many digits": memory(floor="9" * 20),
    "long text": memory(floor="9" * 1000),
    "percentage above all": memory(floor="100.000001%"),
    "percentage below zero": memory(floor="-1%"),
    "percentage without a number": memory(floor="%"),
    "two signs": memory(floor="5%%"),
    "empty size": memory(floor=""),
    "quotes": memory(floor="'\"\\"),
    "other digits": memory(floor="\u0665Mi"),
    "size where a percentage belongs": memory(headroom="1Gi"),
    "percentage where a size belongs": starved(swapInPerSecond="1%"),
    "fraction of a weight": memory(weight=1.5),
    "weight as text": memory(weight="100"),
    "levels reversed in other units": levels(growAbove="1G", reclaimBelow="1Gi"),
    "levels reversed in bytes": levels(growAbove=2**30, reclaimBelow="1025Mi"),
    "levels reversed by a fraction": levels(growAbove="5%", reclaimBelow="5.5%"),
    "level below a default": levels(reclaimBelow="1%"),
    "default below a level": levels(criticalBelow="4.5%"),
    "first below last": levels(growAbove="1Gi", reclaimBelow="50%", criticalBelow="2Gi"),
    "pressure above all": levels(pressureAbove=100.5),
    "truth for a number": levels(pressureAbove=True),
    "change too small": {"pace": {"minimumChange": "1023Ki"}},
    "change too large": {"pace": {"minimumChange": 64 * 2**30 + 1}},
    "no pace": {"pace": {"shrinkPercentPerCycle": 0}},
    "no pattern": {"hosts": {"names": [""]}},
    "no names of hosts": {"hosts": {"names": []}},
    "no names of guests": {"guests": {"names": []}},
    "no namespaces": {"guests": {"namespaces": []}},
    "set without an end": {"guests": {"names": ["web-[ab"]}},
    "set without a character": {"guests": {"names": ["[]"]}},
    "set of all but nothing": {"guests": {"names": ["[!]"]}},
    "second set without an end": {"hosts": {"names": ["[ab][!]c"]}},
    "only [": {"hosts": {"names": ["*", "["]}},
    "too long a pattern": {"hosts": {"names": ["x" * 254]}},
    "too many namespaces": {"guests": {"namespaces": ["shop"] * 65}},
    "namespace with a dot": {"guests": {"namespaces": ["shop.web"]}},
    "text for a list": {"guests": {"names": "web-*"}},
    "label of 64 characters": selector(matchLabels={"tier": LONG_LABEL + "s"}),
    "number for a label": selector(matchLabels={"tier": 1}),
    "unknown operator": selector(matchExpressions=[{"key": "tier", "operator": "in", "values": ["web"]}]),
    "no key": selector(matchExpressions=[{"operator": "Exists"}]),
    "key with a space": selector(matchExpressions=[{"key": "the tier", "operator": "Exists"}]),
    "no values": selector(matchExpressions=[{"key": "tier", "operator": "NotIn", "values": []}]),
    "values too many": selector(matchExpressions=[{"key": "a", "operator": "DoesNotExist", "values": ["b"]}]),
    "alert without labels": {"alerts": [{"matchLabels": {}, "action": "Grow"}]},
    "alert without action": {"alerts": [{"matchLabels": {"alertname": "A"}}]},
    "too many alerts": {"alerts": [{"matchLabels": {"a": "b"}, "action": "Grow"}] * 33},
    "field of another part": {"memory": {"mode": "Enforce"}},
}


def accepted_by_the_server(server: ApiServer, document: dict[str, Any]) -> bool:
    try:
        server.check(POLICIES, document)
    except ApiServerRefused as error:
        complaint = str(error)
    else:
        return True
    # A rule that ends in an error says so in these words.
    assert "evaluating rule" not in complaint
    assert "no such overload" not in complaint
    return False


def accepted_by_the_loader(document: dict[str, Any]) -> bool:
    try:
        parse(json.dumps(document))
    except Unusable:
        return False
    return True


@pytest.mark.parametrize(
    ("spec", "expected"),
    [pytest.param(spec, True, id=words) for words, spec in GOOD.items()]
    + [pytest.param(spec, False, id=words) for words, spec in BAD.items()],
)
def test_api_server_and_loader_agree_on(server: ApiServer, spec: dict[str, Any], *, expected: bool) -> None:
    document = {
        "apiVersion": POLICIES.api_version, "kind": "BalloonPolicy", "metadata": {"name": "one"},
        "spec": spec,
    }  # fmt: skip

    assert accepted_by_the_loader(document) is expected
    assert accepted_by_the_server(server, document) is expected
