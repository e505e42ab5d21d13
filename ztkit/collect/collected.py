"""What a collection script leaves: a zip file of pages and notes, each a JSON document that says what it is.

- ``{"table": NAME, "page": 1, "answer": {…}}``: an answer of Resource Graph or Microsoft Graph, as it came;
- ``{"table": NAME, "unreadable": REASON}``: where a table could not be read, or not to its end;
- ``{"collection": {"by", "taken", "tenant", "scope", "tables"}}``: once, with all tables that were asked for.

A table is complete where its pages are there from the first to one that leads to no other, with as many rows as the answers
counted; nothing has to be vouched for. A table that was asked for and is in no document is unreadable.
"""

from __future__ import annotations

import json
import lzma
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from ztkit.collect.snapshot import Completeness
from ztkit.content.tables import entities, table_named
from ztkit.errors import InputError

ABOUT = "collection.json"
"""The file that says what was asked for."""
LARGEST_PART = 1 << 30
"""Bytes that a file in a zip file may have; a page has a few million."""
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError, ValueError)
"""What unpacking may raise; RuntimeError is a password, or a way of packing that is not known."""


class InputFile(Protocol):
    """A file, or a part of a zip file; as text it is its place, for messages."""

    @property
    def name(self) -> str:
        """Its name without the folders."""

    def read_bytes(self) -> bytes:
        """All of it."""


@dataclass(frozen=True)
class ZipPart:
    """A file in a zip file. It is read where it lies and never unpacked, so its name can do no harm.

    Attributes:
        share: its part of the zip file's bytes.
    """

    archive: Path
    member: zipfile.ZipInfo
    share: int

    @property
    def name(self) -> str:
        """Its name without the folders."""
        return self.member.filename.rpartition("/")[2]

    def __str__(self) -> str:
        return f"{self.archive}/{self.member.filename}"

    def read_bytes(self) -> bytes:
        """All of it.

        Raises:
            InputError: it is damaged, encrypted or far too large.
        """
        if self.member.file_size > LARGEST_PART:
            raise InputError(f"{self}: unpacked it has {self.member.file_size:,} bytes, which no export has")
        try:
            with zipfile.ZipFile(self.archive) as archive:
                return archive.read(self.member)
        except _DAMAGE as problem:
            raise InputError(f"{self}: cannot be unpacked: {problem}") from problem


def parts_of(path: Path, suffixes: tuple[str, ...]) -> list[ZipPart]:
    """The files in a zip file whose names end so, in order of name.

    Raises:
        InputError: it is no zip file, or has nothing to read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [item for item in archive.infolist() if not item.is_dir()]
    except (zipfile.BadZipFile, OSError) as problem:
        raise InputError(f"{path}: not a zip file, or cut off: {problem}; have it sent again") from problem
    wanted = [
        ZipPart(path, item, item.compress_size)
        for item in members
        if item.filename.lower().endswith(suffixes) and not _left_by_macos(item.filename)
    ]
    if not wanted:
        raise InputError(f"{path}: no file in it ends in {', '.join(suffixes)}")
    return sorted(wanted, key=lambda part: part.member.filename)


def _left_by_macos(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith("._")


@dataclass(frozen=True)
class Statement:
    """What a document of a script says beside its rows.

    Attributes:
        table: what it is on; empty where it is on the whole collection.
        page: counted from 1; 0 where it is no page.
        last: no other page comes after it.
        total: rows that the answer says the table has; None where it does not say.
        unreadable: why the table could not be read.
        about: what is said of the whole collection.
    """

    table: str = ""
    page: int = 0
    last: bool = False
    total: int | None = None
    unreadable: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)


def statement_in(place: str, value: Mapping[str, Any]) -> Statement | None:
    """What a document says, if it is one that a script writes.

    Args:
        place: file and line, for messages.
        value: the document.

    Raises:
        InputError: it begins as one, and does not go on as one.
    """
    if isinstance(value.get("collection"), dict) and len(value) == 1:
        return Statement(about=value["collection"])
    if value.keys() not in ({"table", "page", "answer"}, {"table", "unreadable"}):
        return None
    table = table_named(str(value["table"]))
    if table is None:
        raise InputError(
            f"{place}: there is no table {value['table']!r}; was this collected for a newer ztkit?"
        )
    if "unreadable" in value:
        return Statement(table, unreadable=_text(value["unreadable"]) or "no reason given")
    page, answer = value["page"], value["answer"]
    if not isinstance(page, int) or page < 1 or not isinstance(answer, dict):
        raise InputError(f"{place}: expected a page with its number and the answer that came")
    total = answer.get("totalRecords")
    if table in entities():
        return Statement(table, page, last=not answer.get("@odata.nextLink"))
    if not isinstance(total, int):
        raise InputError(
            f"{place}: the answer does not say `totalRecords`, and so not whether it is all there is"
        )
    return Statement(table, page, last=not answer.get("$skipToken"), total=total)


def _text(value: Any) -> str:
    """Text from elsewhere as one line, without what steers a terminal or is no character."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in str(value)).split())


