"""An append-only file of JSON lines: on disk before `append` returns, and read on from where one stopped.

A killed writer leaves at most one unfinished line at the end. Nobody was told that it is saved, so the next
writer removes it and readers pass over it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

FILE_MODE = 0o600
_STEP = 4096


@dataclass(frozen=True)
class Mark:
    """Where a reader stopped.

    Attributes:
        position: bytes read; always behind a whole line.
        lines: lines read.
        file: which file it was; a file put in its place is read from the beginning.
    """

    position: int = 0
    lines: int = 0
    file: int = 0


START = Mark()


@dataclass(frozen=True)
class Part:
    """What a journal holds behind a mark.

    Attributes:
        lines: each with its number, counted from 1; blank ones are left out.
        mark: where the next read goes on.
        afresh: the file was replaced or cut since the mark, and this is all of it.
    """

    lines: tuple[tuple[int, bytes], ...]
    mark: Mark
    afresh: bool


def read(path: Path, mark: Mark = START) -> Part:
    """Read the whole lines behind a mark; a file that does not exist has none."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            afresh = status.st_ino != mark.file or status.st_size < mark.position
            start = START if afresh else mark
            file.seek(start.position)
            data = file.read()
    except FileNotFoundError:
        return Part((), START, afresh=mark != START)
    *whole, rest = data.split(b"\n")
    position = start.position + len(data) - len(rest)
    if _is_whole(rest):
        whole, position = [*whole, rest], position + len(rest)
    lines = tuple((start.lines + number, line) for number, line in enumerate(whole, 1) if line.strip())
    # A whole last line without its end counts now; the end that comes later begins no line of its own.
    ends = data[: position - start.position].count(b"\n")
    return Part(lines, Mark(position, start.lines + ends, status.st_ino), afresh)


def append(path: Path, lines: Sequence[bytes]) -> None:
    """Append lines durably; the caller keeps other writers out.

    Raises:
        OSError: they could not be written; none of them is in the file.
    """
    is_new = not path.exists()
    _mend_end(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, FILE_MODE)
    try:
        end = os.fstat(descriptor).st_size
        try:
            left = memoryview(b"".join(line + b"\n" for line in lines))
            while left:
                left = left[os.write(descriptor, left) :]
            os.fsync(descriptor)
        except OSError:
            with suppress(
                OSError
            ):  # the next writer removes what is torn; what is whole must not be left here
                os.ftruncate(descriptor, end)
            raise
    finally:
        os.close(descriptor)
    if is_new:
        _sync_folder(path.parent)


def _mend_end(path: Path) -> None:
    """End a last line that is whole, and remove one that is not; reads the end of the file only."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        tail = b""
        while len(tail) < end and b"\n" not in tail:
            start = max(0, end - len(tail) - _STEP)
            file.seek(start)
            tail = file.read(end - start)
        torn = tail.rpartition(b"\n")[2]
        if not torn:
            return
        file.seek(end - len(torn))
        file.write(torn + b"\n" if _is_whole(torn) else b"")
        file.truncate()


def _is_whole(line: bytes) -> bool:
    """Whether a line without an end lacks nothing else: no beginning of a JSON object is one itself."""
    if not line.lstrip().startswith(b"{"):
        return False
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Make a new file's name durable too, where folders can be synchronised."""
    if os.name == "nt":  # pragma: no cover - needs Windows
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
