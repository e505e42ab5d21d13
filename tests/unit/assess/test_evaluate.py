"""From a query's rows to findings, and what becomes of a check that cannot be run."""

from __future__ import annotations

import threading

import pyarrow as pa
import pytest

from tests.builders import AT, check
from ztkit.assess.evaluate import _all_distinct, evaluate, run_check
from ztkit.engine.offline import OfflineInventory
from ztkit.engine.rows import to_arrow
from ztkit.model.snapshot import TableManifest

NSG = "microsoft.network/networksecuritygroups"
END = "| project id, name, type, status, reason"


def rows(*states):
    return [
        {"id": f"/{n}", "name": f"n{n}", "type": NSG, "properties": {"ok": ok}} for n, ok in enumerate(states)
    ]


def opened(items, **table):
    inventory = OfflineInventory.from_tables({"resources": to_arrow(items)})
    inventory._tables["resources"] = TableManifest(
        name="resources", rows=len(items), **{"status": "complete", **table}
    )
    return inventory


def run(query=None, items=None, **table):
    subject = check(query=query) if query else check()
    with opened(rows(True, False) if items is None else items, **table) as inventory:
        return run_check(subject, inventory, AT)


def test_findings_are_counted_by_status():
    made, findings = run(items=rows(True, False, True, None))
    assert (made.outcome, made.passed, made.failed, made.skipped) == ("ok", 2, 2, 0)
    assert findings.column_names == [
        "check",
        "id",
        "name",
        "type",
        "resourceGroup",
        "subscriptionId",
        "location",
        "status",
        "reason",
    ]
    assert findings.num_rows == 4


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("properties.text", 'a "b" \\ [1]'),
        ("properties.number", "3"),
        ("properties.flag", "true"),
        ("properties.array", '["x",1]'),
        ("properties.nothing", ""),
        ("properties.null", ""),
        ("split('é-b', '-')", '["é","b"]'),
        ("dynamic(['a', 1])", '["a",1]'),
        ("7 / 2", "3"),
        ("todatetime('2026-01-15')", "2026-01-15 00:00:00.000000"),
    ],
)
def test_what_is_no_text_is_written_as_one(written, read):
    item = {"text": 'a "b" \\ [1]', "number": 3, "flag": True, "array": ["x", 1], "null": None}
    made, findings = run(
        f"resources | project id = properties.id, status = 'pass', reason = {written}",
        [{"id": "/a", "name": "a", "type": NSG, "properties": {**item, "id": "/b"}}],
    )
    assert made.outcome == "ok"
    assert findings.select(["id", "reason"]).to_pylist() == [{"id": "/b", "reason": read}]


def test_nothing_in_scope_is_neither_pass_nor_fail():
    made, findings = run(items=[])
    assert (made.outcome, made.passed, made.failed, findings.num_rows) == ("ok", 0, 0, 0)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("resources | project id, status = 'pass'", "does not return reason"),
        (f"resources | extend status = 'ok', reason = 'r' {END}", "status is 'ok'"),
        (f"resources | extend status = 'pass', reason = 'r', id = '' {END}", "has no id"),
        (f"resources | extend status = 'pass', reason = 'r', id = 'same' {END}", "more than once"),
        (
            f"resources | extend status = 'pass', reason = 'r', id = iff(name == 'n0', '/X', '/x') {END}",
            "more than once",
        ),
        ("resources\n| extend x = bag_keys(tags)", "line 2"),
        ("resources | where properties.ok == 1 and", "line 1"),
    ],
)
def test_a_broken_check_is_an_error_and_counts_nothing(query, message):
    made, findings = run(query)
    assert (made.outcome, made.passed, made.failed, findings.num_rows) == ("error", 0, 0, 0)
    assert message in made.reason
    assert "network.a-check" in made.reason


def test_a_table_that_is_missing_or_unreadable_makes_the_check_unreadable():
    missing, _ = run("securityresources | take 1")
    refused, _ = run(status="unreadable", reason="HTTP 403, Reader is missing")
    assert (missing.outcome, missing.reason) == (
        "unreadable",
        "table securityresources is not in this inventory",
    )
    assert refused.outcome == "unreadable"
    assert "Reader is missing" in refused.reason


