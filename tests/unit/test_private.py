"""Private folders: who may read them, and when they go."""

from __future__ import annotations

import gc
import os
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ztkit import private
from ztkit.private import PrivateFolder

HOLD = """
import sys, time
from pathlib import Path
from ztkit.private import PrivateFolder
with PrivateFolder(Path(sys.argv[1]), ".rows-") as folder:
    (folder / "rows").write_text("a tenant's rows")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def held(tmp_path):
    """A folder that another process holds, and the process."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    yield Path(process.stdout.readline().strip()), process
    process.kill()
    process.wait()
    process.stdout.close()


def test_only_its_owner_may_read_it_and_it_goes_when_closed(tmp_path):
    with PrivateFolder(tmp_path, ".rows-") as folder:
        (folder / "rows").write_text("x")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in folder.glob(".*")} == {0}
    assert list(tmp_path.iterdir()) == []


def test_it_goes_when_what_is_done_in_it_fails(tmp_path):
    with pytest.raises(ValueError, match="no"), PrivateFolder(tmp_path, ".rows-"):
        raise ValueError("no")
    assert list(tmp_path.iterdir()) == []


def test_it_goes_when_nobody_closed_it(tmp_path):
    folder = PrivateFolder(tmp_path, ".rows-")
    assert folder.path.is_dir()
    del folder
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_one_whose_name_is_taken_is_not_kept(tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "rows").write_text("x")
    folder = PrivateFolder(tmp_path, ".rows-")
    with pytest.raises(OSError, match="taken"), folder as path:
        (path / "rows").write_text("y")
        folder.keep(tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert (tmp_path / "taken" / "rows").read_text() == "x"


def test_what_is_kept_stays_and_holds_only_what_was_put_there(tmp_path):
    folder = PrivateFolder(tmp_path, ".rows-")
    with folder as path:
        (path / "rows").write_text("x")
        folder.keep(tmp_path / "kept")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["rows"]


def test_a_folder_that_somebody_holds_is_left_alone(tmp_path, held):
    theirs, _ = held
    with PrivateFolder(tmp_path, ".rows-") as mine:
        assert (theirs / "rows").exists()
        with PrivateFolder(tmp_path, ".rows-"):
            assert mine.exists()


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_what_a_killed_process_left_goes_with_the_next(tmp_path, held):
    theirs, process = held
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (theirs / "rows").exists()
    with PrivateFolder(tmp_path, ".other-"):
        assert (theirs / "rows").exists()
    with PrivateFolder(tmp_path, ".rows-"):
        assert not theirs.exists()


def test_many_at_once_leave_each_other_alone(tmp_path):
    def work(number):
        for turn in range(40):
            private_folder = PrivateFolder(tmp_path, ".rows-")
            with private_folder as folder:
                (folder / "rows").write_text(str(number))
                assert (folder / "rows").read_text() == str(number)
                if turn % 2:
                    private_folder.keep(tmp_path / f"kept-{number}-{turn}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    kept = sorted(tmp_path.iterdir())
    assert len(kept) == 8 * 20
    assert all([path.name for path in folder.iterdir()] == ["rows"] for folder in kept)


def test_where_nothing_can_be_locked_nothing_is_taken_for_left(tmp_path, monkeypatch):
    monkeypatch.setattr(private, "lock", lambda *_, **__: False)
    first = PrivateFolder(tmp_path, ".rows-")
    with PrivateFolder(tmp_path, ".rows-"):
        assert first.path.exists()
    first.close()


def test_one_without_a_lock_is_left_for_a_day_since_its_owner_may_be_making_it(tmp_path):
    new, old = tmp_path / ".rows-new", tmp_path / ".rows-old"
    new.mkdir()
    old.mkdir()
    (old / "rows").write_text("x")
    two_days_ago = time.time() - 172_800
    os.utime(old, (two_days_ago, two_days_ago))
    with PrivateFolder(tmp_path, ".rows-"):
        assert new.exists()
        assert not old.exists()
