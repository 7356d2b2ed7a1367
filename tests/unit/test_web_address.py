"""Where a server listens."""

import os
import socket
import subprocess
import sys

import pytest

from ballonet.errors import ConfigError
from ballonet.web.address import Address, listen, open_sockets, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        pytest.param(":19177", Address("", 19177), id="all interfaces"),
        pytest.param("127.0.0.1:0", Address("127.0.0.1", 0), id="IPv4"),
        pytest.param("[::1]:80", Address("::1", 80), id="IPv6"),
        pytest.param("[::]:80", Address("::", 80), id="all of IPv6"),
        pytest.param(" localhost:80 ", Address("localhost", 80), id="a name"),
    ],
)
def test_an_address_is_read_and_written(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert str(address) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "19177",
        "host",
        "host:",
        "host:http",
        ":65536",
        ":-1",
        ":1٣",
        "::1:80",
        "[::1]",
        "[::1:80",
        "a]:80:",
    ],
)
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match="write host:port"):
        parse_address(text)


def test_all_interfaces_means_both_families() -> None:
    with listen(Address("", 0)) as listener:
        port = listener.getsockname()[1]
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with socket.socket(family) as client:
                client.connect((host, port))


def test_a_taken_address_is_one_line_and_leaves_no_socket() -> None:
    with listen(Address("127.0.0.1", 0)) as listener:
        taken = f"127.0.0.1:{listener.getsockname()[1]}"

        with pytest.raises(ConfigError, match=f"cannot listen on {taken}: Address already in use$"):
            open_sockets(["127.0.0.1:0", taken])


def test_an_unknown_name_is_one_line() -> None:
    with pytest.raises(ConfigError, match=r"cannot listen on no\.such\.name\.invalid:0: "):
        open_sockets(["no.such.name.invalid:0"])


def test_sockets_of_systemd_are_taken_only_if_they_are_for_this_process() -> None:
    with pytest.raises(ConfigError, match="systemd passed no socket"):
        open_sockets([":0"], systemd=True)


def test_a_socket_that_systemd_passes_is_used() -> None:
    program = (
        "import os\n"
        "from ballonet.web.address import open_sockets\n"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')\n"
        "print(open_sockets([], systemd=True)[0].getsockname()[1])\n"
    )
    with listen(Address("127.0.0.1", 0)) as listener:
        child = subprocess.run(
            ["bash", "-c", f'exec "$0" -c "$1" 3<&{listener.fileno()}', sys.executable, program],
            pass_fds=[listener.fileno()],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ,
        )

        assert int(child.stdout) == listener.getsockname()[1]
