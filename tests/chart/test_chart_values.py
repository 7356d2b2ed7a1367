"""What the chart refuses, and what single values do."""

import json
from typing import Any

import pytest
import yaml

from chart_parts import CHART, ROOT, alerts, complaint, container, of_kind, rendered

VERSION = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
IMAGE = "ballonet/ballonet"
DIGEST = f"sha256:{'0a' * 32}"
RULE = ("--set", "prometheusRule.enabled=true")


@pytest.mark.parametrize(
    ("given", "named", "reason"),
    [
        pytest.param("agnet.enabled=true", "at ''", "'agnet' not allowed", id="a part's name"),
        pytest.param("agent.enabeld=true", "at '/agent'", "'enabeld' not allowed", id="a value's name"),
        pytest.param("agent.host.buget=8Gi", "at '/agent/host'", "'buget' not allowed", id="a deeper name"),
        pytest.param("agent.enabled=yes", "at '/agent/enabled'", "got string, want boolean", id="no boolean"),
        pytest.param("agent.port=high", "at '/agent/port'", "got string, want integer", id="no number"),
        pytest.param("agent.port=70000", "at '/agent/port'", "got 70,000, want 65,535", id="no port"),
        pytest.param("agent.interval=fast", "at '/agent/interval'", "does not match", id="no duration"),
        pytest.param(
            "agent.onExit=forget", "at '/agent/onExit'", "must be one of 'keep', 'release'", id="no choice"
        ),
        pytest.param(
            "agent.alertmanager.urls={alertmanager}",
            "at '/agent/alertmanager/urls/0'", "does not match", id="no URL",
        ),
        pytest.param("hosts.tolerations=all", "at '/hosts/tolerations'", "want array", id="no list"),
        pytest.param(
            "agent.resources.limit.memory=1Gi", "at '/agent/resources'", "'limit' not allowed",
            id="a field of resources",
        ),
        pytest.param("agent.host.budget=8Gig", "at '/agent/host/budget'", "does not match", id="no size"),
        pytest.param("image.registry=https://a", "at '/image/registry'", "does not match", id="no registry"),
        pytest.param("image.repository=", "at '/image/repository'", "got 0, want 1", id="no repository"),
        pytest.param("nameOverride=My_Name", "at '/nameOverride'", "does not match", id="no part of a name"),
        pytest.param("image.digest=1.2.3", "at '/image/digest'", "does not match", id="no digest"),
        pytest.param("fullnameOverride=Ballonet_1", "at '/fullnameOverride'", "does not match", id="no name"),
        pytest.param("monitor.kind=Probe", "at '/monitor/kind'", "'PodMonitor'", id="no kind of monitor"),
        pytest.param(
            "prometheusRule.disabled.BallonetNone=true",
            "at '/prometheusRule/disabled'", "'BallonetNone' not allowed", id="an alert that there is not",
        ),
        pytest.param(
            "prometheusRule.customRules.BallonetAgentDown.severity=high",
            "at '/prometheusRule/customRules/BallonetAgentDown/severity'", "'critical'", id="no severity",
        ),
        pytest.param(
            "policies.web.memory.flor=1Gi", "at '/policies/web/memory'", "'flor' not allowed",
            id="a field of a policy",
        ),
        pytest.param("policies.Web.mode=Observe", "at '/policies'", "'Web' not", id="a policy's name"),
        pytest.param(
            "monitor.enabled=true,monitor.kind=ServiceMonitor,service.enabled=false",
            "monitor.kind", "set service.enabled to true", id="ServiceMonitors without Services",
        ),
        pytest.param(
            "agent.alertmanager.configSecret.name=access",
            "agent.alertmanager.configSecret.name", "say where Alertmanager is", id="no Alertmanager",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_the_place_and_the_reason(given: str, named: str, reason: str) -> None:
    said = complaint("--set", given)

    assert named in said
    assert reason in said


def test_a_chart_that_has_this_one_among_its_own_may_say_what_helm_says_to_it() -> None:
    assert rendered("--set", "global.any=thing,enabled=true")


@pytest.mark.parametrize(
    ("given", "image"),
    [
        pytest.param("", f"{IMAGE}:{VERSION}", id="the chart's own"),
        pytest.param("image.tag=1.2", f"{IMAGE}:1.2", id="a tag"),
        pytest.param("global.imageRegistry=g.example", f"g.example/{IMAGE}:{VERSION}", id="another"),
        pytest.param("image.registry=r.example:5000/", f"r.example:5000/{IMAGE}:{VERSION}", id="a registry"),
        pytest.param(
            f"image.tag=1.2,image.digest={DIGEST}", f"{IMAGE}@{DIGEST}", id="a digest wins over a tag"
        ),
    ],
)  # fmt: skip
def test_all_pods_those_of_the_tests_included_run_the_same_image(given: str, image: str) -> None:
    objects = rendered("--set", given) if given else rendered()

    specs = [each["spec"] for each in objects if each["kind"] == "Pod"]
    specs += [
        each["spec"]["template"]["spec"] for each in objects if each["kind"] in ("DaemonSet", "Deployment")
    ]
    assert len(specs) == 5
    assert {part["image"] for spec in specs for part in spec["containers"]} == {image}


def test_all_rules_are_those_of_the_repository() -> None:
    source = yaml.safe_load((ROOT / "monitoring" / "prometheusrule.yaml").read_text())

    assert of_kind(rendered(*RULE), "PrometheusRule")["spec"] == source["spec"]


def test_each_alert_has_a_switch_of_its_own() -> None:
    source = yaml.safe_load((ROOT / "monitoring" / "prometheusrule.yaml").read_text())
    known = alerts(source)
    properties = json.loads((CHART / "values.schema.json").read_text())["definitions"]["alerts"]["properties"]
    off = {"prometheusRule": {"enabled": True, "disabled": dict.fromkeys(list(known)[::2], True)}}

    rule = of_kind(
        rendered("--set-json", f"prometheusRule={json.dumps(off['prometheusRule'])}"), "PrometheusRule"
    )

    assert set(properties) == set(known)
    assert alerts(rule) == {name: known[name] for name in list(known)[1::2]}
    assert all(group["rules"] for group in rule["spec"]["groups"])


def test_a_group_whose_alerts_are_all_off_is_left_out() -> None:
    source = yaml.safe_load((ROOT / "monitoring" / "prometheusrule.yaml").read_text())
    off = json.dumps(dict.fromkeys(alerts(source), True))

    rule = of_kind(rendered(*RULE, "--set-json", f"prometheusRule.disabled={off}"), "PrometheusRule")

    assert alerts(rule) == {}
    assert len(rule["spec"]["groups"]) == 2


def test_one_alert_may_wait_longer_and_weigh_less_than_it_does_by_default() -> None:
    changed = 'prometheusRule.customRules={"BallonetAgentDown": {"for": "9m", "severity": "info"}}'
    before = alerts(of_kind(rendered(*RULE), "PrometheusRule"))
    after = alerts(of_kind(rendered(*RULE, "--set-json", changed), "PrometheusRule"))

    assert {name for name in before if before[name] != after[name]} == {"BallonetAgentDown"}
    assert after["BallonetAgentDown"]["for"] == "9m"
    assert after["BallonetAgentDown"]["labels"]["severity"] == "info"


def test_runbooks_may_lie_elsewhere() -> None:
    elsewhere = "prometheusRule.runbookUrl=https://wiki.example.org/books"
    found = alerts(of_kind(rendered(*RULE, "--set", elsewhere), "PrometheusRule"))

    assert {name: alert["annotations"]["runbook_url"] for name, alert in found.items()} == {
        name: f"https://wiki.example.org/books/{name}.md" for name in found
    }


@pytest.mark.parametrize(
    ("given", "secrets"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"imagePullSecrets": [{"name": "a"}]}, ["a"], id="of this chart"),
        pytest.param(
            {"imagePullSecrets": [{"name": "a"}], "global": {"imagePullSecrets": ["b", {"name": "c"}]}},
            ["a", "b", "c"], id="of a chart around it as well",
        ),
    ],
)  # fmt: skip
def test_passwords_of_registries_come_from_this_chart_and_the_one_around_it(
    given: dict[str, Any], secrets: list[str] | None
) -> None:
    options = [word for key, value in given.items() for word in ("--set-json", f"{key}={json.dumps(value)}")]
    spec = of_kind(rendered(*options), "DaemonSet", "ballonet-agent")["spec"]["template"]["spec"]

    assert [each["name"] for each in spec.get("imagePullSecrets", [])] == (secrets or [])
    assert ("imagePullSecrets" in spec) is (secrets is not None)


@pytest.mark.parametrize("kind", ["PodMonitor", "ServiceMonitor"])
def test_the_alerts_find_the_jobs_of_both_kinds_of_monitors_whatever_the_release_is_called(kind: str) -> None:
    objects = rendered("--set", f"monitor.enabled=true,monitor.kind={kind}", release="other", namespace="ns")

    monitors = [each for each in objects if each["kind"] == kind]
    relabelings = [endpoint_of(each)["relabelings"] for each in monitors]
    assert [each[0]["replacement"] for each in relabelings] == [
        f"ns/ballonet-{component}" for component in ("exporter", "agent", "controller")
    ]
    assert [[step["targetLabel"] for step in each] for each in relabelings] == [
        ["job", "instance"], ["job", "instance"], ["job"],
    ]  # fmt: skip


def endpoint_of(monitor: dict[str, Any]) -> dict[str, Any]:
    spec = monitor["spec"]
    (endpoint,) = spec.get("podMetricsEndpoints") or spec["endpoints"]
    return dict(endpoint)


@pytest.mark.parametrize(
    ("given", "probe"),
    [
        pytest.param("", {"httpGet": {"path": "/-/ready", "port": "metrics"}}, id="HTTP"),
        pytest.param(
            "webConfig.secretName=web",
            {"httpGet": {"path": "/-/ready", "port": "metrics", "scheme": "HTTPS"}}, id="TLS",
        ),
        pytest.param(
            "webConfig.secretName=web,webConfig.authentication=true",
            {"tcpSocket": {"port": "metrics"}}, id="a password, which the kubelet does not have",
        ),
    ],
)  # fmt: skip
def test_probes_speak_as_the_web_file_wants_it(given: str, probe: dict[str, Any]) -> None:
    objects = rendered("--set", given) if given else rendered()

    for component in ("exporter", "agent", "controller"):
        assert container(objects, component)["readinessProbe"].items() >= probe.items()


def test_a_dashboard_in_a_config_map_is_the_file() -> None:
    objects = rendered("--set", "dashboards.enabled=true")

    for board in ("fleet", "host", "guest"):
        found = of_kind(objects, "ConfigMap", f"ballonet-dashboard-{board}")
        text = (ROOT / "monitoring" / "dashboards" / f"ballonet-{board}.json").read_text()
        assert found["data"] == {f"ballonet-{board}.json": text}
        assert found["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_no_pod_takes_the_addresses_of_services_for_settings_and_the_exporter_has_no_token() -> None:
    objects = rendered()

    workloads = [each for each in objects if each["kind"] in ("DaemonSet", "Deployment")]
    specs = {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in workloads}
    assert {spec["enableServiceLinks"] for spec in specs.values()} == {False}
    assert {name: spec["automountServiceAccountToken"] for name, spec in specs.items()} == {
        "ballonet-exporter": False, "ballonet-agent": True, "ballonet-controller": True,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["ballonet-exporter", "ballonet-agent"])
def test_libvirt_is_mounted_as_a_directory_and_read_only(name: str) -> None:
    spec = of_kind(rendered(), "DaemonSet", name)["spec"]["template"]["spec"]

    (mount,) = [each for each in spec["containers"][0]["volumeMounts"] if each["name"] == "libvirt"]
    (volume,) = [each for each in spec["volumes"] if each["name"] == "libvirt"]
    assert mount == {"name": "libvirt", "mountPath": "/run/libvirt", "readOnly": True}
    assert volume["hostPath"] == {"path": "/run/libvirt", "type": "Directory"}
