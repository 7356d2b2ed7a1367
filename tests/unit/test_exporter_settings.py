"""The exporter's flags: what they come to, and the one line about what cannot be used."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ballonet_exporter.options import Options
from ballonet_exporter.settings import options

DEFAULTS = Options(
    log_level="info",
    log_format="logfmt",
    uri="qemu:///system",
    listen=(":19177",),
    systemd_socket=False,
    telemetry_path="/metrics",
    web_file=None,
    deadline=3.0,
    timeout_offset=0.5,
    collectors=frozenset({"guest", "host"}),
    include="",
    exclude="",
)


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("BALLONET_"):
            monkeypatch.delenv(name)


def parsed(*flags: str) -> Options:
    code, found = options(flags)
    assert (code, found is None) == (0, False)
    assert found is not None
    return found


def test_it_works_without_flags() -> None:
    assert parsed() == DEFAULTS


@pytest.mark.parametrize(
    ("flags", "field", "value"),
    [
        pytest.param(["--libvirt.uri", "qemu:///session"], "uri", "qemu:///session", id="a hypervisor"),
        pytest.param(["--web.listen-address=:1"], "listen", (":1",), id="an address"),
        pytest.param(
            ["--web.listen-address", "[::1]:1", "--web.listen-address", "127.0.0.1:1"],
            "listen",
            ("[::1]:1", "127.0.0.1:1"),
            id="addresses",
        ),
        pytest.param(["--web.telemetry-path=/m"], "telemetry_path", "/m", id="a path"),
        pytest.param(["--web.config.file=/etc/w.yml"], "web_file", Path("/etc/w.yml"), id="a web file"),
        pytest.param(["--web.systemd-socket"], "systemd_socket", True, id="sockets of systemd"),
        pytest.param(["--scrape.deadline=500ms"], "deadline", 0.5, id="a deadline"),
        pytest.param(["--scrape.timeout-offset=0"], "timeout_offset", 0.0, id="no offset"),
        pytest.param(["--no-collector.host"], "collectors", frozenset({"guest"}), id="no host"),
        pytest.param(
            ["--no-collector.guest", "--no-collector.host"], "collectors", frozenset(), id="nothing"
        ),
        pytest.param(["--guest.include=web-.*|db"], "include", "web-.*|db", id="some guests"),
        pytest.param(["--guest.exclude", "test.*"], "exclude", "test.*", id="not some guests"),
        pytest.param(["--log.level=debug"], "log_level", "debug", id="a level"),
        pytest.param(["--log.format=json"], "log_format", "json", id="a format"),
    ],
)
def test_a_flag_sets_its_option_and_nothing_else(flags: list[str], field: str, value: object) -> None:
    found = parsed(*flags)

    assert getattr(found, field) == value
    assert [name for name in Options.__slots__ if getattr(found, name) != getattr(DEFAULTS, name)] == [field]


def test_variables_do_what_flags_do_and_flags_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BALLONET_LIBVIRT__URI", "test:///default")
    monkeypatch.setenv("BALLONET_WEB__LISTEN_ADDRESS", "[::1]:1, :2")
    monkeypatch.setenv("BALLONET_WEB__CONFIG__FILE", "/w.yml")
    monkeypatch.setenv("BALLONET_COLLECTOR__HOST", "false")
    monkeypatch.setenv("BALLONET_SCRAPE__DEADLINE", "2s")

    found = parsed("--libvirt.uri=qemu:///session")

    assert found.uri == "qemu:///session"
    assert found.listen == ("[::1]:1", ":2")
    assert found.web_file == Path("/w.yml")
    assert found.collectors == {"guest"}
    assert found.deadline == 2.0


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        pytest.param(["--nothing"], "unrecognized arguments: --nothing; ", id="an unknown flag"),
        pytest.param(["stray"], "unrecognized arguments: stray; ", id="a stray word"),
        pytest.param(["--web.listen"], "unrecognized arguments: --web.listen", id="half a flag"),
        pytest.param(["--libvirt.uri"], "argument --libvirt.uri: expected one argument; ", id="no value"),
        pytest.param(["--libvirt.uri="], "libvirt.uri: '': ", id="an empty value"),
        pytest.param(
            ["--web.listen-address=19177"], "web.listen-address: '19177' is not an address", id="no address"
        ),
        pytest.param(["--web.telemetry-path=m"], "web.telemetry-path: 'm' is no path", id="no path"),
        pytest.param(["--web.telemetry-path=/-/ready"], "web.telemetry-path: ", id="a probe's path"),
        pytest.param(
            ["--scrape.deadline=soon"], "scrape.deadline: 'soon' is not a duration", id="no duration"
        ),
        pytest.param(["--scrape.deadline=0"], "scrape.deadline: '0': ", id="no time"),
        pytest.param(
            ["--guest.include=("], "guest.include: '(' is no regular expression", id="no expression"
        ),
        pytest.param(["--log.level=loud"], "log.level: 'loud': ", id="no level"),
        pytest.param(["--collector.host=maybe"], "--collector.host", id="a value where there is none"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_code_2(
    flags: list[str], complaint: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert options(flags) == (2, None)

    written = capfd.readouterr()
    assert written.out == ""
    assert written.err.startswith("ballonet-exporter: error: ")
    assert complaint in written.err
    assert written.err.count("\n") == 1


def test_a_variable_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BALLONET_LOG__LEVEL", "loud")

    assert options([]) == (2, None)
    assert "log.level: 'loud'" in capfd.readouterr().err


def test_a_variable_of_no_flag_in_a_known_group_is_refused(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BALLONET_LIBVIRT__ULI", "test:///default")

    assert options([]) == (2, None)
    assert "libvirt.uli: no such flag, but a variable of the environment" in capfd.readouterr().err


def run(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ballonet_exporter", *flags],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_names_every_flag_and_says_nothing_in_python() -> None:
    done = run("--help")

    assert (done.returncode, done.stderr) == (0, "")
    for flag in (
        "--web.listen-address ADDRESS",
        "--web.telemetry-path",
        "--web.config.file FILE",
        "--web.systemd-socket",
        "--libvirt.uri",
        "--scrape.deadline DURATION",
        "--scrape.timeout-offset DURATION",
        "--collector.guest, --no-collector.guest",
        "--guest.include",
        "--guest.exclude",
        "--log.level",
        "--log.format",
        "--version",
    ):
        assert flag in done.stdout
    assert "such as 1s or 500ms (default:" in done.stdout
    assert "3s)" in done.stdout
    assert not re.search(r"list\[|None|JSON|Path|\bstr\b", done.stdout)


def test_the_version_is_that_of_the_distribution() -> None:
    done = run("--version")

    assert done.returncode == 0
    assert re.fullmatch(r"ballonet-exporter \d+\.\d+\.\d+\S*\n", done.stdout)


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        pytest.param(["--scrape.deadline=x"], "scrape.deadline", id="a flag"),
        pytest.param(["--web.config.file=/no/such/file"], "/no/such/file: cannot read it", id="the web file"),
        pytest.param(["--web.listen-address=192.0.2.1:1"], "cannot listen on 192.0.2.1:1", id="an address"),
    ],
)
def test_the_program_ends_with_one_line_and_code_2(flags: list[str], complaint: str) -> None:
    done = run(*flags)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ballonet-exporter: error: ")
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_exporter_itself_does_without_what_reads_the_flags() -> None:
    program = (
        "import sys; sys.argv = ['x'];"
        "from ballonet_exporter import __main__, options;"
        "found = options.read_options(['--scrape.deadline=4s']);"
        "print(found.deadline, [name for name in ('pydantic', 'yaml', 'bcrypt', 'prometheus_client') "
        "if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout == "4.0 []\n"
