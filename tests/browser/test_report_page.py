"""The report in a real browser: nothing leaves, nothing fails, everyone can read it."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.unit.report import estate
from ztkit.report.inputs import ReportData

pytestmark = pytest.mark.browser
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
WIDTHS = (1280, 390)


def chromium() -> str | None:
    """A Chromium of this machine; ZTKIT_CHROMIUM names another one."""
    return os.environ.get("ZTKIT_CHROMIUM") or next(
        (path for name in NAMES if (path := shutil.which(name))), None
    )


def pages() -> dict[str, ReportData]:
    hostile = estate.build(hostile=True, organisation=estate.HOSTILE + estate.LONG, exceptions=100)
    return {
        "compared": estate.compared(),
        "hostile": estate.report(hostile, failing=estate.failing(hostile, estate.HOSTILE + estate.LONG)),
        "interviews": estate.report(estate.build(snapshot=False, exceptions=0), failing=None),
        "unknown": estate.report(estate.build(value=None)),
        "perfect": estate.report(estate.build(value=Fraction(1), exceptions=0)),
        "empty": estate.report(estate.build(pillars=())),
    }


STATES = ("compared", "hostile", "interviews", "unknown", "perfect", "empty")


@dataclass
class Opened:
    """A page that is open, with everything that it asked for and complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed, and ZTKIT_CHROMIUM is not set")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    made = {}
    for name, data in pages().items():
        made[name] = folder / f"{name}.html"
        made[name].write_text(estate.page_of(data), encoding="utf-8")
    return made


def opened(browser: Browser, path: Path, width: int = 1280, **settings: Any) -> Opened:
    page = browser.new_context(viewport={"width": width, "height": 844}, **settings).new_page()
    result = Opened(page)

    def record(route: Any) -> None:
        result.requests.append(route.request.url)
        route.continue_()

    page.route("**/*", record)
    page.on(
        "console",
        lambda message: (
            result.complaints.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda problem: result.complaints.append(str(problem)))
    page.goto(path.as_uri())
    page.wait_for_timeout(200)
    return result


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("state", STATES)
def test_nothing_leaves_nothing_fails_nothing_is_cut_off(
    browser: Browser, files: dict[str, Path], state: str, width: int
) -> None:
    shown = opened(browser, files[state], width)
    assert shown.requests == [files[state].as_uri()]
    assert shown.complaints == []
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    drawn = shown.page.evaluate(
        "[...document.querySelectorAll('.plot')].filter(plot => !plot.querySelector('svg.main-svg')).length"
    )
    assert drawn == 0
    shown.page.context.close()


@pytest.mark.parametrize(
    ("state", "scheme", "width"),
    [
        ("compared", "light", 1280),
        ("compared", "light", 390),
        ("compared", "dark", 1280),
        ("unknown", "dark", 390),
        ("empty", "light", 1280),
    ],
)
def test_page_has_no_accessibility_violation(
    browser: Browser, files: dict[str, Path], state: str, scheme: str, width: int
) -> None:
    shown = opened(browser, files[state], width, color_scheme=scheme)
    shown.page.evaluate("for (const item of document.querySelectorAll('details')) item.open = true")
    results = Axe().run(shown.page)
    assert results.violations_count == 0, results.generate_report()
    shown.page.context.close()


def test_hostile_names_stay_text(browser: Browser, files: dict[str, Path]) -> None:
    shown = opened(browser, files["hostile"])
    assert shown.page.evaluate("window.hacked") is None
    assert shown.page.evaluate("document.images.length") == 0
    assert estate.HOSTILE in shown.page.inner_text("h1")
    shown.page.context.close()


def test_markup_that_slipped_through_could_still_not_run(
    browser: Browser, files: dict[str, Path], tmp_path: Path
) -> None:
    page = files["compared"].read_text(encoding="utf-8")
    bad = tmp_path / "bad.html"
    bad.write_text(
        page.replace(
            "</main>", "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'></main>"
        ),
        encoding="utf-8",
    )
    shown = opened(browser, bad)
    assert shown.page.evaluate("window.hacked") is None
    assert shown.requests == [bad.as_uri()]
    shown.page.context.close()


def test_plotly_is_loaded_once_and_shows_no_bar(browser: Browser, files: dict[str, Path]) -> None:
    assert files["compared"].read_text(encoding="utf-8").count('<script id="plotly">') == 1
    shown = opened(browser, files["compared"])
    assert shown.page.locator(".modebar-btn").count() == 0
    shown.page.context.close()


def test_paper_is_light_whole_and_wide_enough(browser: Browser, files: dict[str, Path]) -> None:
    shown = opened(browser, files["compared"], color_scheme="dark")
    closed = shown.page.locator("details:not([open])").count()
    pdf = shown.page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    shown.page.emulate_media(media="print")
    assert shown.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert shown.page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    shown.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert shown.page.locator("details:not([open])").count() == 0
    assert shown.page.evaluate("document.querySelector('#figure-pillars .main-svg').clientWidth") == 660
    shown.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert shown.page.locator("details:not([open])").count() == closed
    shown.page.context.close()


def test_headings_are_in_order_and_every_figure_speaks(browser: Browser, files: dict[str, Path]) -> None:
    shown = opened(browser, files["compared"])
    levels = shown.page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4')].map(item => Number(item.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    labels = shown.page.evaluate(
        "[...document.querySelectorAll('.plot')].map(item => item.getAttribute('aria-label'))"
    )
    assert len(labels) == 4
    assert all(len(label) > 60 for label in labels)
    shown.page.context.close()
