from __future__ import annotations

import json
import os
import re
import stat
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook

import ztkit
from tests.unit.report import estate
from ztkit.content import shipped
from ztkit.errors import ReportError
from ztkit.report import render as module
from ztkit.report.render import RenderRequest, render, run
from ztkit.workspace import write_model


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory) -> RenderRequest:
    folder = tmp_path_factory.mktemp("engagement")
    before, now = estate.build(at=estate.AT - timedelta(days=92), better=-20), estate.build()
    write_model(folder / "before.json", before)
    write_model(folder / "result.json", now)
    write_model(folder / "comparison.json", estate.comparison(before, now))
    estate.write_findings(folder / "findings.parquet", now)
    return RenderRequest(
        result=folder / "result.json",
        earlier=folder / "before.json",
        findings=folder / "findings.parquet",
        comparison=folder / "comparison.json",
        history=(folder / "before.json", folder / "result.json"),
    )


@pytest.fixture(scope="module")
def rendered(request_: RenderRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(request_, tmp_path_factory.mktemp("out") / "reports" / "roadmap.html")


def test_page_has_every_section_and_no_code(rendered: Path) -> None:
    page = rendered.read_text(encoding="utf-8")
    assert re.findall(r'<section[^>]* id="([^"]+)"', page)[0] == "verdict"
    assert len(re.findall("<section ", page)) == 10
    for code in ("page.load", "import page", "papermill", "ipykernel", "In&nbsp;[", "Traceback"):
        assert code not in page


def test_page_names_no_path_of_the_machine(rendered: Path, request_: RenderRequest) -> None:
    page = rendered.read_text(encoding="utf-8")
    places = {
        request_.result.parent,
        rendered.parent,
        Path.home(),
        Path(ztkit.__file__).parents[1],
        Path(tempfile.gettempdir()),
    }
    assert [str(place) for place in places if f"{place}{os.sep}" in page] == []


def test_page_is_for_its_owner_only(rendered: Path) -> None:
    assert stat.S_IMODE(rendered.stat().st_mode) == 0o600
    assert [path.name for path in rendered.parent.iterdir()] == ["roadmap.html"]


def test_plotly_is_in_the_page_once_and_nothing_comes_from_outside(rendered: Path) -> None:
    page = rendered.read_text(encoding="utf-8")
    assert len(re.findall(r"\* plotly\.js v\d", page)) == 1
    assert page.index("plotly.js v") < page.index("<body>")
    own = re.sub(r'<script id="plotly">.*?</script>', "", page, flags=re.DOTALL)
    assert re.findall(r"""(?:src|href)\s*=\s*["'](?!#)[^"']*""", own) == []
    assert "url(" not in own
    assert "default-src 'none'" in own


def test_only_the_two_scripts_of_the_page_may_run(rendered: Path) -> None:
    page = rendered.read_text(encoding="utf-8")
    assert len(re.findall(r"<script(?! type=\"application/json\")", page)) == 2
    assert "unsafe-inline" not in re.findall(r"script-src[^;]*", page)[0]


def test_same_inputs_give_the_same_bytes(rendered: Path, request_: RenderRequest, tmp_path: Path) -> None:
    assert render(request_, tmp_path / "again.html").read_bytes() == rendered.read_bytes()


def test_notebook_is_saved_without_outputs_and_with_small_cells() -> None:
    notebook = json.loads((shipped.folder("reports") / "roadmap.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    assert all(len(cell["source"]) <= 5 for cell in code)
    assert sum("parameters" in cell["metadata"].get("tags", []) for cell in code) == 1


def test_request_gives_exactly_the_parameters_of_the_notebook(request_: RenderRequest) -> None:
    module._check_parameters(shipped.folder("reports") / module.ROADMAP, request_.parameters())


def notebook_of(path: Path, *cells: str) -> Path:
    first = new_code_cell("result = ''", metadata={"tags": ["parameters"]})
    kernel = {
        "kernelspec": {"name": "python3", "display_name": "Python", "language": "python"},
        "language_info": {"name": "python"},
    }
    made = new_notebook(cells=[first, *(new_code_cell(cell) for cell in cells)], metadata=kernel)
    path.write_text(json.dumps(made), encoding="utf-8")
    return path


def test_unknown_parameter_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        ReportError, match=r"report\.ipynb has no parameter resutl; report\.ipynb needs result"
    ):
        run(notebook_of(tmp_path / "report.ipynb"), {"resutl": "x"})


def test_failing_cell_is_named_with_its_reason_and_without_the_traceback(tmp_path: Path) -> None:
    path = notebook_of(
        tmp_path / "report.ipynb", "good = 1", "raise ValueError('no such pillar\\n\\n' + 'x\\n' * 100)"
    )
    with pytest.raises(ReportError) as caught:
        run(path, {"result": "x"})
    said = str(caught.value)
    assert said.startswith("Cell 3 of the report (`raise ValueError(")
    assert "ValueError: no such pillar" in said
    assert "Traceback" not in said
    assert len(said.splitlines()) <= 3


def test_failed_run_publishes_nothing_and_keeps_the_report_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request_: RenderRequest
) -> None:
    (tmp_path / "reports").mkdir()
    notebook_of(tmp_path / "reports" / module.ROADMAP, "1 / 0")
    monkeypatch.setattr(module.shipped, "folder", lambda name: tmp_path / name)
    monkeypatch.setattr(RenderRequest, "parameters", lambda _: {"result": "x"})
    out = tmp_path / "roadmap.html"
    out.write_text("the report before")
    with pytest.raises(ReportError, match="ZeroDivisionError"):
        render(request_, out)
    assert out.read_text() == "the report before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reports", "roadmap.html"]


def test_missing_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"needs .*result\.json, which is not there"):
        render(RenderRequest(result=tmp_path / "result.json"), tmp_path / "out.html")


def test_kernel_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "notebooks").mkdir()
    path = notebook_of(
        tmp_path / "notebooks" / "report.ipynb", "import os, sys; print(os.getcwd(), sys.executable)"
    )
    run(path, {"result": "x"})
    assert [item.name for item in tmp_path.iterdir()] == ["notebooks"]
