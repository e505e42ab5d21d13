"""The file of findings: the same whatever the order in which checks end."""

from __future__ import annotations

from itertools import permutations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ztkit.assess.evaluate import FINDING_COLUMNS, FINDINGS
from ztkit.assess.findings import FindingsFile


def findings(check, *ids):
    rows = [{**dict.fromkeys(FINDING_COLUMNS, ""), "check": check, "id": name} for name in ids]
    return pa.Table.from_pylist(rows, schema=FINDINGS)


TOLD = {"a": findings("a", "/2", "/1"), "b": findings("b"), "c": findings("c", "/3")}


def written(path, order):
    with FindingsFile(path, ["c", "b", "a", "never told of"]) as file:
        for check in order:
            file.add(check, TOLD[check])
    return path.read_bytes()


def test_checks_are_in_the_order_asked_for_and_ids_in_theirs(tmp_path):
    path = tmp_path / "findings.parquet"
    assert len({written(path, order) for order in permutations(TOLD)}) == 1
    table = pq.read_table(path)
    assert table.schema == FINDINGS
    assert table.select(["check", "id"]).to_pylist() == [
        {"check": "c", "id": "/3"},
        {"check": "a", "id": "/1"},
        {"check": "a", "id": "/2"},
    ]
    assert [item.name for item in tmp_path.iterdir()] == ["findings.parquet"]


def test_a_file_without_checks_has_no_rows(tmp_path):
    with FindingsFile(tmp_path / "findings.parquet", []):
        pass
    assert pq.read_table(tmp_path / "findings.parquet").num_rows == 0


def test_of_a_run_that_fails_nothing_stays(tmp_path):
    with pytest.raises(ZeroDivisionError), FindingsFile(tmp_path / "findings.parquet", ["a"]) as file:
        file.add("a", TOLD["a"])
        1 / 0  # noqa: B018
    assert list(tmp_path.iterdir()) == []
