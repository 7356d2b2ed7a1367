"""``python -m ballonet_lab``: build what takes long ahead of time, run a Kubernetes API, end a left lab."""

import signal
import sys
from pathlib import Path

import click

from ballonet_lab.cleanup import remove_lab
from ballonet_lab.container import build_image
from ballonet_lab.debian import build_package
from ballonet_lab.errors import LabError
from ballonet_lab.image import guest_image
from ballonet_lab.kubernetes import ControlPlane, Node
from ballonet_lab.kubernetes.clients import find_clients
from ballonet_lab.kubernetes.labkube import build_servers
from ballonet_lab.packages import require_programs


@click.group()
def commands() -> None:
    """Real guests for tests and the demo."""


@commands.command()
def image() -> None:
    """Build the guest image where it is missing and print its directory."""
    require_programs("busybox", "apt-cache", "apt-get", "dpkg-deb")
    click.echo(guest_image().kernel.parent)


@commands.command()
def container_image() -> None:
    """Build the container image of this checkout where it is missing and print its archive."""
    click.echo(build_image())


@commands.command()
def kubernetes() -> None:
    """Build etcd and Kubernetes where they are missing, fetch kubectl, and print the servers' directory."""
    find_clients()
    click.echo(build_servers())


@commands.command()
def control_plane() -> None:
    """Run a Kubernetes API with nothing in it until Ctrl-C, and print how to reach it."""
    ends = {signal.SIGINT, signal.SIGTERM}
    with ControlPlane.start() as plane:
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        click.echo(f"export KUBECONFIG={plane.kubeconfig} PATH={find_clients()}:$PATH")
        signal.sigwait(ends)


@commands.command()
def node() -> None:
    """Run a whole Kubernetes node until Ctrl-C, and print how to reach it; needs root."""
    ends = {signal.SIGINT, signal.SIGTERM}
    with Node.start() as node:
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        click.echo(f"export KUBECONFIG={node.kubeconfig} PATH={find_clients()}:$PATH")
        click.echo(f"{' '.join(node.entrance)} kubectl get pods --all-namespaces")
        signal.sigwait(ends)


@commands.command()
def debian_package() -> None:
    """Build the project's Debian package where it is missing and print its file."""
    click.echo(build_package())


@commands.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False, exists=True))
def close(directory: Path) -> None:
    """Kill the guests and the libvirtd of the lab in DIRECTORY, and remove it."""
    if not (directory / "libvirtd.conf").exists():
        raise LabError(f"{directory} is no lab")
    remove_lab(directory.resolve())


def main() -> int:
    """Carry out one command; an error is one line."""
    try:
        commands(prog_name="python -m ballonet_lab")
    except LabError as error:
        click.echo(f"lab: error: {error}", err=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
