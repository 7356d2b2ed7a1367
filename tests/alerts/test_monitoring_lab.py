"""The servers that the tests of alerts start: they work, and they go."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ballonet_lab import LabError, eventually
from ballonet_lab.cleanup import lab_processes
from ballonet_lab.monitoring import Alertmanager, Prometheus, Target

SCRIPT = """
import sys
from ballonet_lab.monitoring import Alertmanager
with Alertmanager.launch() as launched:
    print(launched._service.directory, flush=True)
    sys.stdin.read()
"""
RULES = "groups: [{name: own, rules: [{alert: Always, expr: 'up > %s'}]}]"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_the_process_that_started_it_is_ended(number: signal.Signals) -> None:
    caller = subprocess.Popen([sys.executable, "-c", SCRIPT], stdin=-1, stdout=-1, text=True)
    assert caller.stdout is not None
    directory = Path(caller.stdout.readline().strip())
    assert len(lab_processes(directory)) == 1
    caller.send_signal(number)
    caller.communicate(timeout=10)
    eventually(lambda: not directory.exists(), "its directory is removed")
    assert lab_processes(directory) == []


def test_prometheus_scrapes_alerts_and_remembers() -> None:
    with Alertmanager.launch() as alertmanager:
        scraped = {"alertmanager": Target(address=alertmanager.address, labels={"instance": "kvm-1:1"})}
        with Prometheus.launch(scraped, RULES % 5, [alertmanager.address]) as prometheus:
            eventually(lambda: prometheus.query("up == 1"), "it has scraped")
            assert not prometheus.firing("Always")
            prometheus.reload(RULES % 0)
            eventually(lambda: alertmanager.firing("Always"), "the alert fires")
            assert alertmanager.alerts()[0]["labels"]["instance"] == "kvm-1:1"
            (found,) = prometheus.query_range("up", time.time() - 60, time.time())
            assert found.labels["instance"] == "kvm-1:1"
            assert {value for _, value in found.values} == {1.0}
            with pytest.raises(LabError, match="refused: 500"):
                prometheus.reload("groups: nonsense")
