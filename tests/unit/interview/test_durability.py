"""Nothing that was acknowledged is ever lost: not to a killed process, not to another writer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ztkit.interview.log import ResponseLog

ROOT = Path(__file__).resolve().parents[3]
RUNS = 200

_PREAMBLE = """
import json, os, random, select, signal, sys, time
from datetime import datetime, timezone
from pathlib import Path
from tests.builders import library, question, response
from ztkit.interview.log import ResponseLog
from ztkit.interview.record import OvertakenError, save
from ztkit.workspace import Workspace
workspace = Workspace(Path(sys.argv[1]))
names = [f"network.1.q{number}" for number in range(4)]
shelf = library([question(name) for name in names])
def autosave(writer, number, told):
    "Save one answer, giving way to whoever was faster, and say so once it is saved."
    name = names[number % len(names)]
    said = response(name, "all", note=f"{writer}-{number}", at=datetime.now(timezone.utc))
    while True:
        try:
            saved = save(log, shelf, said, seen=log.last(name))
        except OvertakenError:
            continue
        os.write(told, (saved.response.id + "\\n").encode())
        return
"""

_KILLED = (
    _PREAMBLE
    + """
runs, acknowledged, readable = int(sys.argv[2]), [], 0
for run in range(runs):
    reading, told = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        log = ResponseLog(workspace)
        for number in range(100_000):
            autosave(run, number, told)
    os.close(told)
    if run % 2:  # every other run is killed while it saves, the rest at any moment since its birth
        select.select([reading], [], [])
    time.sleep(random.uniform(0, 0.008))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading) as heard:
        acknowledged.append(heard.read().split("\\n")[:-1])
    log = ResponseLog(workspace)
    readable += all(log.find(name) for name in acknowledged[-1])
print(json.dumps({"acknowledged": acknowledged, "readable": readable}))
"""
)

_WRITER = (
    _PREAMBLE
    + """
log = ResponseLog(workspace)
for number in range(int(sys.argv[3])):
    autosave(sys.argv[2], number, 1)
"""
)


def _python(script, *args):
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, args)], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )


def test_a_process_killed_at_any_moment_loses_no_acknowledged_answer(workspace):
    killed = _python(_KILLED, workspace.root, RUNS)
    output, _ = killed.communicate(timeout=300)
    assert killed.returncode == 0
    told = json.loads(output)
    log = ResponseLog(workspace)
    assert told["readable"] == RUNS
    assert sum(bool(names) for names in told["acknowledged"]) >= RUNS // 2
    assert [name for names in told["acknowledged"] for name in names if log.find(name) is None] == []


def test_two_writers_at_once_lose_no_answer_and_tear_none(workspace):
    count = 400
    writers = [_python(_WRITER, workspace.root, name, count) for name in ("a", "b")]
    acknowledged = [writer.communicate(timeout=300)[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    lines = workspace.responses_path.read_text().splitlines()
    notes = [json.loads(line)["note"] for line in lines]
    assert sorted(notes) == sorted(f"{name}-{number}" for name in ("a", "b") for number in range(count))
    log = ResponseLog(workspace)
    assert [name for names in acknowledged for name in names if log.find(name) is None] == []
    for name in ("a", "b"):
        own = [note for note in notes if note.startswith(name)]
        assert own == [f"{name}-{number}" for number in range(count)]
