from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from ztkit.model.assessment import IndexChange, Interval, Stage
from ztkit.report import words


def between(lower: float | str, upper: float | str) -> Interval:
    return Interval(lower=lower, upper=upper)


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (Fraction(5, 2), 0, "3"),
        (Fraction(-5, 2), 0, "−3"),
        (Fraction(-1, 5), 0, "0"),
        (Fraction(12345, 10), 1, "1,234.5"),
    ],
)
def test_numbers_round_half_away_from_zero(value: Fraction, digits: int, said: str) -> None:
    assert words.rounded(value, digits) == said


def test_interval_that_rounding_would_hide_gets_a_digit() -> None:
    assert words.interval(between(41, 57)) == "41–57"
    assert words.interval(between(41, 41)) == "41"
    assert words.interval(between("41.2", "41.4")) == "41.2–41.4"


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (Fraction(0), "0 %"),
        (Fraction(1, 1000), "<1 %"),
        (Fraction(999, 1000), ">99 %"),
        (Fraction(1), "100 %"),
        (Fraction(7, 8), "88 %"),
    ],
)
def test_percent_is_never_all_or_nothing_by_rounding(share: Fraction, said: str) -> None:
    assert words.percent(share).replace(words.NBSP, " ") == said


def test_points_never_say_zero_for_some() -> None:
    assert [words.points(Fraction(*pair)) for pair in ((0, 1), (1, 100), (7, 4))] == ["–", "<0.1", "1.8"]


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (Stage(lower=0, upper=0), "Traditional"),
        (Stage(lower=0, upper=2), "Traditional to Optimal"),
        (Stage(lower=0, upper=1, insufficient=True), "Insufficient evidence"),
    ],
)
def test_stage_is_a_name_a_range_or_insufficient(stage: Stage, said: str) -> None:
    assert words.stage(stage) == said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ((40, 50), (44, 54), ("▲", "up 4")),
        ((40, 50), (36, 46), ("▼", "down 4")),
        ((40, 50), (30, 60), ("?", "less is known than before")),
        ((40, 50), (42, 48), ("●", "more is known than before")),
        ((40, 50), (40, 50), ("=", "unchanged")),
        ((40, 50), ("40.01", "50.01"), ("▲", "up under 0.1")),
    ],
)
def test_movement_tells_lost_sight_from_decline(
    before: tuple[int, int], after: tuple[int, int], said: tuple[str, str]
) -> None:
    assert words.movement(IndexChange(before=between(*before), after=between(*after))) == said


def test_dates_and_lists_are_said_in_words() -> None:
    assert words.day(date(2026, 11, 2)).replace(words.NBSP, " ") == "2 November 2026"
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.count(1, "criterion", "criteria").replace(words.NBSP, " ") == "1 criterion"
