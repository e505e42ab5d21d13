"""The heat map of objectives by pillar: cells, and the figure that is drawn from them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from html import escape

import plotly.graph_objects as go

from ztkit.model.assessment import Assessment, ObjectiveResult
from ztkit.model.types import PillarId
from ztkit.report import palette, words
from ztkit.report.figures import layout

THIN_SPACE = "\u2009"
_GATE = 0.35
"""Space between initial and additional objectives, in cells."""


@dataclass(frozen=True)
class Cell:
    """One objective in the heat map.

    Attributes:
        column: place in the row, from 0; additional objectives begin after the widest initial part.
        number: the objective's own number.
    """

    objective: ObjectiveResult
    column: int
    number: str

    @property
    def is_unknown(self) -> bool:
        """Whether nothing at all is known of it."""
        return self.objective.state != "not-applicable" and not self.objective.coverage

    @property
    def is_hatched(self) -> bool:
        """Whether what is unknown decides its state, or some of it is unknown to half or more."""
        state = self.objective.state
        return state == "undetermined" or (
            state != "not-applicable" and self.objective.coverage < Fraction(1, 2)
        )


def heat_cells(assessment: Assessment) -> dict[PillarId, list[Cell]]:
    """Objectives as cells by pillar, in the order of the framework; additional ones stand behind the gate."""
    rows: dict[PillarId, list[ObjectiveResult]] = {}
    for objective in assessment.objectives:
        rows.setdefault(objective.pillar, []).append(objective)
    gate = gate_column(assessment)
    result: dict[PillarId, list[Cell]] = {}
    for pillar, objectives in rows.items():
        first = [item for item in objectives if item.tier != "additional"]
        then = [item for item in objectives if item.tier == "additional"]
        placed = [*enumerate(first), *enumerate(then, start=gate)]
        result[pillar] = [Cell(item, column, item.id.rsplit(".", 1)[-1]) for column, item in placed]
    return result


def gate_column(assessment: Assessment) -> int:
    """Column at which additional objectives begin."""
    pillars = [item.pillar for item in assessment.objectives if item.tier != "additional"]
    return max((pillars.count(pillar) for pillar in pillars), default=0)


def heat_map(assessment: Assessment) -> go.Figure:
    """Objectives by pillar: score as colour and number, state as a sign, unknown hatched, conflicts framed."""
    titles = words.pillar_titles(assessment)
    placed = [(row, cell) for row, cells in enumerate(heat_cells(assessment).values()) for cell in cells]
    gate = gate_column(assessment)
    columns = 1 + max((cell.column for _, cell in placed), default=0)
    colours = [_cell_colour(cell) for _, cell in placed]
    figure = go.Figure()
    figure.add_bar(
        orientation="h", y=[row for row, _ in placed], base=[_left(cell, gate) for _, cell in placed],
        x=[0.94] * len(placed), width=0.9, hovertemplate=[_cell_hover(cell) for _, cell in placed],
        marker={
            "color": [back for back, _ in colours],
            "line": {
                "color": [palette.CONFLICT if cell.objective.conflicts else palette.HATCH for _, cell in placed],
                "width": [3 if cell.objective.conflicts else 0.5 for _, cell in placed],
            },
            "pattern": {
                "shape": ["/" if cell.is_hatched else "" for _, cell in placed],
                "fgcolor": [palette.HATCH] * len(placed), "fillmode": "overlay", "size": 7, "solidity": 0.16,
            },
        },
    )  # fmt: skip
    figure.add_scatter(
        x=[_left(cell, gate) + 0.47 for _, cell in placed], y=[row for row, _ in placed], mode="text", hoverinfo="skip",
        text=[cell_text(cell) for _, cell in placed], textfont={"size": 13, "color": [ink for _, ink in colours]},
    )  # fmt: skip
    pillars = list(heat_cells(assessment))
    for title, at in (("Initial", 0.0), ("Additional", gate + _GATE)):
        if any((cell.objective.tier == "additional") == (title == "Additional") for _, cell in placed):
            figure.add_annotation(
                x=at, y=1, yref="paper", xanchor="left", yanchor="bottom", yshift=4, showarrow=False,
                text=f"<b>{title}</b>", font={"size": 12},
            )  # fmt: skip
    figure.update_layout(
        layout(height=62 * len(pillars) + 40),
        margin={"l": 96, "r": 2, "t": 28, "b": 6},
        barmode="overlay",
        xaxis={"range": [-0.06, columns + _GATE], "visible": False, "fixedrange": True},
        yaxis={
            "range": [len(pillars) - 0.5, -0.5], "tickmode": "array", "tickvals": list(range(len(pillars))),
            "ticktext": [f"<b>{escape(titles.get(pillar, pillar))}</b>" for pillar in pillars],
            "tickfont": {"size": 12}, "showgrid": False, "zeroline": False, "fixedrange": True,
        },
    )  # fmt: skip
    return figure


def cell_text(cell: Cell) -> str:
    """What stands in a cell: its number, sign of its state, a mark of conflict, and the score."""
    objective = cell.objective
    sign = words.OBJECTIVE_STATE[objective.state][0]
    head = f"{cell.number}{THIN_SPACE}{sign}"
    if objective.state == "not-applicable":
        return head
    score = "?" if cell.is_unknown else words.rounded(100 * objective.score.lower)
    return f"{head}<br><b>{score}</b>" + ("<br><b>≠</b>" if objective.conflicts else "")


def _left(cell: Cell, gate: int) -> float:
    return cell.column + (_GATE if cell.column >= gate and cell.objective.tier == "additional" else 0)


def _cell_colour(cell: Cell) -> tuple[str, str]:
    if cell.objective.state == "not-applicable":
        return palette.NOT_APPLICABLE
    return palette.UNKNOWN if cell.is_unknown else palette.of_score(cell.objective.score.lower)


def _cell_hover(cell: Cell) -> str:
    objective = cell.objective
    state = words.OBJECTIVE_STATE[objective.state][1]
    conflict = (
        f"<br>{words.count(objective.conflicts, 'conflict')} between answer and evidence"
        if objective.conflicts
        else ""
    )
    score = "" if objective.state == "not-applicable" else f", {words.percent_interval(objective.score)}"
    return f"{escape(_wrapped(objective.title))}<br>{state}{score}{conflict}<extra></extra>".replace(
        "\n", "<br>"
    )


def _wrapped(title: str, width: int = 46) -> str:
    lines = [""]
    for word in title.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
