"""Puts together what asks for alerts; without an Alertmanager, what speaks HTTP is not even loaded."""

from collections.abc import Callable, Iterable

from ballonet.extras import extra
from ballonet_operator.alerts.flags import AgentAlertmanager
from ballonet_operator.alerts.own_names import OwnNames
from ballonet_operator.alerts.poller import Poller
from ballonet_operator.alerts.unasked import Unasked


def alerts_of(
    options: AgentAlertmanager, host: str, addresses: Callable[[], Iterable[str]]
) -> "Poller | Unasked":
    """Return where alerts come from.

    Raises:
        ConfigError: the file with credentials, or one that it names, cannot be used; or nothing can ask.
    """
    if not options.url:
        return Unasked()
    with extra("operator"):
        from ballonet_operator.alerts.access import Access  # noqa: PLC0415
        from ballonet_operator.alerts.alertmanager import Alertmanager  # noqa: PLC0415

    return Poller(
        [Alertmanager(url, Access(options.config.file)) for url in options.url],
        OwnNames(host, options.identity, addresses),
        interval=options.interval,
        expiry=options.expiry,
    )
