"""The guided interview in a notebook: `interview("my-workspace")` draws its form where a person can answer."""

from __future__ import annotations

import hashlib
import os
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ztkit.content.library import Library, shipped_library
from ztkit.widgets.controller import Controller
from ztkit.workspace import Workspace

if TYPE_CHECKING:
    import anywidget

SWITCH = "ZTKIT_INTERACTIVE"
"""Environment variable that says whether a person is there: ``1`` or ``0``."""


def interview(
    folder: Path | str, *, library: Library | None = None, interactive: bool | None = None
) -> anywidget.AnyWidget | None:
    """Show the form of the guided interview.

    Everything is read from the workspace and saved there at once, so that the cell can be run again at any time.
    Where nobody can answer, as under papermill, progress is printed in its place.

    Args:
        folder: a workspace, or a folder inside it.
        library: the content; what comes with ztkit unless given.
        interactive: whether a person is there; found out unless given (see `somebody_is_there`).

    Returns:
        The form, which a notebook draws; None where progress was printed.

    Raises:
        UsageError: there is no workspace.
        ContentError: a file of the workspace cannot be read.
    """
    workspace = Workspace.open(Path(folder))
    controller = Controller(workspace, library or shipped_library())
    if not (somebody_is_there() if interactive is None else interactive):
        print(progress_text(controller.state()))  # noqa: T201  # a notebook's output is what this is for
        return None
    return _widget(controller, mark(workspace))


def somebody_is_there() -> bool:
    """Whether a person can answer: ZTKIT_INTERACTIVE says so, else the notebook's front end.

    A front end with a person before it lets a cell ask for input; papermill, nbconvert and nbval run cells
    without (``allow_stdin`` of the kernel's request to execute).
    """
    if said := os.environ.get(SWITCH, ""):
        return said.lower() not in ("0", "false", "no")
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return False
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return False
    return bool(kernel.get_parent("shell").get("content", {}).get("allow_stdin", False))


def mark(workspace: Workspace) -> str:
    """What tells one workspace from another in a browser's memory, without naming it."""
    return hashlib.blake2b(str(workspace.root.resolve()).encode(), digest_size=8).hexdigest()


def progress_text(state: dict[str, Any]) -> str:
    """How far the interview has come, as a table."""
    whole = state["progress"]
    rows = [("", "questions", "answered", "minutes left")]
    rows += [
        (item["title"], str(item["total"]), str(item["said"]), str(item["minutes"]))
        for item in state["choices"]["pillar"]
    ]
    rows.append(("All", str(whole["total"]), str(whole["said"]), str(whole["minutes"])))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        row[0].ljust(widths[0])
        + "".join(f"  {text.rjust(width)}" for text, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    )


def static(name: str) -> str:
    """One of the form's files."""
    return (resources.files("ztkit.widgets") / "static" / name).read_text(encoding="utf-8")


def _widget(controller: Controller, workspace: str) -> anywidget.AnyWidget:
    import anywidget
    import traitlets

    class InterviewForm(anywidget.AnyWidget):
        """The form; messages alone carry what it shows, so that a saved notebook holds nothing of a workspace."""

        _esm = static("form.js")
        _css = static("form.css")
        workspace = traitlets.Unicode().tag(sync=True)

    def answer(form: anywidget.AnyWidget, content: dict[str, Any], _buffers: object) -> None:
        form.send({"id": content.get("id"), "reply": controller.handle(content.get("message"))})

    form = InterviewForm(workspace=workspace)
    form.on_msg(answer)
    return form
