"""Plotly figures of an assessment. Pure: no I/O, no clock. Text colours follow the page by way of style.css."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape

import plotly.graph_objects as go

from ztkit.model.assessment import Assessment, Comparison, Interval
from ztkit.report import palette, words

FONT = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, system-ui, sans-serif'


@dataclass(frozen=True)
class Bar:
    """One bar on a scale of 0 to 100.

    Attributes:
        label: its name; one line.
        note: a second line below the name.
        mark: a word after the name that singles it out.
        verified: what evidence alone proves.
        before: the lower bound of the assessment before.
    """

    label: str
    note: str
    value: Interval
    text: str
    colour: str
    mark: str = ""
    verified: Fraction | None = None
    before: Fraction | None = None


def pillar_rows(assessment: Assessment, comparison: Comparison | None = None) -> list[Bar]:
    """Pillars as bars; what the figure and its alternative text are made from."""
    before = {item.id: item.index.before.lower for item in comparison.pillars} if comparison else {}
    floor = set(assessment.overall.floor)
    if len(floor) == sum(pillar.applicable for pillar in assessment.pillars):
        floor = set()
    return [
        Bar(
            label=pillar.title,
            note=words.stage(pillar.stage),
            mark="lowest" if pillar.id in floor else "",
            value=pillar.index,
            text=words.interval(pillar.index),
            colour=palette.FLOOR if pillar.id in floor else palette.BLUE,
            verified=pillar.verified.lower,
            before=before.get(pillar.id),
        )
        for pillar in assessment.pillars
        if pillar.applicable
    ]


def concern_rows(assessment: Assessment) -> list[Bar]:
    """Concerns that some criterion bears on, as bars."""
    return [
        Bar(
            label=concern.title,
            note=f"{concern.not_met} of {concern.criteria} not met"
            + (f", {concern.unknown} unknown" if concern.unknown else ""),
            value=Interval(lower=100 * concern.score.lower, upper=100 * concern.score.upper),
            text=words.percent_interval(concern.score),
            colour=palette.BLUE,
        )
        for concern in assessment.concerns
        if concern.criteria
    ]


def pillar_bars(assessment: Assessment, comparison: Comparison | None = None) -> go.Figure:
    """Index of each pillar from 0 to 100, with its interval."""
    return interval_bars(pillar_rows(assessment, comparison), left=146)


def concern_bars(assessment: Assessment) -> go.Figure:
    """Score of each concern in percent, with its interval."""
    return interval_bars(concern_rows(assessment), left=4, above=True)


def interval_bars(bars: Sequence[Bar], *, left: int, above: bool = False) -> go.Figure:
    """Horizontal bars: solid up to the lower bound, hatched from there to the upper one.

    Args:
        bars: in the order from top to bottom.
        left: pixels for the names.
        above: names stand above the bars instead of beside them, for long names.
    """
    rows = list(range(len(bars)))
    lower = [float(bar.value.lower) for bar in bars]
    open_ = [float(bar.value.upper - bar.value.lower) for bar in bars]
    hover = [f"{escape(bar.label)}: {bar.text}<br>{escape(bar.note)}<extra></extra>" for bar in bars]
    width = 0.3 if above else 0.46
    figure = go.Figure()
    figure.add_bar(
        orientation="h", y=rows, x=lower, width=width, hovertemplate=hover,
        marker={"color": [bar.colour for bar in bars], "line": {"width": 0}},
    )  # fmt: skip
    figure.add_bar(
        orientation="h", y=rows, x=open_, base=lower, width=width, hovertemplate=hover,
        marker={
            "color": palette.CLEAR,
            "line": {"color": palette.HATCH, "width": [1 if size else 0 for size in open_]},
            "pattern": {"shape": "/", "fgcolor": palette.HATCH, "bgcolor": palette.CLEAR, "size": 6, "solidity": 0.22},
        },
    )  # fmt: skip
    _add_marks(figure, [bar.verified for bar in bars], "diamond", "Proven by evidence alone")
    _add_marks(figure, [bar.before for bar in bars], "triangle-up", "Last time, at least", shift=0.37)
    _add_names(figure, bars, above=above)
    names = [f"{_name(bar)}<br>{escape(bar.note)}" for bar in bars]
    figure.update_layout(
        layout(height=(62 if above else 52) * len(bars) + 46),
        margin={"l": left, "r": 74, "t": 14, "b": 30},
        barmode="overlay",
        xaxis={**_SCALE, "range": [0, 100.5]},
        yaxis={
            "range": [len(bars) - 0.5, -0.62], "tickmode": "array", "tickvals": rows, "ticktext": names,
            "showticklabels": not above, "tickfont": {"size": 12}, "ticks": "outside", "ticklen": 7, "tickcolor": palette.CLEAR, "showgrid": False, "zeroline": False, "fixedrange": True,
        },
    )  # fmt: skip
    return figure


def trend(history: Sequence[Assessment]) -> go.Figure:
    """Index over assessments, oldest first: a line through the lower bounds, a hatched band up to the upper ones."""
    at = [item.at.isoformat() for item in history]
    lower = [float(item.overall.index.lower) for item in history]
    upper = [float(item.overall.index.upper) for item in history]
    text = [words.interval(item.overall.index) for item in history]
    hover = [
        f"{words.day(item.at)}: {value} of 100<br>{words.stage(item.overall.stage)}<extra></extra>"
        for item, value in zip(history, text, strict=True)
    ]
    figure = go.Figure()
    figure.add_scatter(x=at, y=lower, mode="lines", line={"width": 0}, hoverinfo="skip")
    figure.add_scatter(
        x=at, y=upper, mode="lines", line={"color": palette.HATCH, "width": 1, "dash": "dot"}, hoverinfo="skip",
        fill="tonexty", fillcolor=palette.CLEAR,
        fillpattern={"shape": "/", "fgcolor": palette.HATCH, "bgcolor": palette.CLEAR, "size": 6, "solidity": 0.18},
    )  # fmt: skip
    figure.add_scatter(
        x=at, y=lower, mode="lines+markers+text", text=[f"<b>{value}</b>" for value in text], textposition="bottom center",
        textfont={"size": 12}, cliponaxis=False, hovertemplate=hover,
        line={"color": palette.BLUE, "width": 2.5},
        marker={"size": 9, "color": palette.BLUE, "line": {"color": palette.PAPER, "width": 1.5}},
    )  # fmt: skip
    figure.update_layout(
        layout(height=260),
        margin={"l": 34, "r": 34, "t": 14, "b": 34},
        xaxis={
            "tickmode": "array", "tickvals": at, "ticktext": [_short(item) for item in history], "showgrid": False,
            "fixedrange": True, "automargin": True, "tickfont": {"size": 11},
        },
        yaxis={**_SCALE, "range": [0, 100]},
    )  # fmt: skip
    return figure


def describe_bars(bars: Sequence[Bar], subject: str) -> str:
    """A figure of bars as one sentence, for those who cannot see it."""
    parts = "; ".join(
        ", ".join(part for part in (f"{bar.label} {bar.text}", bar.note, bar.mark) if part) for bar in bars
    )
    return f"Bar chart, {subject}: {parts}."


def describe_trend(history: Sequence[Assessment]) -> str:
    """The trend as one sentence."""
    return (
        "Line chart, index over time: "
        + "; ".join(f"{words.day(item.at)} {words.interval(item.overall.index)}" for item in history)
        + "."
    )


_SCALE = {
    "tickmode": "array", "tickvals": [0, 25, 50, 75, 100], "gridcolor": palette.GRID, "zeroline": False,
    "fixedrange": True, "tickfont": {"size": 11},
}  # fmt: skip


def layout(height: int) -> dict[str, object]:
    """What all figures have in common."""
    return {
        "template": "none",
        "height": height,
        "showlegend": False,
        "paper_bgcolor": palette.CLEAR,
        "plot_bgcolor": palette.CLEAR,
        "font": {"family": FONT, "color": palette.INK},
        "hoverlabel": {
            "bgcolor": palette.INK,
            "font": {"family": FONT, "color": palette.PAPER, "size": 13},
            "align": "left",
        },
        "dragmode": False,
    }


def _add_names(figure: go.Figure, bars: Sequence[Bar], *, above: bool) -> None:
    """The number of each bar to its right, and its name above it where names are long."""
    for row, bar in enumerate(bars):
        figure.add_annotation(
            x=1, xref="paper", y=row, xanchor="left", xshift=10, showarrow=False, text=f"<b>{bar.text}</b>",
            font={"size": 14},
        )  # fmt: skip
        if above:
            figure.add_annotation(
                x=0, y=row, yshift=22, xanchor="left", xshift=-3, showarrow=False, align="left",
                text=_name(bar), font={"size": 13},
            )  # fmt: skip


def _name(bar: Bar) -> str:
    return f"<b>{escape(bar.label)}</b>" + (f" · {escape(bar.mark)}" if bar.mark else "")


def _add_marks(
    figure: go.Figure, values: Sequence[Fraction | None], symbol: str, name: str, shift: float = 0
) -> None:
    """A mark on every bar that has such a value, or a little below the bar."""
    shown = [(row, float(value)) for row, value in enumerate(values) if value is not None]
    if shown:
        figure.add_scatter(
            x=[value for _, value in shown], y=[row + shift for row, _ in shown], mode="markers", cliponaxis=False,
            marker={"symbol": symbol, "size": 9, "color": palette.PAPER, "line": {"color": palette.MARK, "width": 1.5}},
            hovertemplate=[f"{name}: {value:.0f}<extra></extra>" for _, value in shown],
        )  # fmt: skip


def _short(item: Assessment) -> str:
    return f"{item.at.day} {words.MONTHS[item.at.month - 1][:3]}<br>{item.at.year}"
