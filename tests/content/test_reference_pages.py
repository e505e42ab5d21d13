"""The reference pages in docs/checks are those that the content gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ztkit.content.library import shipped_library
from ztkit.content.reference import coverage, pages

FOLDER = Path(__file__).parents[2] / "docs" / "checks"
LIBRARY = shipped_library()
PAGES = pages(LIBRARY)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_up_to_date(name):
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name], "run `make docs`"


def test_there_is_no_other_page():
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


def test_every_check_stands_on_its_page_and_in_the_index():
    for check in LIBRARY.checks.values():
        assert f'<a id="{check.id}"></a>' in PAGES[f"{check.pillar}.md"]
        assert f"[{check.id}]({check.pillar}.md#{check.id})" in PAGES["README.md"]


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_to_something(name):
    anchors = {page: set(re.findall(r'<a id="([^"]+)">', text)) for page, text in PAGES.items()}
    for page, anchor in re.findall(r"\]\(([a-z]+\.md|README\.md)(?:#([^)]+))?\)", PAGES[name]):
        assert page in PAGES
        assert not anchor or anchor in anchors[page]


@pytest.mark.parametrize("item", coverage(LIBRARY), ids=lambda item: item.objective)
def test_every_objective_is_evidenced_or_says_why_not(item):
    assert sum(item.checks.values()) or len(item.unreadable) > 40
    assert item.questions >= 4
