"""All rules on a real Prometheus that scrapes all of what exporter and agent say.

promtool's tests give each rule the few series that it needs. Here it meets all of them at once, with hostile
names among them, as in life: a match that finds two partners fails only when it is evaluated.
"""

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import yaml

from alert_rules import RULE_FILES, rules
from ballonet_lab import eventually
from ballonet_lab.monitoring import Prometheus, Target
from golden import DATA

Rules = list[dict[str, Any]]


@contextmanager
def served(name: str) -> Iterator[str]:
    """Serve a golden exposition to whoever asks; yields host and port."""
    body = (DATA / name).read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def impatient_rules() -> str:
    """Return all rules, with alerts that fire at once."""
    groups = [group for path in RULE_FILES for group in yaml.safe_load(path.read_text())["groups"]]
    for group in groups:
        for rule in group["rules"]:
            rule.pop("for", None)
    return yaml.safe_dump({"groups": groups})


def evaluated(prometheus: Prometheus) -> Rules:
    """Return all rules as Prometheus has them, once alerts fire on what it scraped and recorded."""
    with urllib.request.urlopen(f"{prometheus.url}/api/v1/rules") as answer:
        groups = json.load(answer)["data"]["groups"]
    found: Rules = [rule for group in groups for rule in group["rules"]]
    done = prometheus.firing("BallonetHostMemoryFillingUp") and prometheus.firing("BallonetGuestFrozen")
    return found if done and all(rule["health"] != "unknown" for rule in found) else []


@pytest.fixture(scope="module")
def on_prometheus() -> Iterator[Rules]:
    with ExitStack() as stack:
        targets = {
            job: Target(address=stack.enter_context(served(name)), labels={"instance": "kvm-1"})
            for job, name in {
                "ballonet-agent": "agent-metrics.txt",
                "ballonet-exporter": "metrics.txt",
            }.items()
        }
        prometheus = stack.enter_context(Prometheus.launch(targets, rules=impatient_rules()))
        yield eventually(lambda: evaluated(prometheus), "all rules were evaluated")


def test_every_rule_is_evaluated_without_an_error(on_prometheus: Rules) -> None:
    assert [(rule["name"], rule["lastError"]) for rule in on_prometheus if rule["health"] != "ok"] == []
    assert len(on_prometheus) == len(rules())


def test_what_a_guest_is_called_stands_in_the_alert_as_it_is(on_prometheus: Rules) -> None:
    (rule,) = [rule for rule in on_prometheus if rule["name"] == "BallonetGuestStatisticsNeverSeen"]
    hostile = 'say "hi"\\\n'

    assert {alert["labels"]["guest"] for alert in rule["alerts"]} == {"no-driver", hostile}
    assert any(f"Guest {hostile} on kvm-1" in alert["annotations"]["summary"] for alert in rule["alerts"])


def test_no_annotation_has_a_label_that_is_not_there(on_prometheus: Rules) -> None:
    firing = [alert for rule in on_prometheus for alert in rule.get("alerts", [])]
    texts = [text for alert in firing for text in alert["annotations"].values()]

    assert len(firing) > 5
    assert [text for text in texts if "<no value>" in text or "  " in text or "error" in text] == []
