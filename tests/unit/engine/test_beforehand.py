"""Queries are translated in processes of their own, or by the one that asks where that cannot be."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from ztkit.engine import beforehand, translation
from ztkit.engine.beforehand import translate_beforehand
from ztkit.engine.offline import OfflineInventory
from ztkit.engine.rows import to_arrow
from ztkit.engine.translation import is_kept, translate

QUERIES = [f"resources | where name == 'n{number}' | project id" for number in range(9)]


@pytest.fixture
def cold(tmp_path, monkeypatch):
    """Nothing is kept yet, here or in processes that are started here, and a few queries are worth a process."""
    monkeypatch.setattr(translation.platformdirs, "user_cache_dir", lambda _: str(tmp_path / "ztkit"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(beforehand, "LEAST", 3)
    monkeypatch.setattr(beforehand, "cores", lambda: 2)
    translate.cache_clear()
    yield tmp_path / "ztkit" / "translations"
    translate.cache_clear()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the folder of what is kept is named otherwise")
def test_processes_translate_what_is_not_kept(cold, monkeypatch):
    translate(QUERIES[0])
    assert translate_beforehand([*QUERIES, "resources | nonsense"]) == 2
    assert all(map(is_kept, QUERIES))
    assert len(list(cold.iterdir())) == len(QUERIES)
    kept = translation._kept(translation._kept_path(QUERIES[1]))
    monkeypatch.setattr(translation, "_kept", lambda _: None)
    assert translate(QUERIES[1]).sql == kept[0]
    monkeypatch.undo()


def test_what_is_kept_or_little_takes_no_process(cold, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    assert translate_beforehand(QUERIES[:5]) == 0
    for query in QUERIES:
        translate(query)
    assert translate_beforehand(QUERIES) == 0
    assert len(list(cold.iterdir())) == len(QUERIES)


@pytest.mark.parametrize("hinder", ["cores", "executable", "folder"])
def test_where_it_cannot_be_no_process_is_started(cold, monkeypatch, hinder):
    monkeypatch.setattr(subprocess, "Popen", None)
    if hinder == "cores":
        monkeypatch.setattr(beforehand, "cores", lambda: 1)
    elif hinder == "executable":
        monkeypatch.setattr(sys, "executable", "")
    else:
        cold.parent.write_text("a file where the folder should be")
    assert translate_beforehand(QUERIES) == 0


@pytest.mark.parametrize("program", ["false", "no-such-program"])
def test_processes_that_fail_leave_the_work_to_who_asks(cold, monkeypatch, tmp_path, program):
    broken = tmp_path / program
    if program == "false":
        broken.write_text("#!/bin/sh\nexit 1\n")
        broken.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(broken))
    assert translate_beforehand(QUERIES) == (2 if program == "false" else 0)
    assert not any(map(is_kept, QUERIES))
    assert translate(QUERIES[0]).views


def test_processes_end_with_the_one_that_waits_for_them(cold, monkeypatch):
    started = []
    popen = subprocess.Popen

    def waits(_, **options):
        if started:
            raise KeyboardInterrupt
        started.append(popen([sys.executable, "-c", "import time; time.sleep(600)"], **options))
        return started[0]

    monkeypatch.setattr(subprocess, "Popen", waits)
    with pytest.raises(KeyboardInterrupt):
        translate_beforehand(QUERIES)
    assert started[0].poll() is not None


def test_nothing_is_imported_from_the_folder_where_one_works(cold, tmp_path, monkeypatch):
    for name in ("json", "duckdb", "ztkit"):
        (tmp_path / f"{name}.py").write_text("open('imported', 'w')")
    monkeypatch.chdir(tmp_path)
    assert translate_beforehand(QUERIES) == 2
    assert not (tmp_path / "imported").exists()


def test_it_reads_queries_as_json(cold, monkeypatch, tmp_path):
    (tmp_path / "queries").write_text(json.dumps(["resources | nonsense", QUERIES[0]]))
    with (tmp_path / "queries").open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        beforehand.main()
    assert is_kept(QUERIES[0])


def test_cores_are_those_that_may_be_used(monkeypatch):
    assert 1 <= beforehand.cores() <= (os.cpu_count() or 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 7}, raising=False)
    assert beforehand.cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert beforehand.cores() == 1


def test_what_is_kept_is_run_without_the_parser(cold, monkeypatch):
    rows = {"resources": to_arrow([{"id": "/a", "name": "n0", "type": "t"}])}

    def ids():
        with OfflineInventory.from_tables(rows) as inventory:
            return inventory.run(QUERIES[0], datetime(2026, 1, 1, tzinfo=UTC))["id"].to_pylist()

    assert ids() == ["/a"]
    translate.cache_clear()
    monkeypatch.setitem(sys.modules, "duckdb_kql", None)  # importing it fails from here on
    assert ids() == ["/a"]


def test_macros_that_are_not_kept_whole_are_made_anew(cold):
    made = translation.macros_script()
    (kept,) = cold.iterdir()
    for broken in ("", "{}", kept.read_text(encoding="utf-8").replace("CREATE MACRO", "DROP MACRO", 1)):
        kept.write_text(broken, encoding="utf-8")
        assert translation.macros_script() == made
    assert made.count("CREATE MACRO") == 6
