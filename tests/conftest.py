"""Judges every request of a run, whichever process made it: a client of ztkit that does more than read fails the run.

It also keeps groups of tests on one worker each, which is how a fixture of a module is made once.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.shared import REQUESTS

if TYPE_CHECKING:
    from tests.emulator.whole_run import Verdict

_FOLDER: pytest.StashKey[Path] = pytest.StashKey()
_VERDICT: pytest.StashKey[Verdict] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Name the folder in which all processes of this run record; the workers of xdist are given that of their first one."""
    if not hasattr(config, "workerinput"):
        config.stash[_FOLDER] = Path(tempfile.mkdtemp(prefix="ztkit-requests-"))
        os.environ[REQUESTS] = str(config.stash[_FOLDER])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests the names that xdist groups them by: pytest 9.2 does not read them where xdist 3.8 writes them.

    See https://github.com/pytest-dev/pytest-xdist/issues/1386.
    """
    for item in items:
        grouped = vars(item).get("_nodeid", item.nodeid)
        if grouped != item.nodeid:
            item._id = item.id.parse(grouped)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Judge when all processes have come to their end."""
    folder = session.config.stash.get(_FOLDER, None)
    if folder is None or not any(folder.iterdir()):
        return
    from tests.emulator.whole_run import judge  # takes a moment, which other runs need not wait for

    verdict = session.config.stash[_VERDICT] = judge(folder)
    if verdict.problems:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how many requests were judged, and which of them do not only read."""
    verdict = config.stash.get(_VERDICT, None)
    if verdict is None:
        return
    if verdict.problems:
        terminalreporter.section("requests that do not only read", red=True)
        for problem in verdict.problems:
            terminalreporter.line(problem)
    terminalreporter.line(str(verdict), red=bool(verdict.problems), green=not verdict.problems)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    folder = config.stash.get(_FOLDER, None)
    if folder is not None:
        shutil.rmtree(folder)
        os.environ.pop(REQUESTS, None)