def test_rows_that_a_partial_table_lacks_are_unseen():
    made, _ = run(status="partial", expected=7, reason="cut off")
    assert (made.outcome, made.unseen) == ("ok", 5)
    assert "cut off" in made.reason


def test_a_partial_table_of_unknown_size_leaves_too_little_coverage_to_count():
    from tests.builders import result
    from ztkit.assess.evidence import coverage_of

    made, _ = run(status="partial", reason="cut off")
    seen = result(check(), made.passed, made.failed, unseen=made.unseen)
    assert coverage_of(seen) < 0.8


def test_one_check_that_fails_does_not_stop_the_others():
    seen = []
    with opened(rows(True)) as inventory:
        runs = evaluate(
            [check("network.bad", query="resources | nonsense"), check("network.good")],
            inventory,
            AT,
            lambda run, findings: seen.append((run.check, findings.num_rows)),
        )
    assert [item.outcome for item in runs] == ["error", "ok"]
    assert sorted(seen) == [("network.bad", 0), ("network.good", 1)]


class Sized:
    """An inventory that notes what runs at once, and knows how much each query reads.

    A query of size n ends when n others have, while the largest runs.
    """

    def __init__(self, sizes):
        self.sizes, self.running, self.together = sizes, set(), []
        self.changed = threading.Condition()
        self.ended = 0

    def tables(self):
        return {"resources": TableManifest(name="resources", rows=0, status="complete")}

    def expect(self, queries):
        return [self.sizes[query] for query in queries]

    def run(self, query, now):  # noqa: ARG002 - the protocol
        size = self.sizes[query]
        with self.changed:
            self.running.add(size)
            if len(self.running) > 1:
                self.together.append(tuple(sorted(self.running)))
            self.changed.notify_all()
            assert self.changed.wait_for(lambda: self._may_end(size), timeout=60)
            self.running.discard(size)
            self.ended += 1
            self.changed.notify_all()
        return pa.table({"id": [], "status": [], "reason": []}, schema=EMPTY)

    def _may_end(self, size):
        return self.ended >= size and max(self.sizes.values()) in self.running


EMPTY = pa.schema([("id", pa.string()), ("status", pa.string()), ("reason", pa.string())])


def test_what_reads_much_runs_beside_what_reads_little():
    sizes = {f"resources | take {size}": size for size in (2, 0, 5, 1, 4, 3)}
    checks = [check(f"network.size-{size}", query=query) for query, size in sizes.items()]
    source, seen = Sized(sizes), []
    runs = evaluate(checks, source, AT, lambda run, _: seen.append(run.check))
    assert [run.check for run in runs] == [item.id for item in checks]
    assert seen[:4] == [f"network.size-{size}" for size in range(4)]
    assert sorted(seen[4:]) == ["network.size-4", "network.size-5"]  # they end at the same moment
    assert source.together == [(size, 5) for size in range(5)]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_each_check_is_told_of_once_however_few_there_are(count):
    checks = [check(f"network.n{number}") for number in range(count)]
    seen = []
    with opened(rows(True)) as inventory:
        runs = evaluate(checks, inventory, AT, lambda run, _: seen.append(run.check))
    assert [run.check for run in runs] == sorted(seen) == [item.id for item in checks]


def test_when_findings_cannot_be_written_no_other_check_is_begun():
    def full(run, _):
        raise OSError(28, "No space left on device")

    sizes = {f"resources | take {size}": 0 for size in range(9)}
    source = Sized(sizes)
    with pytest.raises(OSError, match="No space left"):
        evaluate([check(f"network.n{n}", query=query) for n, query in enumerate(sizes)], source, AT, full)
    assert source.ended <= 4


@pytest.mark.parametrize(
    ("chunks", "distinct"),
    [
        ([["a", "b"], ["c"]], True),
        ([["b", "a"], [], ["c"]], True),
        ([["a", "b"], ["b"]], False),
        ([["a", "c"], ["b", "a"]], False),
        ([["a", "a"]], False),
        ([[]], True),
        ([], True),
    ],
)
def test_ids_are_held_against_each_other_across_batches(chunks, distinct):
    ids = pa.chunked_array([pa.array(chunk, pa.string()) for chunk in chunks], pa.string())
    assert _all_distinct(ids) is distinct
