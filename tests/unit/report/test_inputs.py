from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.report import estate
from ztkit.errors import ReportError, ZtkitError
from ztkit.model.assessment import Assessment
from ztkit.report.inputs import SHOWN_PER_CHECK, failing_resources, load
from ztkit.workspace import write_model


def written(folder: Path, made: Assessment) -> str:
    path = folder / f"{made.id}.json"
    write_model(path, made)
    return str(path)


def test_only_failing_rows_are_read_and_at_most_a_few_of_each_check(tmp_path: Path) -> None:
    made = estate.build(exceptions=0)
    estate.write_findings(tmp_path / "findings.parquet", made)
    found = failing_resources(tmp_path / "findings.parquet", made)
    assert {name: len(rows) for name, rows in found.items()} == {
        check.id: min(SHOWN_PER_CHECK, check.failed) for check in made.checks if check.failed
    }
    first = found["network.nsg-no-management-ports"][0]
    assert (first.name, first.resource_group, first.reason) == (
        "nsg-prod-000",
        "rg-production",
        "because of nsg-prod",
    )


def test_resources_under_an_exception_in_force_are_left_out(tmp_path: Path) -> None:
    made = estate.build(exceptions=3)
    estate.write_findings(tmp_path / "findings.parquet", made)
    found = failing_resources(tmp_path / "findings.parquet", made)
    names = {check: [row.name for row in rows] for check, rows in found.items()}
    assert "nsg-prod-000" in names["network.nsg-no-management-ports"]  # its exception has expired
    assert "nsg-prod-001" not in names["network.subnets-have-nsg"]


def test_damaged_findings_are_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "findings.parquet").write_bytes(b"not parquet")
    with pytest.raises(ReportError, match="findings cannot be read"):
        failing_resources(tmp_path / "findings.parquet", estate.build())


def test_history_ends_with_the_assessment_itself(tmp_path: Path) -> None:
    before, now = estate.build(at=estate.AT - timedelta(days=90)), estate.build()
    paths = [written(tmp_path, before), written(tmp_path, now)]
    assert [item.id for item in load(paths[1], history=paths).history] == [before.id, now.id]
    assert [item.id for item in load(paths[1], earlier=paths[0]).history] == [before.id, now.id]


def test_comparison_of_another_assessment_is_refused(tmp_path: Path) -> None:
    before, now = estate.build(at=estate.AT - timedelta(days=90)), estate.build()
    write_model(tmp_path / "comparison.json", estate.comparison(before, now))
    with pytest.raises(ReportError, match="comparison is of assessment"):
        load(written(tmp_path, before), comparison=str(tmp_path / "comparison.json"))
    with pytest.raises(ReportError, match="comparison is with assessment"):
        load(
            written(tmp_path, now),
            earlier=written(tmp_path, now),
            comparison=str(tmp_path / "comparison.json"),
        )


def test_damaged_result_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text("{}")
    with pytest.raises(ZtkitError, match="damaged"):
        load(str(tmp_path / "result.json"))
