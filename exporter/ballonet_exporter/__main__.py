"""``ballonet-exporter``: read flags, listen, answer until told to stop."""

import logging
import re
import signal
import sys
import threading
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING

from ballonet import logs
from ballonet.errors import ConfigError
from ballonet.hypervisor import Hypervisor
from ballonet.machine import read_host
from ballonet.notify import Notifier
from ballonet.web.address import open_sockets
from ballonet.web.server import Server
from ballonet_exporter.application import Application
from ballonet_exporter.collector import Collector, GuestCollector, HostCollector, Scraper
from ballonet_exporter.options import Options, read_options
from ballonet_exporter.process import read_process

if TYPE_CHECKING:
    from ballonet.web.rules import RulesFile

log = logging.getLogger("ballonet_exporter")


def main() -> int:
    """Run the exporter and return its exit code."""
    options = read_options(sys.argv[1:])
    logs.configure(logs.Level(options.log_level), logs.Format(options.log_format))
    try:
        serve(options)
    except ConfigError as error:
        sys.stderr.write(f"ballonet-exporter: error: {error}\n")
        return 2
    return 0


def serve(options: Options) -> None:
    """Answer until SIGTERM or SIGINT.

    Raises:
        ConfigError: an address or the web file cannot be used.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    rules = _rules(options)
    sockets = open_sockets(options.listen, systemd=options.systemd_socket)
    hypervisor = Hypervisor(options.uri, read_only=True, deadline=options.deadline)
    application = _application(options, hypervisor)
    server = Server(sockets, application.routes(options.telemetry_path), rules=rules)
    server.start()
    log.info(
        "listening",
        extra={"version": version("ballonet"), "address": server.addresses, "libvirt_uri": options.uri},
    )
    notifier = Notifier()
    notifier.send("READY=1", f"STATUS=listening on {', '.join(map(str, server.addresses))}")
    while not stop.wait(notifier.pace):
        if server.turning():
            notifier.send("WATCHDOG=1")
    notifier.send("STOPPING=1")
    log.info("stopping")
    server.stop()
    hypervisor.close()


def _application(options: Options, hypervisor: Hypervisor) -> Application:
    selects = _selection(options.include, options.exclude)
    there: list[Collector] = [GuestCollector(hypervisor.read, selects=selects), HostCollector(read_host)]
    scraper = Scraper([collector for collector in there if collector.name in options.collectors])
    return Application(
        scraper, deadline=options.deadline, timeout_offset=options.timeout_offset, own=read_process
    )


def _selection(include: str, exclude: str) -> Callable[[str], bool]:
    """Return whether a guest of this name is exported; an empty pattern says nothing."""
    wanted, unwanted = re.compile(include or ".*", re.DOTALL), re.compile(exclude or "(?!)")
    return lambda name: bool(wanted.fullmatch(name)) and not unwanted.fullmatch(name)


def _rules(options: Options) -> "RulesFile | None":
    if options.web_file is None:
        return None
    from ballonet.web.rules import RulesFile  # noqa: PLC0415 - 10 MiB that most exporters do not need.

    return RulesFile(options.web_file)


if __name__ == "__main__":
    sys.exit(main())
