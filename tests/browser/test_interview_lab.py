"""The interview's notebook in a real JupyterLab: answers by mouse and keyboard, a kernel that restarts, a conflict."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.test_report_page import NAMES, chromium
from tests.unit.widgets.engagement import assessed, decided
from ztkit.content.library import shipped_library
from ztkit.content.shipped import folder as shipped_folder
from ztkit.model.question import Question
from ztkit.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("jupyterlab")]
NOTEBOOK = "02-interview.ipynb"
PATIENCE = 90_000
"""Milliseconds for a kernel to start and run the notebook on a busy machine."""


@pytest.fixture(scope="module")
def asked() -> Question:
    """A shipped question that one check decides, with a claim of which the check shows the contrary."""
    return decided(shipped_library())


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, asked: Question) -> Workspace:
    folder = tmp_path_factory.mktemp("engagement") / "w"
    return assessed(folder, shipped_library(), asked.checks[0].check, passed=2, failed=18)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, workspace: Workspace) -> Iterator[str]:
    """Address of the notebook in a JupyterLab of its own, on loopback, with nothing of the person's settings."""
    home = tmp_path_factory.mktemp("lab")
    notebook = json.loads((shipped_folder("notebooks") / NOTEBOOK).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            cell["source"] = [f"folder = {str(workspace.root)!r}"]
    quiet = home / "jupyterlab_settings_dir" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )
    (home / "work").mkdir()
    (home / "work" / NOTEBOOK).write_text(json.dumps(notebook), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    own = (
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_DATA_DIR",
        "JUPYTER_RUNTIME_DIR",
        "IPYTHONDIR",
        "JUPYTERLAB_SETTINGS_DIR",
    )
    environment = os.environ | {name: str(home / name.lower()) for name in own} | {"JUPYTER_TOKEN": token}
    environment |= {"JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"), "JUPYTER_PREFER_ENV_PATH": "1"}
    options = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--port-retries=0", "--allow-root"]
    options.append(f"--ServerApp.root_dir={home / 'work'}")
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/api?token={token}", process, home / "log")
            yield f"http://127.0.0.1:{port}/lab/tree/{NOTEBOOK}?token={token}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = monotonic() + PATIENCE / 1000
    while monotonic() < end:
        try:
            urllib.request.urlopen(address, timeout=2).close()  # noqa: S310  # loopback, made above
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                break
            sleep(0.3)
        else:
            return
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture(scope="module")
def page(lab: str) -> Iterator[Page]:
    path = chromium()
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed, and ZTKIT_CHROMIUM is not set")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        elsewhere: list[str] = []
        page.on("request", lambda request: elsewhere.append(request.url))
        page.goto(lab, timeout=PATIENCE)
        yield page
        host = lab.split("/")[2]
        foreign = [
            url for url in elsewhere if not url.startswith(("data:", "blob:")) and url.split("/")[2] != host
        ]
        browser.close()
    assert foreign == []


def runs_all(page: Page, *, restart: bool = False) -> None:
    """Run every cell through JupyterLab's own menu."""
    item = "Restart Kernel and Run All Cells…" if restart else "Run All Cells"
    menu = "Kernel" if restart else "Run"
    page.get_by_role("menuitem", name=menu, exact=True).click()
    page.get_by_role("menuitem", name=item, exact=True).first.click()
    if restart:
        page.get_by_role("button", name="Confirm Kernel Restart").click()


def shown(page: Page) -> None:
    form = page.locator(".zt").last
    expect(form.locator('[data-k="title"]')).to_be_visible(timeout=PATIENCE)
    form.scroll_into_view_if_needed()


def goes_to(page: Page, question: Question) -> None:
    form = page.locator(".zt").last
    form.get_by_role("button", name="Overview").click()
    form.locator(f'[data-k="row-{question.id}"]').click()
    expect(form.locator('[data-k="title"]')).to_have_text(question.text)


def picture(page: Page, name: str) -> None:
    """A picture of a step, where ZTKIT_PICTURES names a folder for them."""
    if folder := os.environ.get("ZTKIT_PICTURES"):
        page.screenshot(path=Path(folder) / f"lab-{name}.png")


