"""What a person can choose at the top of a dashboard; every name but that of the data source is a label's."""

from collections.abc import Callable, Mapping
from typing import Final

from grafana_foundation_sdk.builders.dashboard import DatasourceVariable, QueryVariable
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

from dashboards.promql import expanded

SOURCE: Final = model.DataSourceRef(type_val="prometheus", uid="${datasource}")

# Not every host, and not every cluster, has both exporter and agent.
_CLUSTERS: Final = '{__name__=~"ballonet_up|ballonet_agent_build_info"}'
_HOSTS: Final = '{__name__=~"ballonet_up|ballonet_agent_build_info",@fleet}'
_GUESTS: Final = '{__name__=~"ballonet_guest_state|ballonet_guest_decision",@host}'


def _query(name: str, label: str, about: str, selector: str) -> QueryVariable:
    return (
        QueryVariable(name)
        .label(label)
        .description(about)
        .datasource(SOURCE)
        .query(expanded(selector))
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
    )


def _source() -> DatasourceVariable:
    return (
        DatasourceVariable("datasource")
        .label("Data source")
        .description("The Prometheus that scrapes Ballonet.")
        .type("prometheus")
    )


def _cluster() -> QueryVariable:
    # Where series have no such label, only a pattern that matches nothing at all finds them.
    every = model.VariableOption(text="All", value="$__all", selected=True)
    about = "The label cluster, where several clusters write to one Prometheus."
    made = _query("cluster", "Cluster", about, f"label_values({_CLUSTERS}, cluster)")
    return made.multi(True).include_all(True).all_value(".*").current(every)


def _host() -> QueryVariable:
    # That several may be chosen makes Grafana escape the name for use in a regular expression.
    about = "The label instance without its port. Of several hosts the sums are shown."
    made = _query("host", "Host", about, f"label_values({_HOSTS}, instance)")
    return made.multi(True).regex(r"/^(.+?)(?::\d+)?$/")


def _guest() -> QueryVariable:
    return _query("guest", "Guest", "The libvirt domain.", f"label_values({_GUESTS}, guest)")


VARIABLES: Final[Mapping[str, Callable[[], Builder[model.VariableModel]]]] = {
    "datasource": _source,
    "cluster": _cluster,
    "host": _host,
    "guest": _guest,
}
"""How each variable is made, by its name."""
