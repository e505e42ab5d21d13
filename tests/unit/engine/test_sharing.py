"""What is held of rows that several queries read."""

from __future__ import annotations

from pathlib import Path

from ztkit.content.kql import Source
from ztkit.engine.sharing import Shared
from ztkit.engine.shredding import Part
from ztkit.engine.translation import OBJECTS, View


def test_the_text_of_what_is_held_as_json_is_not_held_again():
    source = Source("resources", None, 1, None)
    shared = Shared(Path("held"))
    as_json, text = Part("properties", '$."a"', text=False), Part("properties", '$."a"', text=True)
    other = Part("properties", '$."b"', text=True)
    shared.add(View("one", source, ("id",), (as_json, other)))
    shared.add(View("two", source, ("id", "name"), (text,)))
    assert shared.columns == {"id", "name"}
    assert shared.held == [as_json, other]
    assert shared.places == 2


def test_a_query_that_reads_arrays_of_objects_or_reads_twice_reads_more():
    source = Source("resources", None, 1, None)
    as_json, text = Part("properties", '$."a"', text=False), Part("properties", '$."a"', text=True)
    assert View("one", source, ("id", "name"), (text,)).width == 3
    assert View("one", source, ("id", "name"), (as_json,)).width == 2 + OBJECTS
    assert View("one", source, ("id", "name"), (text,), places=2).width == 6