@dataclass
class _Told:
    """What the documents of one collection say of one table."""

    pages: dict[int, Statement] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    @property
    def expected(self) -> int | None:
        """Rows that there should be: the most that an answer told, for the tenant may change between two pages."""
        return max((page.total for page in self.pages.values() if page.total is not None), default=None)

    @property
    def lacking(self) -> str:
        """What is not there, in words; empty where all is."""
        if self.reasons:
            read = f"read to page {max(self.pages)}, then: " if self.pages else ""
            return read + "; ".join(self.reasons)
        if not self.pages:
            return "it was asked for, and what was sent has nothing on it"
        final = max(self.pages)
        gap = next(number for number in count(1) if number not in self.pages)
        if gap < final:
            return f"page {gap} is missing"
        return "" if self.pages[final].last else f"the pages after {final} are missing"


class Collected:
    """Puts together what the documents of one or more collections say; each zip file or folder is one."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, _Told]] = defaultdict(lambda: defaultdict(_Told))
        self._about: dict[str, Mapping[str, Any]] = {}

    def add(self, place: str, statement: Statement) -> None:
        """Take in what a document says.

        Args:
            place: the zip file or folder that it lies in.
            statement: see `statement_in`.
        """
        if not statement.table:
            self._about[place] = statement.about
            for name in _listed(statement.about.get("tables")):
                if (table := table_named(name)) is not None:
                    _ = self._told[table][place]
        elif statement.page:
            self._told[statement.table][place].pages[statement.page] = statement
        else:
            self._told[statement.table][place].reasons.append(statement.unreadable)

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that a document says something about."""
        return tuple(sorted(self._told))

    def was_read(self, table: str) -> bool:
        """Whether there is a page of a table, be it one without rows."""
        return any(told.pages for told in self._told.get(table, {}).values())

    def completeness(self, table: str) -> Completeness:
        """What is known of a table's completeness."""
        told = self._told[table].values()
        lacking = "; ".join(dict.fromkeys(item.lacking for item in told if item.lacking))
        counts = [item.expected for item in told if item.pages]
        expected = None if None in counts else sum(count or 0 for count in counts)
        if not self.was_read(table):
            return Completeness("unreadable", lacking)
        return Completeness("partial" if lacking else "complete", lacking, expected)

    @property
    def tenant(self) -> str:
        """The tenant that was read, where it is one."""
        found = {str(about.get("tenant") or "") for about in self._about.values()}
        return found.pop() if len(found) == 1 else ""

    def notes(self) -> list[str]:
        """What a reader of the manifest should know of each collection."""
        notes = []
        for place, about in sorted(self._about.items()):
            scope = about.get("scope")
            chosen = ", ".join(
                _text(name)
                for names in (scope.values() if isinstance(scope, dict) else ())
                for name in _listed(names)
            )
            by, taken = _text(about.get("by") or "a script"), _text(about.get("taken") or "an unknown time")
            within = f"only in {chosen}" if chosen else "all that the account could read"
            notes.append(f"{Path(place).name}: collected by {by} at {taken}, {within}")
        return notes


def _listed(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def collected_at(files: Iterable[Path]) -> datetime | None:
    """When the oldest of the collections among some files was taken; None where there is none.

    Args:
        files: as `ztkit.collect.inventory_files.expand` gives them.
    """
    moments = []
    for path in files:
        try:
            found: Iterable[InputFile] = (
                parts_of(path, (ABOUT,)) if path.suffix.lower() == ".zip" else (path,)
            )
        except InputError:
            continue  # it holds no collection; whatever else is wrong with it, importing it says
        moments += [moment for file in found if file.name == ABOUT and (moment := _moment(file))]
    return min(moments, default=None)


def _moment(file: InputFile) -> datetime | None:
    try:
        statement = statement_in(str(file), json.loads(file.read_bytes()))
        moment = datetime.fromisoformat(str(statement.about.get("taken"))) if statement else None
    except (ValueError, AttributeError):
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
