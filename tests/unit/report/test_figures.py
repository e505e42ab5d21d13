from __future__ import annotations

import json
from fractions import Fraction

import pytest

from tests.unit.report import estate
from ztkit.model.assessment import Assessment
from ztkit.report import figures, heatmap, palette, words


@pytest.fixture(scope="module")
def mixed() -> Assessment:
    return estate.build()


def test_bar_ends_where_the_interval_begins_and_the_hatched_part_where_it_ends(mixed: Assessment) -> None:
    solid, hatched = figures.pillar_bars(mixed).data[:2]
    for row, pillar in enumerate(mixed.pillars):
        assert solid.x[row] == float(pillar.index.lower)
        assert hatched.base[row] + hatched.x[row] == pytest.approx(float(pillar.index.upper))
    assert hatched.marker.pattern.shape == "/"


def test_lowest_pillar_is_named_and_not_only_coloured(mixed: Assessment) -> None:
    rows = figures.pillar_rows(mixed)
    assert [row.mark for row in rows if row.colour == palette.FLOOR] == ["lowest"]
    assert "lowest" in figures.describe_bars(rows, "x")


def test_no_pillar_is_lowest_where_all_are_alike() -> None:
    rows = figures.pillar_rows(estate.build(value=Fraction(1), exceptions=0))
    assert {row.colour for row in rows} == {palette.BLUE}


def test_heat_map_has_a_cell_for_each_objective_and_says_its_state(mixed: Assessment) -> None:
    cells = [cell for row in heatmap.heat_cells(mixed).values() for cell in row]
    assert [cell.objective.id for cell in cells] == [item.id for item in mixed.objectives]
    assert len(cells) == 31
    for cell in cells:
        said = heatmap.cell_text(cell)
        assert words.OBJECTIVE_STATE[cell.objective.state][0] in said
        assert ("≠" in said) == bool(cell.objective.conflicts)


def test_heat_map_draws_the_same_cells(mixed: Assessment) -> None:
    bars, texts = heatmap.heat_map(mixed).data
    cells = [cell for row in heatmap.heat_cells(mixed).values() for cell in row]
    assert list(texts.text) == [heatmap.cell_text(cell) for cell in cells]
    assert [shape == "/" for shape in bars.marker.pattern.shape] == [cell.is_hatched for cell in cells]
    assert [colour == palette.CONFLICT for colour in bars.marker.line.color] == [
        bool(cell.objective.conflicts) for cell in cells
    ]


def test_additional_objectives_stand_behind_the_gate(mixed: Assessment) -> None:
    gate = heatmap.gate_column(mixed)
    for row in heatmap.heat_cells(mixed).values():
        assert all((cell.column >= gate) == (cell.objective.tier == "additional") for cell in row)


def test_everything_unknown_is_hatched_and_never_zero() -> None:
    unknown = estate.build(value=None)
    cells = [cell for row in heatmap.heat_cells(unknown).values() for cell in row]
    assert all(cell.is_hatched and cell.is_unknown for cell in cells)
    assert all("<b>?</b>" in heatmap.cell_text(cell) for cell in cells)


def test_trend_has_a_point_for_each_assessment() -> None:
    data = estate.compared()
    line = figures.trend(data.history).data[-1]
    assert list(line.y) == [float(item.overall.index.lower) for item in data.history]


def test_colours_run_over_the_whole_scale() -> None:
    assert len({palette.of_score(Fraction(n, 10))[0] for n in range(11)}) == 5
    assert palette.of_score(Fraction(4, 5)) == palette.of_score(Fraction(1))


@pytest.mark.parametrize("pillars", [("network",), ("identity", "data"), ()])
def test_figures_of_part_of_the_pillars(pillars: tuple[str, ...]) -> None:
    part = estate.build(pillars=pillars)
    for figure in (figures.pillar_bars(part), figures.concern_bars(part), heatmap.heat_map(part)):
        json.loads(figure.to_json())


def test_hostile_titles_are_text_in_hover_labels(mixed: Assessment) -> None:
    objective = mixed.objectives[0].model_copy(update={"title": estate.HOSTILE})
    bad = mixed.model_copy(update={"objectives": (objective, *mixed.objectives[1:])})
    hover = heatmap.heat_map(bad).data[0].hovertemplate[0]
    assert "<script" not in hover
    assert "<img" not in hover
