from __future__ import annotations

import plotly.graph_objects as go

from tests.unit.report.estate import HOSTILE
from ztkit.report.markup import Column, Html, join, table, tag
from ztkit.report.plots import plot


def test_text_is_escaped_and_markup_is_kept() -> None:
    assert tag("p", "<b>", tag("i", "&")).text == "<p>&lt;b&gt;<i>&amp;</i></p>"


def test_attributes_are_escaped() -> None:
    assert (
        tag("p", title='"><script>', class_="x", hidden=None).text
        == '<p title="&quot;&gt;&lt;script&gt;" class="x"></p>'
    )


def test_control_and_direction_marks_do_not_reach_the_page() -> None:
    assert join(["a\u202eb\x00c\u2066"]).text == "ab\ufffdc"


def test_markup_does_not_print_itself() -> None:
    made = Html("<p>secret</p>")
    assert "secret" not in repr(made)
    assert made._repr_html_() == "<p>secret</p>"


def test_table_has_caption_scopes_and_scrolls_with_the_keyboard() -> None:
    made = table("Things", [Column("A"), Column("B", "number")], [("x", "1")]).text
    for part in (
        "<caption",
        'scope="col"',
        'scope="row"',
        'tabindex="0"',
        'role="region"',
        'aria-label="Table: Things"',
    ):
        assert part in made


def test_figure_data_cannot_end_its_script() -> None:
    figure = go.Figure(layout={"height": 10, "title": HOSTILE})
    made = plot(figure, "f", HOSTILE, key=Html("")).text
    assert made.count("<script") == 1
    assert made.count("</script>") == 1
    assert "<img" not in made
