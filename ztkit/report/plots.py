"""Puts a Plotly figure into a page: data without code, an alternative text, a key, and the numbers as a table."""

from __future__ import annotations

import plotly.graph_objects as go

from ztkit.report import palette
from ztkit.report.markup import Content, Html, details, join, tag

_IN_SCRIPT = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def plot(
    figure: go.Figure,
    identifier: str,
    alternative: str,
    *,
    key: Html,
    numbers: Html | None = None,
    caption: str = "",
) -> Html:
    """A figure with everything around it.

    Args:
        figure: drawn by the page's one script from the data that goes with it.
        identifier: unique in the page.
        alternative: says what the figure shows to those who cannot see it.
        key: what its signs mean.
        numbers: the same numbers as a table, where no table nearby has them.
        caption: a sentence below.
    """
    data = str(figure.to_json(remove_uids=True)).translate(_IN_SCRIPT)
    foot: list[Content] = [key]
    if caption:
        foot.append(tag("p", caption))
    if numbers is not None:
        foot.append(details("Show the numbers", numbers, class_="numbers"))
    return tag(
        "figure",
        tag(
            "div", id=identifier, class_="plot", role="img", aria_label=alternative,
            style=f"height:{figure.layout.height}px",
        ),
        Html(f'<script type="application/json" data-plot="{identifier}">{data}</script>'),
        tag("figcaption", *foot),
    )  # fmt: skip


def bar_key(*, verified: bool, before: bool, floor: bool) -> Html:
    """The key of bars with intervals."""
    entries = [
        _entry("solid", "at least, from what is known"),
        _entry("hatched", "at most, if all that is unknown were well"),
    ]
    if floor:
        entries[0] = _entry("solid", "at least, from what is known (orange: the lowest pillar)")
    if verified:
        entries.append(_entry("diamond", "proven by evidence alone"))
    if before:
        entries.append(_entry("triangle", "last time, at least"))
    return tag("ul", *entries, class_="key")


def heat_key() -> Html:
    """The key of the heat map."""
    steps = [
        tag("li", tag("span", class_="swatch", style=f"background:{colour}", aria_hidden="true"), name)
        for name, colour in palette.LEGEND
    ]
    signs = [
        _entry("hatched", "much is unknown"),
        tag("li", "✓ met"),
        tag("li", "✕ not met"),
        tag("li", "? not yet known"),
        tag("li", "– does not apply"),
        _entry("framed", "≠ answer and evidence disagree"),
    ]
    return join([tag("ul", *steps, class_="key"), tag("ul", *signs, class_="key")])


def trend_key() -> Html:
    """The key of the trend."""
    return tag(
        "ul",
        _entry("line", "at least"),
        _entry("hatched", "at most, if all that is unknown were well"),
        class_="key",
    )


def _entry(swatch: str, name: str) -> Html:
    return tag("li", tag("span", class_=f"swatch {swatch}", aria_hidden="true"), name)
