"""Puts drawn panels together to a dashboard, and a dashboard to the text of its file."""

import json
from collections.abc import Iterator
from typing import Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from dashboards.drawing import drawn
from dashboards.links import RUNBOOKS, TAG
from dashboards.panel import Board, Event, Row
from dashboards.promql import expanded
from dashboards.variables import SOURCE, VARIABLES

# How far apart the moments are for which an event is asked; events say "a minute ago" themselves.
_STEP: Final = "60s"


class _Mark(model.AnnotationQuery):
    """An annotation with the fields that only Prometheus has, which the SDK leaves out."""

    def __init__(self, event: Event) -> None:
        super().__init__(
            name=event.name,
            datasource=SOURCE,
            enable=True,
            icon_color=event.color,
            expr=expanded(event.expr),
            built_in=None,
        )
        self.text = event.text

    def to_json(self) -> dict[str, object]:
        """Return all of it, as Grafana's own editor writes it."""
        extra = {"step": _STEP, "titleFormat": self.name, "textFormat": self.text, "tagKeys": ""}
        return {**super().to_json(), **extra}


def text(board: Board) -> str:
    """Return what stands in the dashboard's file."""
    return json.dumps(_built(board), cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _built(board: Board) -> model.Dashboard:
    made = build.Dashboard(board.title).uid(board.uid).description(board.about).tags([TAG])
    made.time("now-3h", "now").refresh("30s").timezone("browser").editable()
    made.tooltip(model.DashboardCursorSync.CROSSHAIR)
    made.variables([VARIABLES[name]() for name in board.variables]).links(list(_links()))
    for row in board.rows:
        _add(made, row)
    built = made.build()
    built.annotations = model.AnnotationContainer(list_val=[_Mark(event) for event in board.events])
    _number(built)
    return built


def _add(made: build.Dashboard, row: Row) -> None:
    if row.collapsed:
        folded = build.Row(row.title)
        for panel in row.panels:
            folded.with_panel(drawn(panel))
        made.with_row(folded)
        return
    made.with_row(build.Row(row.title))
    for panel in row.panels:
        made.with_panel(drawn(panel))


def _number(built: model.Dashboard) -> None:
    """Give panels their ids, which addresses of single panels contain: in order, rows included."""
    for number, panel in enumerate(_every(built), start=1):
        panel.id_val = number


def _every(built: model.Dashboard) -> Iterator[model.Panel | model.RowPanel]:
    for panel in built.panels or ():
        yield panel
        if isinstance(panel, model.RowPanel):
            yield from panel.panels


def _links() -> Iterator[build.DashboardLink]:
    boards = build.DashboardLink("Ballonet").type(model.DashboardLinkType.DASHBOARDS).tags([TAG])
    yield boards.include_vars(True).keep_time(True)
    runbooks = build.DashboardLink("Runbooks").type(model.DashboardLinkType.LINK)
    yield runbooks.url(RUNBOOKS.replace("/blob/", "/tree/")).icon("doc").target_blank(True)
