"""A lab: a private libvirtd with real guests, which vanishes without a trace."""

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from ballonet.quantity import GIB
from ballonet_lab.console import Console
from ballonet_lab.daemon import Daemon
from ballonet_lab.domain import GuestSpec, linux_domain
from ballonet_lab.guest import LabGuest
from ballonet_lab.image import guest_image
from ballonet_lab.packages import require_programs
from ballonet_lab.virsh import Virsh
from ballonet_lab.warden import Warden


@dataclass(slots=True)
class Lab:
    """A private libvirtd and its guests; use it as a context manager, or call ``close``."""

    directory: Path
    virsh: Virsh
    _daemon: Daemon
    _warden: Warden

    @classmethod
    def start(cls, directory: Path | None = None) -> "Lab":
        """Start a private libvirtd.

        Args:
            directory: where everything of it lies, removed in the end; a new one in /tmp where None.

        Raises:
            LabError: a part is missing or does not start.
        """
        require_programs("libvirtd", "virsh", "qemu-system-x86_64", "busybox", "unshare", "mount")
        home = Path(tempfile.mkdtemp(prefix="ballonet-", dir="/tmp")) if directory is None else directory  # noqa: S108
        home.mkdir(parents=True, exist_ok=True)
        warden = Warden.start(home)
        try:
            for name in ("console", "disk"):
                (home / name).mkdir()
            daemon = Daemon.prepare(home)
            daemon.start()
        except BaseException:
            warden.clean()
            raise
        return cls(home, Virsh(daemon.uri), daemon, warden)

    @property
    def uri(self) -> str:
        """The libvirt URI for reading and writing."""
        return self._daemon.uri

    @property
    def read_only_uri(self) -> str:
        """The libvirt URI of the read-only socket; an ordinary user's libvirtd has only the one socket."""
        return self._daemon.read_only_uri

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill the guests and libvirtd, and remove the directory."""
        self._warden.clean()
        self._daemon.reap()

    def start_libvirtd(self) -> None:
        """Start libvirtd again; it finds its guests again."""
        self._daemon.start()

    def stop_libvirtd(self) -> None:
        """Stop libvirtd; guests go on without it."""
        self._daemon.stop()

    def restart_libvirtd(self) -> None:
        """Restart libvirtd as an update of its package does; guests survive."""
        self.stop_libvirtd()
        self.start_libvirtd()

    def guest(
        self,
        name: str,
        maximum: int = GIB,
        *,
        current: int | None = None,
        memory_stats_period: int = 2,
        model: Literal["virtio", "none"] = "virtio",
        driver: bool = True,
        autodeflate: bool = False,
        free_page_reporting: bool = False,
        swap: int = 0,
        vcpus: int = 1,
        paused: bool = False,
        persistent: bool = False,
        metadata: str | None = None,
    ) -> LabGuest:
        """Boot one guest and wait for it; ``GuestSpec`` says what the arguments mean."""
        spec = GuestSpec(
            name=name,
            maximum=maximum,
            current=current,
            memory_stats_period=memory_stats_period,
            model=model,
            driver=driver,
            autodeflate=autodeflate,
            free_page_reporting=free_page_reporting,
            swap=swap,
            vcpus=vcpus,
            paused=paused,
            persistent=persistent,
            metadata=metadata,
        )
        return self.guests([spec])[0]

    def guests(self, specs: Sequence[GuestSpec]) -> list[LabGuest]:
        """Boot several guests at once and wait for all of them.

        Raises:
            LabError: one of them does not boot.
        """
        with ThreadPoolExecutor(max_workers=max(len(specs), 1)) as pool:
            guests = list(pool.map(self._create, specs))
            list(pool.map(LabGuest.wait_ready, (guest for guest in guests if not guest.spec.paused)))
        return guests

    def _create(self, spec: GuestSpec) -> LabGuest:
        """Create a guest without waiting for it."""
        console, disk = self.directory / "console" / spec.name, self.directory / "disk" / spec.name
        if spec.swap:
            with disk.open("wb") as file:
                file.truncate(spec.swap)
        xml = self.directory / "console" / f"{spec.name}.xml"
        xml.write_text(linux_domain(spec, image=guest_image(), kvm=False, console=console, disk=disk))
        if spec.persistent:
            self.virsh.run("define", str(xml))
            self.virsh.run("start", spec.name, *(["--paused"] if spec.paused else []))
        else:
            self.virsh.run("create", str(xml), *(["--paused"] if spec.paused else []))
        return LabGuest(
            spec, self.virsh, Console.connect(spec.name, console), self._daemon.pid_file(spec.name)
        )