def test_an_interview_in_jupyterlab(page: Page, workspace: Workspace, asked: Question) -> None:
    def said() -> list[tuple[str, str | None, str]]:
        return [(item.kind, item.answer, item.settles) for item in workspace.responses().get(asked.id, [])]

    expect(page.locator(".jp-Notebook").first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("| Idle")).to_be_visible(timeout=PATIENCE)
    runs_all(page)
    picture(page, "0-running")
    shown(page)
    form = page.locator(".zt")
    picture(page, "1-opened")
    cells = page.locator(".jp-Notebook .jp-Cell").count()

    # By mouse
    form.get_by_label("Who answers?").fill("Assessor")
    goes_to(page, asked)
    form.locator(f'[data-k="answer-{asked.answers[0].id}"]').click()
    expect(form.get_by_role("status")).to_contain_text("Saved")
    assert said() == [("answer", asked.answers[0].id, "")]
    picture(page, "2-by-mouse")

    # By keyboard; JupyterLab's own keys, such as D D to delete a cell, stay out of it
    page.keyboard.press("d")
    expect(form.get_by_label("Don't know")).to_be_checked()
    page.keyboard.press("d")
    highest = len(asked.answers)
    page.keyboard.press(str(highest))
    expect(form.get_by_label("Conflict")).to_be_visible()
    assert [(kind, answer) for kind, answer, _ in said()[1:]] == [
        ("dont-know", None),
        ("answer", asked.answers[-1].id),
    ]
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    picture(page, "3-conflict")

    # The kernel restarts: everything is there
    form.evaluate("form => form.dataset.before = 'restart'")
    runs_all(page, restart=True)
    expect(page.locator(".zt:not([data-before]) [data-k=title]")).to_be_visible(timeout=PATIENCE)
    expect(form.get_by_label("Conflict")).to_be_visible(timeout=PATIENCE)
    expect(form.locator('[data-k="title"]')).to_have_text(asked.text)
    expect(form.locator(f'[data-k="answer-{asked.answers[-1].id}"]')).to_be_checked()
    expect(form.get_by_label("Who answers?")).to_have_value("Assessor")
    picture(page, "4-restarted")

    # The conflict is settled
    form.get_by_role("button", name="Dispute it").click()
    form.get_by_label("Why the evidence is wrong").fill("Eighteen of them were retired")
    picture(page, "5-dispute")
    form.get_by_role("button", name="Uphold the claim").click()
    expect(form.get_by_text("⚑ Disputed")).to_be_visible()
    assert said()[-1] == ("answer", asked.answers[-1].id, "dispute-evidence")
    picture(page, "6-disputed")

    # Not applicable
    form.locator('[data-k="title"]').click()
    page.keyboard.press("n")
    expect(form.get_by_text("It is unknown until it has")).to_be_visible()
    form.locator('[data-k="rationale"]').fill("There is none of it here")
    form.get_by_label("Approved by").fill("CISO")
    form.get_by_label("Until").fill("2099-12-31")
    form.get_by_label("Note").focus()
    expect(form.get_by_text("It has what it needs")).to_be_visible()
    newest = workspace.responses()[asked.id][-1]
    assert (newest.kind, newest.rationale, newest.approver) == (
        "not-applicable",
        "There is none of it here",
        "CISO",
    )
    picture(page, "7-not-applicable")

    results = Axe().run(page, ".zt")
    serious = [
        item["id"] for item in results.response["violations"] if item["impact"] in ("serious", "critical")
    ]
    assert serious == [], results.generate_report()


def test_the_notebook_that_is_saved_holds_nothing_of_the_engagement(page: Page, asked: Question) -> None:
    page.locator('[data-command="docmanager:save"]').first.click()
    expect(page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)
    origin = page.url.split("/lab")[0]
    saved = page.request.get(f"{origin}/api/contents/{NOTEBOOK}").json()["content"]
    forms = [cell for cell in saved["cells"] if "interview(folder)" in "".join(cell["source"])]
    assert [list(output["data"]) for cell in forms for output in cell["outputs"]] != []
    kept = json.dumps([cell["outputs"] for cell in forms]) + json.dumps(saved["metadata"])
    assert asked.text not in kept
    assert "There is none of it here" not in kept
