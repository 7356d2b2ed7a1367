"""Turns panels into what Grafana reads, with grafana-foundation-sdk; decides how each kind of panel looks.

Which panels there are, and what they ask, is decided elsewhere.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import common, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as look
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.links import OF_COLUMN
from dashboards.panel import Alarm, Column, Figure, Graph, Panel, Table, Timeline
from dashboards.promql import expanded
from dashboards.variables import SOURCE

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_STEPS: Final = {
    Alarm.ANY: (model.Threshold(value=None, color="green"), model.Threshold(value=1, color="red")),
    Alarm.BELOW_ZERO: (model.Threshold(value=None, color="red"), model.Threshold(value=0, color="green")),
    Alarm.NEVER: (model.Threshold(value=None, color="text"),),
}
_WORDS: Final = model.ValueMap(
    options={
        "0": model.ValueMappingResult(text="no", color="text", index=0),
        "1": model.ValueMappingResult(text="yes", color="blue", index=1),
    }
)

P = TypeVar("P", stat.Panel, timeseries.Panel, statetimeline.Panel, table.Panel)


def drawn(panel: Panel) -> Builder[model.Panel]:
    """Return the panel as the SDK builds it."""
    match panel:
        case Figure():
            return _figure(panel)
        case Graph():
            return _graph(panel)
        case Timeline():
            return _timeline(panel)
        case Table():
            return _table(panel)
    raise TypeError(f"no drawing for {type(panel).__name__}")


def _framed(made: P, panel: Panel) -> P:
    made.title(panel.title).description(panel.about).datasource(SOURCE).unit(panel.unit)
    made.height(panel.height).span(panel.width)
    return made


def _queries(lines: Mapping[str, str]) -> Iterator[prometheus.Dataquery]:
    for letter, (legend, expr) in zip(LETTERS, lines.items(), strict=False):
        query = prometheus.Dataquery().ref_id(letter).datasource(SOURCE)
        yield query.expr(expanded(expr)).legend_format(legend).range()


def _instant(letter: str, expr: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().ref_id(letter).datasource(SOURCE).expr(expanded(expr)).instant()


def _thresholds(alarm: Alarm) -> build.ThresholdsConfig:
    return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(list(_STEPS[alarm]))


def _figure(panel: Figure) -> stat.Panel:
    named = bool(panel.legend)
    made = _framed(stat.Panel(), panel).thresholds(_thresholds(panel.alarm))
    made.with_target(_instant("A", panel.expr).legend_format(panel.legend or panel.title))
    made.color_mode(look.BigValueColorMode.VALUE).graph_mode(look.BigValueGraphMode.NONE)
    made.text_mode(look.BigValueTextMode.NAME if named else look.BigValueTextMode.VALUE)
    made.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    return made.mappings([_WORDS]) if panel.words else made


def _graph(panel: Graph) -> timeseries.Panel:
    legend = common.VizLegendOptions().show_legend(True).placement(look.LegendPlacement.BOTTOM)
    made = _framed(timeseries.Panel(), panel).targets(list(_queries({**panel.lines, **panel.limits})))
    made.legend(legend.display_mode(look.LegendDisplayMode.TABLE).calcs(["lastNotNull", "max"]))
    made.tooltip(common.VizTooltipOptions().mode(look.TooltipDisplayMode.MULTI).sort(look.SortOrder.NONE))
    made.line_width(1).fill_opacity(40 if panel.stacked else 0).axis_soft_min(0)
    made.show_points(look.VisibilityMode.NEVER)
    if panel.stacked:
        made.stacking(common.StackingConfig().mode(look.StackingMode.NORMAL).group("A"))
    for letter in LETTERS[len(panel.lines) :][: len(panel.limits)]:
        made.override_by_query(letter, _limit())
    return made


def _limit() -> list[model.DynamicConfigValue]:
    return [
        model.DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [8, 6]}),
        model.DynamicConfigValue(id_val="custom.fillOpacity", value=0),
        model.DynamicConfigValue(id_val="custom.stacking", value={"mode": "none", "group": "A"}),
    ]


def _timeline(panel: Timeline) -> statetimeline.Panel:
    made = _framed(statetimeline.Panel(), panel).targets(list(_queries(panel.lines)))
    legend = common.VizLegendOptions().show_legend(False).placement(look.LegendPlacement.BOTTOM)
    made.legend(legend.display_mode(look.LegendDisplayMode.LIST))
    made.thresholds(_thresholds(Alarm.NEVER)).mappings([_WORDS])
    return made.show_value(look.VisibilityMode.NEVER).row_height(0.9).merge_values(True)


def _table(panel: Table) -> table.Panel:
    made = _framed(table.Panel(), panel).filterable(True)
    for letter, column in zip(LETTERS, panel.columns, strict=False):
        made.with_target(_instant(letter, column.expr).format(PromQueryFormat.TABLE))
    made.with_transformation(model.DataTransformerConfig(id_val="merge", options={}))
    made.with_transformation(model.DataTransformerConfig(id_val="organize", options=_organized(panel)))
    for column in (each for each in panel.columns if each.title):
        made.override_by_name(column.title, _column(column))
    for title in (each for each in panel.keys.values() if each in OF_COLUMN):
        name, url = OF_COLUMN[title]
        made.override_by_name(title, [_property("links", [{"title": name, "url": url}])])
    return made.sort_by(list(_sorting(panel.sort)))


def _column(column: Column) -> list[model.DynamicConfigValue]:
    if column.alarm is Alarm.NEVER:
        return [_property("unit", column.unit)]
    steps = _thresholds(column.alarm).build()
    cell = _property("custom.cellOptions", {"type": "color-text"})
    return [_property("unit", column.unit), cell, _property("thresholds", steps)]


def _property(name: str, value: object) -> model.DynamicConfigValue:
    return model.DynamicConfigValue(id_val=name, value=value)


def _sorting(title: str) -> Iterable[common.TableSortByFieldState]:
    if title:
        yield common.TableSortByFieldState().display_name(title.lstrip("-")).desc(title.startswith("-"))


def _organized(panel: Table) -> dict[str, dict[str, object]]:
    """Return the order and titles of columns. Grafana calls a value by its query where there are several."""
    values = {f"Value #{letter}": each.title for letter, each in zip(LETTERS, panel.columns, strict=False)}
    values["Value"] = panel.columns[0].title
    titles = {**panel.keys, **values}
    return {
        "excludeByName": {"Time": True, **{name: True for name, title in values.items() if not title}},
        "indexByName": {name: place for place, name in enumerate(titles)},
        "renameByName": {name: title for name, title in titles.items() if title},
    }
