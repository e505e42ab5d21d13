"""An append-only file: what was acknowledged stays, what was not finished never shows."""

from __future__ import annotations

import json
import os

import pytest

from ztkit import journal

LINES = [b'{"n": 1}', b'{"n": 2, "text": "caf\xc3\xa9"}', b'{"n": 3}']


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.jsonl"


def numbers(part):
    return [json.loads(line)["n"] for _, line in part.lines]


def test_a_file_that_is_not_there_has_no_lines(path):
    part = journal.read(path)
    assert (part.lines, part.mark, part.afresh) == ((), journal.START, False)


def test_reading_goes_on_where_it_stopped(path):
    journal.append(path, LINES[:2])
    first = journal.read(path)
    journal.append(path, LINES[2:])
    second = journal.read(path, first.mark)
    assert numbers(first) == [1, 2]
    assert [(number, json.loads(line)["n"]) for number, line in second.lines] == [(3, 3)]
    assert journal.read(path, second.mark).lines == ()
    assert not second.afresh


@pytest.mark.parametrize("left", range(len(LINES[1]) + 1))
def test_wherever_a_writer_is_killed_the_lines_before_stay_and_the_next_ones_follow(path, left):
    journal.append(path, LINES[:1])
    with path.open("ab") as file:
        file.write(LINES[1][:left])
    seen = journal.read(path)
    whole = left == len(LINES[1])
    assert numbers(seen) == ([1, 2] if whole else [1])
    journal.append(path, LINES[2:])
    assert numbers(journal.read(path)) == ([1, 2, 3] if whole else [1, 3])
    after = journal.read(path, seen.mark)
    assert (numbers(after), after.lines[0][0], after.afresh) == ([3], 3 if whole else 2, False)


def test_a_torn_line_that_is_longer_than_one_step_back_is_removed_whole(path):
    journal.append(path, LINES[:1])
    with path.open("ab") as file:
        file.write(b'{"text": "' + b"x" * 20_000)
    journal.append(path, LINES[2:])
    assert numbers(journal.read(path)) == [1, 3]


def test_a_file_of_one_torn_line_becomes_one_of_whole_lines(path):
    path.write_bytes(b'{"n": 0')
    journal.append(path, LINES[:1])
    assert path.read_bytes() == LINES[0] + b"\n"


def test_a_number_at_the_end_may_go_on_and_is_not_taken_for_whole(path):
    path.write_bytes(b'{"n": 1}\n12')
    assert numbers(journal.read(path)) == [1]


@pytest.mark.parametrize("lines", [LINES[:1], LINES])
def test_a_file_put_in_its_place_is_read_from_the_beginning(path, lines):
    journal.append(path, LINES[:2])
    mark = journal.read(path).mark
    other = path.with_name("other")
    journal.append(other, lines)
    other.replace(path)
    part = journal.read(path, mark)
    assert part.afresh
    assert numbers(part) == [json.loads(line)["n"] for line in lines]


def test_a_file_that_was_cut_is_read_from_the_beginning(path):
    journal.append(path, LINES)
    mark = journal.read(path).mark
    os.truncate(path, len(LINES[0]) + 1)
    part = journal.read(path, mark)
    assert (numbers(part), part.afresh) == ([1], True)


def test_a_file_that_went_is_noticed(path):
    journal.append(path, LINES)
    mark = journal.read(path).mark
    path.unlink()
    assert journal.read(path, mark).afresh


def test_an_append_reads_the_end_of_the_file_only(path, monkeypatch):
    journal.append(path, [json.dumps({"n": number, "text": "x" * 100}).encode() for number in range(20_000)])
    read = 0

    class Counting:
        def __init__(self, file):
            self._file = file

        def __enter__(self):
            self._file.__enter__()
            return self

        def __exit__(self, *problem):
            return self._file.__exit__(*problem)

        def read(self, *size):
            nonlocal read
            data = self._file.read(*size)
            read += len(data)
            return data

        def __getattr__(self, name):
            return getattr(self._file, name)

    opened = type(path).open
    monkeypatch.setattr(
        type(path), "open", lambda self, *args, **kwargs: Counting(opened(self, *args, **kwargs))
    )
    journal.append(path, LINES[:1])
    monkeypatch.undo()
    assert 0 < read <= 8192
    assert path.stat().st_size > 2_000_000
