"""A private libvirtd: its own directories and sockets, so that the machine's own libvirtd is never touched.

As root it runs in a mount namespace in which the lab's directories lie over libvirt's usual ones, since
their paths are compiled in. Its sockets are below the lab's directory, where everybody can reach them. As
an ordinary user it is a session daemon, which finds all its directories in the environment.
"""

import os
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballonet_lab.capabilities import keep_capabilities, offer_capabilities
from ballonet_lab.errors import LabError
from ballonet_lab.packages import find_program

_PATIENCE: Final = 30.0

# All of /run is covered: there D-Bus lives as well, through which libvirtd would register its guests with the
# machine's systemd.
_COVERED: Final = {
    "run": "/run",
    "etc": "/etc/libvirt",
    "lib": "/var/lib/libvirt",
    "cache": "/var/cache/libvirt",
    "log": "/var/log/libvirt",
}
_COVER: Final = 'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit; shift 2; done; shift; exec "$@"'

# The guests run as the caller; none of the machine's confinement knows the lab's directories; log files are
# written by QEMU itself, since virtlogd is not there.
_QEMU_CONFIGURATION: Final = """\
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = []
namespaces = []
remember_owner = 0
stdio_handler = "file"
"""


@dataclass(slots=True)
class Daemon:
    """A libvirtd that can be stopped and started again; the guests live on in between."""

    directory: Path
    privileged: bool
    _process: subprocess.Popen[bytes] | None = None

    @classmethod
    def prepare(cls, directory: Path) -> "Daemon":
        """Write the configuration of a daemon whose files are all below ``directory``."""
        daemon = cls(directory, privileged=os.geteuid() == 0)
        for name in _COVERED:
            (directory / name).mkdir()
        home = directory / "etc" if daemon.privileged else directory / "etc" / "libvirt"
        home.mkdir(exist_ok=True)
        (home / "qemu.conf").write_text(
            _QEMU_CONFIGURATION if daemon.privileged else _session(_QEMU_CONFIGURATION)
        )
        daemon._configuration.write_text(daemon._settings())
        offer_capabilities(daemon._capabilities)
        return daemon

    @property
    def uri(self) -> str:
        """The connection URI for reading and writing."""
        return f"qemu+unix:///{self._driver}?socket={self._socket}"

    @property
    def read_only_uri(self) -> str:
        """The connection URI of the read-only socket; a session daemon has only the one socket."""
        return f"{self.uri}-ro" if self.privileged else self.uri

    def pid_file(self, guest: str) -> Path:
        """Return the file that holds the process id of a guest's QEMU."""
        place = "run/libvirt/qemu" if self.privileged else "run/libvirt/qemu/run"
        return self.directory / place / f"{guest}.pid"

    def start(self) -> None:
        """Start it and wait until it accepts connections.

        Raises:
            LabError: it does not start, or does not answer in time.
        """
        log = self.directory / "log" / "start.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=self._environment(), cwd="/", start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + _PATIENCE
        while not self._accepts():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise LabError(f"the private libvirtd does not start: {_last_line(log)}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it as an update of the package does; guests go on."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def reap(self) -> None:
        """Take note that somebody else ended it."""
        if self._process is not None:
            self._process.wait(_PATIENCE)
            self._process = None

    def keep_capabilities(self) -> None:
        """Remember what it has found out about QEMU for the next one."""
        keep_capabilities(self._capabilities)

    @property
    def _capabilities(self) -> Path:
        place = "cache/qemu" if self.privileged else "cache/libvirt/qemu"
        return self.directory / place / "capabilities"

    @property
    def _driver(self) -> str:
        return "system" if self.privileged else "session"

    @property
    def _socket(self) -> Path:
        return self.directory / "libvirt-sock"

    @property
    def _configuration(self) -> Path:
        return self.directory / "libvirtd.conf"

    def _settings(self) -> str:
        return (
            f'unix_sock_dir = "{self.directory}"\n'
            'auth_unix_ro = "none"\nauth_unix_rw = "none"\n'
            f'log_outputs = "3:file:{self.directory}/log/libvirtd.log"\n'
        )

    def _command(self) -> list[str]:
        daemon = [find_program("libvirtd"), "--config", str(self._configuration)]
        if not self.privileged:
            return daemon
        covers = [word for name, place in _COVERED.items() for word in (str(self.directory / name), place)]
        namespace = [find_program("unshare"), "--mount", "--propagation", "private"]
        return [*namespace, "sh", "-c", _COVER, "sh", *covers, "--", *daemon]

    def _environment(self) -> dict[str, str]:
        environment = dict(os.environ)
        if not self.privileged:
            names = {
                "XDG_RUNTIME_DIR": "run",
                "XDG_CONFIG_HOME": "etc",
                "XDG_DATA_HOME": "lib",
                "XDG_CACHE_HOME": "cache",
            }
            environment |= {variable: str(self.directory / name) for variable, name in names.items()}
        return environment

    def _accepts(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
            client.connect(str(self._socket))
            return True
        return False


def _session(configuration: str) -> str:
    """Return the settings that mean something to a session daemon, whose guests run as its own user."""
    return "".join(
        line for line in configuration.splitlines(keepends=True) if not line.startswith(("user", "group"))
    )


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it says nothing")
