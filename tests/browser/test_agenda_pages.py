"""Agendas as they are printed: a page a meeting, for every role that the library asks."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_report_page import browser  # noqa: F401 - a fixture
from tests.builders import AT
from ztkit.content.library import shipped_library
from ztkit.interview.agenda import agenda, as_html
from ztkit.interview.order import ROLES
from ztkit.interview.session import session
from ztkit.model.engagement import Engagement

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("agenda")]


@pytest.mark.parametrize("role", ROLES)
def test_a_meeting_is_a_page(browser, role):  # noqa: F811 - the fixture
    shelf = shipped_library()
    engagement = Engagement(organisation="An organisation with a name of some length plc")
    found = agenda(shelf, engagement, session(shelf, engagement, {}, AT), role)
    page = browser.new_page()
    page.set_content(as_html(found))
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == len(found.meetings)
    assert Axe().run(page).violations_count == 0
    page.close()
