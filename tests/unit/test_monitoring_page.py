"""The examples of docs/monitoring.md: Prometheus, Alertmanager and promtool take them as they stand there."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from alert_rules import ROOT, alerts, blocks, promtool, unknown_names

PAGE = ROOT / "docs/monitoring.md"
EXAMPLES = list(blocks(PAGE, "yaml"))
CONFIGURATIONS = [text for text in EXAMPLES if text.split("\n", 1)[0].endswith("prometheus.yml")]
SELECTOR = re.compile(r'^up\{job=~"(?P<pattern>[^"]*)"\} == 0$')


def example(mark: str) -> str:
    """Return the one example that has these words."""
    (found,) = [text for text in EXAMPLES if mark in text]
    return found


def job_patterns() -> list[str]:
    return [match["pattern"] for rule in alerts().values() if (match := SELECTOR.match(rule["expr"]))]


def jobs() -> list[str]:
    """Every job of the page, as its alerts have it; a PodMonitor's is its namespace and name."""
    scraped = [job["job_name"] for text in CONFIGURATIONS for job in yaml.safe_load(text)["scrape_configs"]]
    monitors = [each["metadata"] for each in yaml.safe_load_all(example("kind: PodMonitor"))]
    return scraped + [f"{each['namespace']}/{each['name']}" for each in monitors]


@pytest.mark.parametrize("text", CONFIGURATIONS, ids=range(len(CONFIGURATIONS)))
def test_prometheus_takes_every_configuration(text: str, tmp_path: Path) -> None:
    file = tmp_path / "prometheus.yml"
    # Debian builds its Prometheus without the discovery of Kubernetes.
    file.write_text(
        re.sub(r"kubernetes_sd_configs:\n.*\n.*\n", 'static_configs: [{targets: ["a:1"]}]\n', text)
    )

    promtool("check", "config", "--syntax-only", file)


def test_alertmanager_takes_its_configuration(tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(example("inhibit_rules"))

    subprocess.run(["amtool", "check-config", file], check=True, capture_output=True)


def test_alertmanager_is_told_of_alerts_that_exist() -> None:
    named = re.findall(r'alertname="(\w+)"', example("inhibit_rules"))

    assert named
    assert set(named) <= set(alerts())


def test_every_job_is_one_that_the_alerts_select() -> None:
    assert len(job_patterns()) == 2
    unselected = [job for job in jobs() if not any(re.fullmatch(each, job) for each in job_patterns())]

    assert unselected == ["ballonet/ballonet-controller"]


@pytest.mark.parametrize(("job", "port"), [("ballonet-exporter", 19177), ("ballonet-agent", 19178)])
def test_hosts_in_a_file_are_scraped_at_the_port_and_named_without_it(
    job: str, port: int, tmp_path: Path
) -> None:
    (tmp_path / "kvm.yaml").write_text(example("cluster: east"))
    configuration = tmp_path / "prometheus.yml"
    configuration.write_text(example("file_sd_configs").replace("/etc/prometheus/hosts", str(tmp_path)))

    found: list[dict[str, Any]] = json.loads(
        promtool("check", "service-discovery", "--timeout=1s", configuration, job)
    )

    labels = [target["labels"] for target in found]
    assert [(each["__address__"], each["instance"], each["cluster"]) for each in labels] == [
        (f"{host}:{port}", host, "east") for host in ("kvm-1", "kvm-2", "kvm-3")
    ]


def test_its_queries_are_promql_on_metrics_that_exist(tmp_path: Path) -> None:
    queries = list(blocks(PAGE, "promql"))
    recorded = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "page", "rules": recorded}]}))

    promtool("check", "rules", "--lint=none", file)
    assert queries
    assert unknown_names(PAGE.read_text()) == set()


def test_every_alert_is_in_the_table_for_people() -> None:
    rows = re.findall(r"^\| \[(\w+)\]\(runbooks/\1\.md\) \| (\w+) \|", PAGE.read_text(), re.MULTILINE)

    assert dict(rows) == {name: rule["labels"]["severity"] for name, rule in alerts().items()}
