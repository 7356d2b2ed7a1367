"""The three servers of a control plane, started in the order in which they need each other."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ballonet_lab.kubernetes.arguments import (
    AUDIT_POLICY,
    Layout,
    api_server_arguments,
    controller_manager_arguments,
    etcd_arguments,
)
from ballonet_lab.kubernetes.certificates import Certificates
from ballonet_lab.kubernetes.kubeconfig import certificate_user, write_kubeconfig
from ballonet_lab.kubernetes.readiness import wait_for_account, wait_until_ready
from ballonet_lab.kubernetes.server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """The servers of one control plane and where its parts are."""

    layout: Layout
    etcd: Server
    api_server: Server
    controllers: Server

    @classmethod
    def of(cls, programs: Path, layout: Layout) -> Self:
        """Return them, none of which runs yet.

        Args:
            programs: the directory of their programs.
            layout: where their files and ports are.
        """

        def server(name: str, arguments: list[str]) -> Server:
            return Server(programs / name, arguments, layout.home / f"{name}.log")

        return cls(
            layout=layout,
            etcd=server("etcd", etcd_arguments(layout)),
            api_server=server("kube-apiserver", api_server_arguments(layout)),
            controllers=server("kube-controller-manager", controller_manager_arguments(layout)),
        )

    def start(self) -> None:
        """Start all and wait until the last one works.

        Raises:
            LabError: one of them does not start.
        """
        self.etcd.start()
        self._prepare()
        self.start_api_server()
        self.controllers.start()
        wait_for_account(self.layout, (self.etcd, self.api_server, self.controllers))

    def start_api_server(self) -> None:
        """Start the API server and wait until it is ready.

        Raises:
            LabError: it does not start.
        """
        self.api_server.start()
        wait_until_ready(self.layout, (self.etcd, self.api_server))

    def reap(self) -> None:
        """Take note that somebody else ended them."""
        for server in (self.controllers, self.api_server, self.etcd):
            server.reap()

    def _prepare(self) -> None:
        """Write what the API server and the controllers read; meanwhile etcd starts."""
        layout = self.layout
        keys = Certificates.make(layout.keys)
        layout.audit_policy.write_text(AUDIT_POLICY)
        for file, name in ((layout.kubeconfig, "admin"), (layout.controllers_kubeconfig, "controllers")):
            user = certificate_user(keys.file(f"{name}.crt"))
            write_kubeconfig(file, layout.server, keys.authority, user)
