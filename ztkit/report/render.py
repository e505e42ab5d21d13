"""Runs a report notebook and publishes its page: all of it, or nothing."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import papermill
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert.exporters.templateexporter import TemplateExporter
from papermill.exceptions import PapermillException, PapermillExecutionError
from plotly.offline import get_plotlyjs
from traitlets.config import Config

from ztkit.content import shipped
from ztkit.errors import ReportError
from ztkit.model.assessment import Assessment
from ztkit.workspace import read_model, write_atomically

ROADMAP = "roadmap.ipynb"
KERNEL = "python3"  # the name under which papermill finds its Python translator
START_SECONDS = 60
SOCKET_PATH = 90  # a socket's path may have about a hundred characters
CELL_SECONDS = 600
_REASON_LENGTH = 500
Parameter = str | list[str] | None


@dataclass(frozen=True)
class RenderRequest:
    """What a report is rendered from: paths of files that exist.

    Attributes:
        result: result.json of the assessment.
        earlier: result.json of the assessment before.
        findings: findings.parquet of the assessment.
        comparison: the comparison of both, as JSON.
        history: result.json of assessments for the trend, oldest first.
    """

    result: Path
    earlier: Path | None = None
    findings: Path | None = None
    comparison: Path | None = None
    history: tuple[Path, ...] = ()

    def parameters(self) -> dict[str, Parameter]:
        """The parameters of the notebook, as absolute paths.

        Raises:
            ReportError: a file is not there.
        """
        given = [self.result, self.earlier, self.findings, self.comparison, *self.history]
        missing = [str(path) for path in given if path is not None and not path.is_file()]
        if missing:
            raise ReportError(
                f"The report needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not there."
            )
        return {
            "result": str(self.result.resolve()),
            "earlier": _text(self.earlier),
            "findings": _text(self.findings),
            "comparison": _text(self.comparison),
            "history": [str(path.resolve()) for path in self.history],
        }


def render(request: RenderRequest, out: Path) -> Path:
    """Render the report and roadmap of an assessment into one HTML file.

    Args:
        request: what to render.
        out: the file to write; it is replaced only when everything has succeeded.

    Returns:
        The file written, readable by its owner only.

    Raises:
        ReportError: an input is missing, or a cell of the notebook failed; nothing was published.
        ZtkitError: result.json is damaged.
    """
    parameters = request.parameters()
    assessment = read_model(request.result, Assessment)
    notebook = run(shipped.folder("reports") / ROADMAP, parameters)
    page = to_html(
        notebook, title=f"Zero trust maturity of {assessment.organisation}, {assessment.at:%Y-%m-%d}"
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(out, page)
    return out


def run(path: Path, parameters: Mapping[str, Parameter]) -> Any:
    """Run a notebook in a kernel of this interpreter; the executed notebook never touches the disk.

    Raises:
        ReportError: a parameter is unknown or missing, or a cell failed.
    """
    _check_parameters(path, parameters)
    with _quiet(), tempfile.TemporaryDirectory(prefix="ztkit-report-") as folder:
        try:
            return papermill.execute_notebook(
                str(path),
                None,
                parameters=dict(parameters),
                kernel_name=KERNEL,
                progress_bar=False,
                start_timeout=START_SECONDS,
                execution_timeout=CELL_SECONDS,
                request_save_on_cell_execute=False,
                kernel_manager_class=_kernel_manager(Path(folder)),
                resources={"metadata": {"path": folder}},
            )
        except PapermillExecutionError as problem:
            raise ReportError(_failed(problem)) from problem
        except (
            PapermillException,
            CellExecutionError,
            CellTimeoutError,
            DeadKernelError,
            RuntimeError,
            OSError,
        ) as problem:
            raise ReportError(f"{path.name} could not be run: {_first_lines(str(problem))}") from problem


def to_html(notebook: Any, title: str) -> str:
    """Turn an executed notebook into one page with the project's own template."""
    folder = shipped.folder("reports")
    script = (folder / "template" / "page.js").read_text(encoding="utf-8")
    plotly = get_plotlyjs()
    exporter = TemplateExporter(
        template_name="template",
        template_file="index.html.j2",
        extra_template_basedirs=[str(folder)],
        file_extension=".html",
        config=Config(),
    )
    resources = {
        "title": html.escape(title),
        "style": (folder / "template" / "style.css").read_text(encoding="utf-8"),
        "plotly": plotly,
        "script": script,
        "script_hashes": [_csp_hash(plotly), _csp_hash(script)],
    }
    page: str = exporter.from_notebook_node(notebook, resources=resources)[0]
    return page


def _check_parameters(path: Path, parameters: Mapping[str, Parameter]) -> None:
    """Papermill only warns of a parameter that the notebook does not have; here it is an error."""
    known = set(papermill.inspect_notebook(str(path)))
    unknown, missing = sorted(set(parameters) - known), sorted(known - set(parameters))
    said = [f"{path.name} has no parameter {', '.join(unknown)}"] if unknown else []
    said += [f"{path.name} needs {', '.join(missing)}"] if missing else []
    if said:
        raise ReportError("; ".join(said) + ".")


def _kernel_manager(folder: Path) -> type[AsyncKernelManager]:
    """A kernel of the running interpreter that neither reads nor writes anybody's Jupyter or IPython settings.

    It talks through sockets in a private folder where there are such sockets, not through open ports.
    """
    own = folder / "kernels" / KERNEL
    own.mkdir(parents=True)
    spec = {
        "argv": [
            sys.executable,
            *("-W", "ignore"),
            *("-m", "ipykernel_launcher", "-f", "{connection_file}"),
            f"--ipython-dir={folder}",
            "--HistoryManager.enabled=False",
            "--log-level=ERROR",
        ],
        "display_name": "ztkit",
        "language": "python",
    }
    (own / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")

    class PrivateKernelManager(AsyncKernelManager):
        """Knows one kernel only."""

        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.kernel_spec_manager = KernelSpecManager(kernel_dirs=[str(folder / "kernels")])
            self.connection_file = str(folder / "connection.json")
            if os.name == "posix" and len(str(folder)) < SOCKET_PATH:
                self.transport = "ipc"
                self.ip = str(folder / "socket")

        async def start_kernel(self, **settings: Any) -> None:  # type: ignore[override]  # decorated upstream
            """Start it; what it says while it is shut down is nobody's concern, and errors come as messages."""
            await super().start_kernel(**{"stderr": subprocess.DEVNULL, **settings})

    return PrivateKernelManager


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep papermill's progress out of the terminal; what matters is raised."""
    loggers = [logging.getLogger(name) for name in ("papermill", "traitlets")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _failed(problem: PapermillExecutionError) -> str:
    """Which cell failed and why; never the whole traceback, which holds paths and data."""
    number = problem.cell_index  # from 0, and papermill put a cell with the parameters before it
    source = next((line for line in problem.source.splitlines() if line.strip()), "")
    return f"Cell {number} of the report (`{source[:80]}`) failed: {problem.ename}: {_first_lines(problem.evalue)}"


def _first_lines(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()][:3]
    return "\n".join(lines)[:_REASON_LENGTH]


def _csp_hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _text(path: Path | None) -> str | None:
    return str(path.resolve()) if path is not None else None
