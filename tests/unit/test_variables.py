"""Variables of the environment that look like flags and are none."""

import pytest

from ballonet.settings import load
from ballonet.variables import names, strangers
from ballonet_exporter.settings import ExporterSettings
from ballonet_operator.settings import AgentSettings


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        pytest.param("BALLONET_HOST_BUDGET", "did you mean BALLONET_HOST__BUDGET?", id="one underscore"),
        pytest.param("BALLONET_INTERVALL", "did you mean BALLONET_INTERVAL?", id="a letter too many"),
        pytest.param("BALLONET_ZZZ", "--help lists all", id="like nothing there is"),
    ],
)
def test_a_variable_that_names_no_flag_is_told_of(name: str, meant: str) -> None:
    assert strangers(AgentSettings, [name]) == [
        f"{name} names no flag of this program and does nothing: {meant}"
    ]


@pytest.mark.parametrize(
    "name",
    [
        "BALLONET_HOST__BUDGET",
        "BALLONET_POLICIES",
        "BALLONET_WEB__CONFIG__FILE",
        "BALLONET_EXPORTER_SERVICE_HOST",
        "BALLONET_EXPORTER_SERVICE_PORT_METRICS",
        "BALLONET_EXPORTER_PORT",
        "BALLONET_EXPORTER_PORT_19177_TCP_ADDR",
        "HOME",
    ],
)
def test_a_flag_and_what_kubernetes_says_of_services_are_not_told_of(name: str) -> None:
    assert strangers(AgentSettings, [name]) == []


def test_every_flag_has_a_variable_that_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"BALLONET_LIBVIRT__URI", "BALLONET_SCRAPE__DEADLINE"} <= set(names(ExporterSettings))
    monkeypatch.setenv("BALLONET_LIBVIRT__URI", "test:///default")
    assert load(ExporterSettings, [], program="p", description="").libvirt.uri == "test:///default"


def test_the_program_warns_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BALLONET_LIBVIRT_URI", "test:///default")
    load(ExporterSettings, [], program="ballonet-exporter", description="")
    assert capsys.readouterr().err == (
        "ballonet-exporter: warning: BALLONET_LIBVIRT_URI names no flag of this program and does nothing: "
        "did you mean BALLONET_LIBVIRT__URI?\n"
    )
