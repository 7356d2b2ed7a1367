"""What the command line says where Kubernetes shows it nothing: one line, and the exit code."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ballonet_lab.kubernetes import ControlPlane
from command_line import Done, ballonet


@pytest.fixture(scope="module")
def bare_plane() -> Iterator[ControlPlane]:
    """A control plane in which nobody has installed Ballonet."""
    with ControlPlane.start() as plane:
        yield plane


COMMANDS = pytest.mark.parametrize(
    "arguments",
    [("hosts",), ("hosts", "node-1"), ("policies",), ("policy", "explain", "web")],
    ids=" ".join,
)


def told(done: Done) -> tuple[int, str]:
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.returncode, done.stderr.removesuffix("\n")


def kinds(arguments: tuple[str, ...]) -> tuple[str, str, str]:
    """Return how errors name what a command reads first, its resource, and the verb."""
    if arguments[0] == "hosts":
        return "BalloonHosts", "balloonhosts", "get" if len(arguments) > 1 else "list"
    return "BalloonPolicies", "balloonpolicies", "list"


@COMMANDS
def test_without_a_kubeconfig_it_says_how_to_name_one(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert told(ballonet(*arguments, home=tmp_path)) == (
        2,
        (
            "Error: no kubeconfig: there is none at ~/.kube/config: "
            "name one with --kubeconfig or in KUBECONFIG, the file that kubectl uses for the cluster"
        ),
    )


def test_the_kubeconfig_of_kubectl_is_found(control_plane: ControlPlane, tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_bytes(control_plane.kubeconfig.read_bytes())

    assert ballonet("hosts", home=tmp_path).returncode == 0


def test_the_flag_wins_over_the_environment(control_plane: ControlPlane, tmp_path: Path) -> None:
    flag = ("--kubeconfig", str(control_plane.kubeconfig))

    assert ballonet("hosts", *flag, kubeconfig=tmp_path / "none").returncode == 0


@COMMANDS
def test_a_kubeconfig_that_is_not_there_is_named(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert told(ballonet(*arguments, kubeconfig=tmp_path / "none")) == (
        2,
        (
            f"Error: {tmp_path / 'none'}: there is no such kubeconfig: "
            "name one with --kubeconfig or in KUBECONFIG"
        ),
    )


def test_a_kubeconfig_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a: [", encoding="utf-8")
    code, line = told(ballonet("hosts", kubeconfig=tmp_path / "config"))

    assert code == 2
    assert line.startswith(f"Error: {tmp_path / 'config'}: is not a kubeconfig: ")


def test_a_context_that_is_not_in_the_kubeconfig_is_named(control_plane: ControlPlane) -> None:
    code, line = told(ballonet("hosts", "--context", "moon", kubeconfig=control_plane.kubeconfig))

    assert code == 2
    assert "moon" in line


@COMMANDS
def test_who_has_no_right_is_told_which_one_is_missing(
    arguments: tuple[str, ...], control_plane: ControlPlane
) -> None:
    what, resource, verb = kinds(arguments)
    named = ' "node-1"' if verb == "get" else ""
    code, line = told(
        ballonet(*arguments, kubeconfig=control_plane.kubeconfig_of(control_plane.token("nobody")))
    )

    assert code == 1
    assert line == (
        f"Error: Kubernetes refuses to show {what}: {resource}.ballonet.dev{named} is forbidden: "
        f'User "system:serviceaccount:ballonet:nobody" cannot {verb} resource "{resource}" in API group '
        f'"ballonet.dev" at the cluster scope: ask for the right to get and list {resource}.ballonet.dev'
    )


@COMMANDS
def test_who_is_not_known_is_told_to_renew_the_credentials(
    arguments: tuple[str, ...], control_plane: ControlPlane
) -> None:
    what, _, _ = kinds(arguments)

    assert told(ballonet(*arguments, kubeconfig=control_plane.kubeconfig_of("no.such.token"))) == (
        1,
        (
            f"Error: Kubernetes refuses to show {what}: Unauthorized: the credentials are not accepted: "
            "renew them, or name others with --kubeconfig or --context"
        ),
    )


@COMMANDS
def test_where_ballonet_is_not_installed_it_says_how_to_install_it(
    arguments: tuple[str, ...], bare_plane: ControlPlane
) -> None:
    what, _, _ = kinds(arguments)

    assert told(ballonet(*arguments, kubeconfig=bare_plane.kubeconfig)) == (
        2,
        (
            f"Error: this cluster does not know {what}, so Ballonet is not installed in it: "
            "`kubectl apply --server-side -f crds/` in Ballonet's source makes them known"
        ),
    )


@pytest.fixture
def lost_plane(bare_plane: ControlPlane) -> Iterator[ControlPlane]:
    """A control plane whose API server is away."""
    bare_plane.stop_api_server()
    try:
        yield bare_plane
    finally:
        bare_plane.start_api_server()


def test_an_api_server_that_is_away_is_one_line(lost_plane: ControlPlane) -> None:
    for arguments in (("hosts",), ("hosts", "node-1"), ("policies",), ("policy", "explain", "web")):
        code, line = told(ballonet(*arguments, kubeconfig=lost_plane.kubeconfig))

        assert code == 1
        assert line.startswith(f"Error: Kubernetes does not answer: {lost_plane.server}: ")
        assert line.endswith("Connection refused: see whether `kubectl cluster-info` does better")
        assert "object at 0x" not in line
