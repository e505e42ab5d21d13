"""Colours of figures, safe for colour-blind readers; style.css holds the page's own.

Scores run from orange over sand to blue (after Brewer's PuOr and Okabe-Ito's orange and blue), which stay apart
with every common colour blindness and in grey print. Nothing is told by colour alone.
"""

from __future__ import annotations

from fractions import Fraction

BLUE = "#1f5f8b"
HATCH = "#7a8794"
MARK = "#5b6670"
CONFLICT = "#a2195b"
CLEAR = "rgba(0,0,0,0)"
GRID = "rgba(122,135,148,0.28)"
INK = "#2b3640"
PAPER = "#ffffff"

FLOOR = "#b4560f"
"""The pillar that holds the stage down; its name says so too."""

_STEPS: tuple[tuple[Fraction, str, str], ...] = (
    (Fraction(1, 5), "#b4560f", PAPER),
    (Fraction(2, 5), "#e29a52", INK),
    (Fraction(3, 5), "#f2dfbf", INK),
    (Fraction(4, 5), "#b7d3e6", INK),
    (Fraction(2), "#1f5f8b", PAPER),
)
UNKNOWN = ("#e6e9ec", INK)
NOT_APPLICABLE = ("#f6f7f8", "#5b6670")
LEGEND = tuple(
    (name, colour)
    for name, (_, colour, _) in zip(("0–19", "20–39", "40–59", "60–79", "80–100"), _STEPS, strict=True)
)


def of_score(score: Fraction) -> tuple[str, str]:
    """Colour of a score from 0 to 1, and of the text on it."""
    return next((colour, ink) for limit, colour, ink in _STEPS if score < limit)
