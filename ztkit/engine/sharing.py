"""Rows that several queries read, and what is held of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ztkit.engine.shredding import Part
from ztkit.engine.translation import View


@dataclass
class Shared:
    """Rows that several queries to come read, and what they need of them.

    Attributes:
        file: where they are held.
        columns, parts: what any of them reads.
        places: how often they read it.
        made: whether the file is there.
        refused: whether it could not be written.
    """

    file: Path
    columns: set[str] = field(default_factory=set)
    parts: set[Part] = field(default_factory=set)
    places: int = 0
    made: bool = False
    refused: bool = False

    def add(self, view: View) -> None:
        """Note that one more query reads them."""
        self.columns |= set(view.columns)
        self.parts |= set(view.parts)
        self.places += view.places

    @property
    def held(self) -> list[Part]:
        """The parts that are held; the text of one that is held as JSON is taken from that."""
        return sorted(part for part in self.parts if not part.text or part.as_json not in self.parts)
