"""The interview's page in a real browser: mouse and keyboard, conflicts, two tabs, hostile text, everyone can use it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.test_report_page import NAMES, chromium
from tests.unit.widgets.engagement import CHECK, CLAIM, GATED, HOSTILE, PLAIN, assessed, shelf
from ztkit.model.response import Response
from ztkit.widgets.controller import Controller, now
from ztkit.widgets.serve import FormServer
from ztkit.workspace import Workspace

pytestmark = pytest.mark.browser
WIDTHS = (1280, 800)


@dataclass
class Form:
    """The form in one tab, with what the page asked for and complained of."""

    page: Page
    workspace: Workspace
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def goes_to(self, question: str) -> None:
        self.page.get_by_role("button", name="Overview").click()
        self.page.locator(f'[data-k="row-{question}"]').click()
        expect(self.page.locator('[data-k="title"]')).to_have_text(f"Text of {question}?")

    def is_saved(self) -> None:
        expect(self.page.get_by_role("status")).to_contain_text("Saved")

    def said(self, question: str) -> list[Response]:
        return self.workspace.responses().get(question, [])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed, and ZTKIT_CHROMIUM is not set")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return assessed(tmp_path / "w", shelf(), organisation=f"Made up {HOSTILE}")


@pytest.fixture
def server(workspace: Workspace) -> Iterator[FormServer]:
    with FormServer(Controller(workspace, shelf()), "mark") as started:
        thread = threading.Thread(target=started.serve_forever, args=(0.01,))
        thread.start()
        yield started
        started.shutdown()
        thread.join()


@pytest.fixture
def opens(browser: Browser, server: FormServer, workspace: Workspace) -> Iterator[Any]:
    contexts = []

    def open_form(width: int = 1280, **settings: Any) -> Form:
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **settings))
        form = Form(contexts[-1].new_page(), workspace)
        form.page.on("request", lambda request: form.requests.append(request.url))
        form.page.on("console", lambda message: form.complaints.append(message.text))
        form.page.on("pageerror", lambda problem: form.complaints.append(str(problem)))
        form.page.goto(server.url)
        expect(form.page.locator('[data-k="title"]')).to_be_visible()
        return form

    yield open_form
    for context in contexts:
        context.close()


def test_an_answer_by_mouse_is_on_disk_when_the_page_says_so(opens: Any) -> None:
    form = opens()
    form.page.get_by_label("Who answers?").fill("Network lead")
    form.page.get_by_label("Most").click()
    form.is_saved()
    (found,) = form.said(PLAIN)
    assert (found.answer, found.respondent) == ("most", "Network lead")
    expect(form.page.get_by_text("1 of 3 answered")).to_be_visible()
    expect(form.page.get_by_label("Most")).to_be_checked()


def test_a_press_that_leaves_a_field_is_a_click_as_well(opens: Any) -> None:
    form = opens()
    form.page.get_by_label("Who answers?").fill("Network lead")
    option = form.page.locator("[data-k='answer-most']").bounding_box()
    assert option is not None
    form.page.mouse.move(option["x"] + 4, option["y"] + 4)
    form.page.mouse.down()
    form.page.wait_for_timeout(600)  # what the field had is saved, and told, while the button is down
    form.page.mouse.up()
    form.is_saved()
    assert [(item.answer, item.respondent) for item in form.said(PLAIN)] == [("most", "Network lead")]


def test_the_whole_way_by_keyboard(opens: Any) -> None:
    form = opens()
    keyboard = form.page.keyboard
    keyboard.press("r")
    keyboard.type("Network lead 1 d n")  # letters and digits in a field are text
    keyboard.press("Escape")
    keyboard.press("3")
    form.is_saved()
    keyboard.press("e")
    keyboard.type("Nearly all, j k")
    keyboard.press("Control+s")
    expect(form.page.locator(".zt-voices .counts")).to_contain_text("Nearly all, j k")
    keyboard.press("Escape")
    keyboard.press("Enter")
    expect(form.page.locator('[data-k="title"]')).to_have_text(f"Text of {CLAIM}?")
    keyboard.press("d")
    form.is_saved()
    keyboard.press("k")
    expect(form.page.locator('[data-k="title"]')).to_have_text(f"Text of {PLAIN}?")
    assert [(item.answer, item.note) for item in form.said(PLAIN)] == [
        ("most", ""),
        ("most", "Nearly all, j k"),
    ]
    assert {item.respondent for item in form.said(PLAIN)} == {"Network lead 1 d n"}
    assert [item.kind for item in form.said(CLAIM)] == ["dont-know"]


def test_arrows_look_at_answers_and_space_chooses(opens: Any) -> None:
    form = opens()
    keyboard = form.page.keyboard
    for _ in range(3):
        keyboard.press("ArrowDown")
    expect(form.page.locator(".zt-preview")).to_contain_text("With “Most”")
    assert form.said(PLAIN) == []
    keyboard.press("Space")
    form.is_saved()
    assert [item.answer for item in form.said(PLAIN)] == ["most"]


def test_a_note_is_saved_after_a_pause_and_once(opens: Any) -> None:
    form = opens()
    form.page.keyboard.press("2")
    form.is_saved()
    form.page.get_by_label("Note").fill("Half of the sites")
    expect(form.page.locator(".zt-voices .counts")).to_contain_text("Half of the sites")
    expect(form.page.get_by_label("Note")).to_be_focused()
    form.page.get_by_label("Evidence a document").fill("Plan.pdf\nhttps://example.org/plan")
    form.page.get_by_label("How sure").select_option("high")
    expect(form.page.locator(".zt-voices .counts")).to_contain_text("high confidence")
    form.page.get_by_label("Note").focus()
    form.page.get_by_label("Who answers?").focus()
    newest = form.said(PLAIN)[-1]
    assert (newest.note, newest.evidence, newest.confidence) == (
        "Half of the sites",
        ("Plan.pdf", "https://example.org/plan"),
        "high",
    )
    told = [item.model_dump(exclude={"at"}) for item in form.said(PLAIN)]
    assert all(one != other for one, other in itertools.pairwise(told))


def test_a_note_that_was_just_typed_outlives_the_tab(opens: Any) -> None:
    form = opens()
    form.page.keyboard.press("2")
    form.is_saved()
    form.page.get_by_label("Note").fill("Half of the sites")
    form.page.goto("about:blank")
    for _ in range(50):
        if form.said(PLAIN)[-1].note:
            break
        form.page.wait_for_timeout(100)
    assert form.said(PLAIN)[-1].note == "Half of the sites"


def test_a_conflict_shows_at_once_and_is_disputed_with_a_reason(opens: Any) -> None:
    form = opens()
    form.goes_to(CLAIM)
    page = form.page
    expect(page.get_by_text("14 of 20 things pass", exact=False)).to_be_visible()
    page.locator('[data-k="answer-all"]').click()
    conflict = page.get_by_label("Conflict")
    expect(conflict).to_contain_text("70 % of what is in scope passes; 80 % needed")
    conflict.get_by_role("button", name="Dispute it").click()
    conflict.get_by_role("button", name="Uphold the claim").click()
    expect(page.get_by_role("status")).to_contain_text("Say why the evidence is wrong")
    page.get_by_label("Why the evidence is wrong").fill("Six were retired")
    conflict.get_by_role("button", name="Uphold the claim").click()
    expect(page.get_by_text("⚑ Disputed")).to_be_visible()
    assert [(item.settles, item.dispute) for item in form.said(CLAIM)] == [
        ("", ""),
        ("dispute-evidence", "Six were retired"),
    ]


def test_a_conflict_is_settled_by_the_evidence_or_by_an_accepted_risk(opens: Any) -> None:
    form = opens()
    form.goes_to(CLAIM)
    page = form.page
    page.keyboard.press("4")
    page.get_by_role("button", name="Accept the evidence").click()
    expect(page.get_by_text("✓ Evidence accepted")).to_be_visible()
    assert form.said(CLAIM)[-1].settles == "accept-evidence"
    page.keyboard.press("3")
    page.get_by_role("button", name="Accept the risk").click()
    page.get_by_label("What is accepted").select_option(CHECK)
    page.get_by_label("Why the risk is accepted").fill("Being replaced")
    page.get_by_role("button", name="Record the accepted risk").click()
    expect(page.get_by_role("status")).to_contain_text("needs the last day")
    page.get_by_label("Approved by").fill("CISO")
    page.get_by_label("Until").fill(f"{now().year + 1}-06-30")
    page.get_by_role("button", name="Record the accepted risk").click()
    form.is_saved()
    expect(page.get_by_label("Conflict")).to_have_count(0)
    (found,) = form.workspace.exceptions()
    assert (found.criterion, found.approver, found.reason) == (CHECK, "CISO", "Being replaced")


def test_not_applicable_asks_for_what_it_needs(opens: Any) -> None:
    form = opens()
    page = form.page
    page.keyboard.press("n")
    expect(
        page.get_by_text("It is unknown until it has a rationale, an approver, an expiry.")
    ).to_be_visible()
    expect(page.get_by_label("Why it does not apply").last).to_be_focused()
    page.keyboard.type("There is no network of our own")
    page.get_by_label("Approved by").fill("CISO")
    page.get_by_label("Until").fill(f"{now().year + 1}-06-30")
    page.get_by_label("Note").focus()
    expect(page.get_by_text("✓ It has what it needs")).to_be_visible()
    newest = form.said(PLAIN)[-1]
    assert (newest.kind, newest.rationale, newest.approver) == (
        "not-applicable",
        "There is no network of our own",
        "CISO",
    )


def test_a_question_that_waits_leads_to_the_one_it_waits_for(opens: Any) -> None:
    form = opens()
    form.goes_to(GATED)
    expect(form.page.get_by_text("… Another question comes first.")).to_be_visible()
    form.page.keyboard.press("1")
    expect(form.page.locator('[data-k="answer-none"]')).to_be_disabled()
    form.page.get_by_role("button", name="Answer it first").click()
    expect(form.page.locator('[data-k="title"]')).to_have_text(f"Text of {PLAIN}?")
    form.page.keyboard.press("1")
    form.is_saved()
    form.goes_to(GATED)
    expect(form.page.get_by_text("× It is not asked.")).to_be_visible()
    assert form.said(GATED) == []


def test_loading_again_keeps_the_answers_the_place_and_who_answers(opens: Any) -> None:
    form = opens()
    form.page.get_by_label("Who answers?").fill("Network lead")
    form.page.keyboard.press("Escape")
    form.goes_to(CLAIM)
    form.page.keyboard.press("2")
    form.is_saved()
    assert "token" not in form.page.url
    form.page.reload()
    expect(form.page.locator('[data-k="title"]')).to_have_text(f"Text of {CLAIM}?")
    expect(form.page.locator('[data-k="answer-some"]')).to_be_checked()
    expect(form.page.get_by_label("Who answers?")).to_have_value("Network lead")


def test_two_tabs_show_each_others_answers_and_overwrite_none_unseen(opens: Any) -> None:
    one, two = opens(), opens()
    one.page.get_by_label("Who answers?").fill("Colleague")
    one.page.keyboard.press("Escape")
    two.page.get_by_label("Who answers?").fill("Network lead")  # a field with the focus holds back the news
    one.page.keyboard.press("2")
    one.is_saved()
    two.page.evaluate("document.querySelector('[data-k=\"answer-all\"]').click()")
    alert = two.page.get_by_role("alert")
    expect(alert).to_contain_text("Colleague")
    expect(alert).to_contain_text("Some")
    assert [item.answer for item in one.said(PLAIN)] == ["some"]
    two.page.get_by_role("button", name="Replace it with mine").click()
    two.is_saved()
    assert [item.answer for item in one.said(PLAIN)] == ["some", "all"]
    expect(one.page.locator(".zt-voices .counts")).to_contain_text("All", timeout=10_000)
    expect(one.page.get_by_text("⇄ They differ")).to_be_visible()


def test_a_lost_server_never_looks_like_saved(opens: Any) -> None:
    form = opens()
    form.page.route("**/message", lambda route: route.abort())
    form.page.keyboard.press("4")
    expect(form.page.get_by_role("status")).to_contain_text("nothing was saved")
    assert form.said(PLAIN) == []


def test_hostile_names_and_words_stay_text(opens: Any) -> None:
    form = opens()
    form.page.get_by_label("Who answers?").fill(HOSTILE)
    form.page.keyboard.press("Escape")
    form.goes_to(CLAIM)
    form.page.keyboard.press("4")
    form.is_saved()
    form.page.get_by_label("Note").fill(HOSTILE)
    form.page.get_by_text("6 failing resources").click()
    expect(form.page.locator(".zt-voices .counts .zt-note")).to_have_text(HOSTILE)
    expect(form.page.locator(".zt-failing")).to_contain_text(HOSTILE)
    assert form.page.evaluate("[window.hacked, document.images.length]") == [None, 0]


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_leaves_nothing_complains_nothing_is_cut_off(
    opens: Any, server: FormServer, width: int
) -> None:
    form = opens(width)
    form.goes_to(CLAIM)
    form.page.keyboard.press("4")
    form.is_saved()
    form.page.get_by_role("button", name="Accept the risk").click()
    assert {url.split("/")[2] for url in form.requests if not url.startswith("data:")} == {server.hosts[0]}
    assert form.complaints == []
    assert form.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 800), ("dark", 800)]
)
def test_the_form_has_no_accessibility_violation(opens: Any, scheme: str, width: int) -> None:
    form = opens(width, color_scheme=scheme)
    page = form.page

    def judged() -> None:
        page.mouse.move(0, 0)
        page.evaluate("for (const item of document.querySelectorAll('details')) item.open = true")
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()

    judged()
    page.keyboard.press("n")
    expect(page.get_by_text("It is unknown until")).to_be_visible()
    judged()
    page.keyboard.press("Escape")
    form.goes_to(CLAIM)
    page.keyboard.press("4")
    page.get_by_role("button", name="Accept the risk").click()
    judged()
    page.keyboard.press("Escape")
    form.goes_to(GATED)
    judged()
    page.keyboard.press("?")
    judged()
    page.keyboard.press("Escape")
    page.keyboard.press("o")
    judged()
