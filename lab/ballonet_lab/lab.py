"""A lab: a private libvirtd with real guests, which vanishes without a trace."""

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from ballonet.quantity import GIB
from ballonet_lab.acceleration import kvm_works
from ballonet_lab.closing import Closing
from ballonet_lab.console import Console
from ballonet_lab.daemon import Daemon
from ballonet_lab.domain import GuestSpec, cheap_domain, linux_domain
from ballonet_lab.errors import LabError
from ballonet_lab.guest import LabGuest
from ballonet_lab.image import GuestImage, guest_image
from ballonet_lab.packages import require_programs
from ballonet_lab.qemu import Qemu
from ballonet_lab.virsh import Virsh
from ballonet_lab.warden import Warden

# The type of `Lab.guests`, and of whatever a test uses in its place.
Boot = Callable[[Sequence[GuestSpec]], list[LabGuest]]

# More at once only makes libvirtd's workers wait for each other.
_CREATED_AT_ONCE = 8


@dataclass
class Lab(Closing):
    """A private libvirtd and its guests; use it as a context manager, or call ``close``.

    It ends with the process that started it, however that ends. Attributes:
        directory: everything of it lies there.
        virsh: libvirt's command line, connected to it.
    """

    directory: Path
    virsh: Virsh
    _daemon: Daemon
    _warden: Warden
    _guests: list[LabGuest] = field(default_factory=list)

    @classmethod
    def start(cls, directory: Path | None = None) -> "Lab":
        """Start a private libvirtd.

        Args:
            directory: for its files, removed in the end; a new one in /tmp where None. Sockets lie in it,
                so its path must be short.

        Raises:
            LabError: a part is missing or does not start, or the directory is not empty.
        """
        require_programs("libvirtd", "virsh", "qemu-system-x86_64", "busybox", "unshare", "mount")
        home = _home(directory)
        warden = Warden.start(home)
        try:
            for name in ("console", "disk", "xml"):
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

    def close(self) -> None:
        """Kill the guests and libvirtd, and remove the directory; a second call does nothing."""
        self._hang_up()
        self._daemon.keep_capabilities()
        self._warden.clean()
        self._daemon.reap()

    def keep(self) -> None:
        """Let the lab outlive this process. ``python -m ballonet_lab close DIRECTORY`` ends it then."""
        self._hang_up()
        self._warden.keep()

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

    @cached_property
    def image(self) -> GuestImage:
        """What the guests boot."""
        return guest_image()

    @cached_property
    def kvm(self) -> bool:
        """Whether the guests use the machine's hardware virtualisation."""
        return kvm_works(self.image)

    def guest(  # noqa: PLR0913 - one keyword for each thing that a guest can be.
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
        """Boot several guests at once and wait for all that are not paused.

        Raises:
            LabError: one of them does not boot.
        """
        image, kvm = self.image, self.kvm  # Made here once, not by each thread.
        with ThreadPoolExecutor(max_workers=_CREATED_AT_ONCE) as pool:
            guests = list(pool.map(lambda spec: self._create_linux(spec, image, kvm=kvm), specs))
        with ThreadPoolExecutor(max_workers=max(len(specs), 1)) as pool:
            list(pool.map(LabGuest.wait_ready, (guest for guest in guests if not guest.spec.paused)))
        return guests

    def cheap_guests(self, count: int, prefix: str = "cheap") -> list[Qemu]:
        """Create many guests that are small, paused and without an operating system, for tests of scale.

        Each takes 35 MiB of the host. They have a balloon device and no statistics.
        """
        names = [f"{prefix}-{number:04}" for number in range(count)]
        with ThreadPoolExecutor(max_workers=_CREATED_AT_ONCE) as pool:
            return list(pool.map(self._create_cheap, names))

    def _create_linux(self, spec: GuestSpec, image: GuestImage, *, kvm: bool) -> LabGuest:
        console, disk = self.directory / "console" / spec.name, self.directory / "disk" / spec.name
        if spec.swap:
            with disk.open("wb") as file:
                file.truncate(spec.swap)
        xml = linux_domain(spec, image=image, kvm=kvm, console=console, disk=disk)
        qemu = self._create(spec.name, xml, paused=spec.paused, persistent=spec.persistent)
        guest = LabGuest(
            qemu.name, qemu.virsh, qemu.pid_file, spec=spec, console=Console.connect(spec.name, console)
        )
        self._guests.append(guest)
        return guest

    def _create_cheap(self, name: str) -> Qemu:
        return self._create(name, cheap_domain(name), paused=True, persistent=False)

    def _create(self, name: str, xml: str, *, paused: bool, persistent: bool) -> Qemu:
        file = self.directory / "xml" / f"{name}.xml"
        file.write_text(xml)
        state = ["--paused"] if paused else []
        if persistent:
            self.virsh.run("define", str(file))
            self.virsh.run("start", name, *state)
        else:
            self.virsh.run("create", str(file), *state)
        return Qemu(name, self.virsh, self._daemon.pid_file(name))

    def _hang_up(self) -> None:
        for guest in self._guests:
            guest.console.close()


def _home(directory: Path | None) -> Path:
    """Return the lab's directory, which must be empty: it will be removed with all that is in it."""
    if directory is None:
        return Path(tempfile.mkdtemp(prefix="ballonet-", dir="/tmp"))
    directory.mkdir(parents=True, exist_ok=True)
    home = directory.resolve()
    if any(home.iterdir()):
        raise LabError(f"the lab's directory {home} is not empty: name one that is new")
    if home.is_relative_to("/run"):
        raise LabError(
            f"the lab's directory {home} lies in /run, which its libvirtd does not see: name another"
        )
    return home
