"""Where an engagement lives on disk: paths, atomic writes, permissions, one writer at a time.

Folders are 0700 and files 0600: a workspace holds a tenant's inventory. Whatever is written is written
whole: into a temporary name first, then renamed, so that a killed process leaves nothing half-done.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from ztkit import journal, private
from ztkit.errors import ContentError, UsageError, ZtkitError
from ztkit.model.assessment import Assessment
from ztkit.model.engagement import Engagement, as_toml, with_targets
from ztkit.model.response import ExceptionsFile, LogLine, Response, Review, RiskException
from ztkit.model.snapshot import SnapshotManifest
from ztkit.model.types import ObjectiveId
from ztkit.private import PrivateFolder

FOLDER_MODE, FILE_MODE = 0o700, journal.FILE_MODE
_LOG_LINE: TypeAdapter[Response | Review] = TypeAdapter(LogLine)
_ID = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{4}Z(-\d+)?$")
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class LogPart:
    """What the log of responses holds behind a mark.

    Attributes:
        mark: where the next read goes on.
        afresh: the file was replaced or cut since the mark, and this is all of it.
    """

    responses: tuple[Response, ...]
    reviews: tuple[Review, ...]
    mark: journal.Mark
    afresh: bool


@dataclass(frozen=True)
class Workspace:
    """An engagement's folder."""

    root: Path

    @classmethod
    def create(cls, root: Path, engagement: Engagement) -> Workspace:
        """Make a new workspace.

        Raises:
            UsageError: there is one already, or the folder holds something else.
        """
        if (root / "ztkit.toml").exists():
            raise UsageError(f"{root} is a workspace already; `ztkit status -w {root}` shows it.")
        if root.is_dir() and any(root.iterdir()):
            raise UsageError(f"{root} is not empty. Name a folder that is new or empty.")
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(FOLDER_MODE)
        workspace = cls(root)
        write_atomically(workspace.config_path, as_toml(engagement))
        return workspace

    @classmethod
    def open(cls, root: Path) -> Workspace:
        """Open a workspace, looking upwards from a folder inside it.

        Raises:
            UsageError: there is none.
        """
        for folder in (root.resolve(), *root.resolve().parents):
            if (folder / "ztkit.toml").is_file():
                return cls(folder)
        raise UsageError(
            f"{root} is no workspace. `ztkit init FOLDER` makes one; `ztkit demo FOLDER` makes one to try."
        )

    @property
    def config_path(self) -> Path:
        """ztkit.toml."""
        return self.root / "ztkit.toml"

    @property
    def responses_path(self) -> Path:
        """The append-only log of responses."""
        return self.root / "responses.jsonl"

    def engagement(self) -> Engagement:
        """Who is assessed; read from ztkit.toml.

        Raises:
            ContentError: with every problem of the file.
        """
        try:
            return Engagement.model_validate(tomllib.loads(self.config_path.read_text(encoding="utf-8")))
        except tomllib.TOMLDecodeError as problem:
            raise ContentError([f"{self.config_path}: not valid TOML: {problem}"]) from problem
        except ValidationError as problem:
            raise ContentError(_problems(self.config_path, problem)) from problem

    def read_log(self, mark: journal.Mark = journal.START) -> LogPart:
        """The responses and reviews recorded behind a mark, in the order in which they were recorded.

        Raises:
            ContentError: a line is neither; all such lines are named.
        """
        part = journal.read(self.responses_path, mark)
        responses: list[Response] = []
        reviews: list[Review] = []
        problems: list[str] = []
        for number, line in part.lines:
            try:
                found = _LOG_LINE.validate_json(line)
            except ValidationError as problem:
                problems += [f"{self.responses_path}:{number}: {item['msg']}" for item in problem.errors()]
                continue
            if isinstance(found, Review):
                reviews.append(found)
            else:
                responses.append(found)
        if problems:
            raise ContentError(problems)
        return LogPart(tuple(responses), tuple(reviews), part.mark, part.afresh)

    def responses(self) -> dict[str, list[Response]]:
        """Every response by question, in the order in which they were recorded.

        Raises:
            ContentError: a line of the log cannot be read; all such lines are named.
        """
        result: dict[str, list[Response]] = {}
        for response in self.read_log().responses:
            result.setdefault(response.question, []).append(response)
        return result

    def add_responses(self, responses: Sequence[Response]) -> None:
        """Append responses durably: they are on disk when this returns."""
        with self.lock():
            self.append_to_log(responses)

    def append_to_log(self, lines: Sequence[Response | Review]) -> None:
        """Append to the log durably; the caller holds `lock`.

        Raises:
            ZtkitError: they could not be written, and are not recorded.
        """
        texts = [line.model_dump_json(exclude_defaults=True).encode("utf-8") for line in lines]
        try:
            journal.append(self.responses_path, texts)
        except OSError as problem:
            raise ZtkitError(
                f"{self.responses_path} could not be written ({problem.strerror}): the answer is not saved. "
                "Make room or mend the permissions, and save it again."
            ) from problem

    def write_target(self, objective: ObjectiveId, share: Fraction | None) -> None:
        """Put the target of an objective into ztkit.toml, or take it out; the rest of the file stays as it is.

        Raises:
            ContentError: the file does not hold together.
        """
        with self.lock():
            before = self.engagement()
            others = {name: wanted for name, wanted in before.targets.items() if name != objective}
            targets = others if share is None else {**others, objective: share}
            engagement = before.model_copy(update={"targets": targets})
            text = with_targets(self.config_path.read_text(encoding="utf-8"), engagement)
            try:
                written = Engagement.model_validate(tomllib.loads(text))
            except (tomllib.TOMLDecodeError, ValidationError):
                written = None
            if written != engagement:
                told = "[targets] is written in a way that cannot be replaced; edit it by hand"
                raise ContentError([f"{self.config_path}: {told}"])
            write_atomically(self.config_path, text)

    def exceptions(self) -> tuple[RiskException, ...]:
        """Accepted risks, from exceptions.yaml.

        Raises:
            ContentError: with every problem of the file.
        """
        path = self.root / "exceptions.yaml"
        if not path.exists():
            return ()
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            return ExceptionsFile.model_validate(
                data if isinstance(data, dict) else {"exceptions": data}
            ).exceptions
        except yaml.YAMLError as problem:
            raise ContentError([f"{path}: not valid YAML: {problem}"]) from problem
        except ValidationError as problem:
            raise ContentError(_problems(path, problem)) from problem

    def write_exceptions(self, exceptions: tuple[RiskException, ...]) -> None:
        """Write exceptions.yaml."""
        data = {"exceptions": [item.model_dump(mode="json", exclude_defaults=True) for item in exceptions]}
        write_atomically(
            self.root / "exceptions.yaml", yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
        )

    def snapshots(self) -> list[str]:
        """Ids of the finished snapshots, oldest first."""
        return _ids(self.root / "snapshots", "manifest.json")

    def snapshot_folder(self, snapshot_id: str) -> Path:
        """Where a snapshot lies."""
        return self.root / "snapshots" / _safe(snapshot_id)

    def manifest(self, snapshot_id: str) -> SnapshotManifest:
        """A snapshot's manifest.

        Raises:
            UsageError: there is no such snapshot.
        """
        known = self.snapshots()
        if snapshot_id not in known:
            raise UsageError(
                f"There is no snapshot {snapshot_id!r} in {self.root}. There are: {', '.join(known) or 'none'}."
            )
        return read_model(self.snapshot_folder(snapshot_id) / "manifest.json", SnapshotManifest)

    def assessments(self) -> list[str]:
        """Ids of the finished assessments, oldest first."""
        return _ids(self.root / "assessments", "result.json")

    def assessment_folder(self, assessment_id: str) -> Path:
        """Where an assessment lies."""
        return self.root / "assessments" / _safe(assessment_id)

    def assessment(self, assessment_id: str) -> Assessment:
        """An assessment's result; ``latest`` and ``previous`` are names for the last two.

        Raises:
            UsageError: there is no such assessment.
        """
        return read_model(
            self.assessment_folder(self.find_assessment(assessment_id)) / "result.json", Assessment
        )

    def find_assessment(self, assessment_id: str) -> str:
        """Resolve ``latest``, ``previous`` or an id to the id of an assessment that exists.

        Raises:
            UsageError: there is none.
        """
        known = self.assessments()
        if assessment_id == "latest" and known:
            return known[-1]
        if assessment_id == "previous" and len(known) > 1:
            return known[-2]
        if assessment_id in known:
            return assessment_id
        raise UsageError(
            f"There is no assessment {assessment_id!r} in {self.root}. There are: {', '.join(known) or 'none'}. "
            "`ztkit assess` makes one."
        )

    def new_id(self, kind: str, at: datetime) -> str:
        """An id for a new snapshot, assessment or report: the UTC minute, numbered if that is taken."""
        base = at.astimezone(UTC).strftime("%Y-%m-%dT%H%MZ")
        candidate, number = base, 2
        while (self.root / kind / candidate).exists():
            candidate, number = f"{base}-{number}", number + 1
        return candidate

    @contextmanager
    def building(self, kind: str, identifier: str) -> Iterator[Path]:
        """A temporary folder that becomes ``<kind>/<identifier>`` when the block ends well, and goes otherwise."""
        parent = self.root / kind
        parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
        folder = PrivateFolder(parent, ".unfinished-")
        with folder as path:
            yield path
            for file in path.iterdir():
                file.chmod(FILE_MODE)
            folder.keep(parent / identifier)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the workspace's write lock; waits for whoever holds it."""
        path = self.root / ".lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
        try:
            private.lock(descriptor)
            yield
        finally:
            os.close(descriptor)  # releases the lock


def write_atomically(path: Path, text: str) -> None:
    """Write a file whole, readable by its owner only."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(FILE_MODE)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_model(path: Path, model: BaseModel) -> None:
    """Write a model as JSON: the same model gives the same bytes."""
    write_atomically(
        path, json.dumps(model.model_dump(mode="json", by_alias=True), indent=1, ensure_ascii=False) + "\n"
    )


def read_model(path: Path, model: type[M]) -> M:
    """Read a model from JSON.

    Raises:
        ZtkitError: the file is missing, damaged, or of another version.
    """
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as problem:
        raise ZtkitError(f"{path} cannot be read: {problem.strerror}.") from problem
    except ValidationError as problem:
        first = "; ".join(_problems(path, problem)[:3])
        raise ZtkitError(
            f"{path} is damaged or was written by another version of ztkit: {first}"
        ) from problem


def _ids(folder: Path, needed: str) -> list[str]:
    if not folder.is_dir():
        return []
    names = [path.name for path in folder.iterdir() if _ID.match(path.name) and (path / needed).is_file()]
    return sorted(names, key=lambda name: (name[:16], int(name[17:] or 0) if len(name) > 16 else 0))


def _safe(identifier: str) -> str:
    if not _ID.match(identifier):
        raise UsageError(f"{identifier!r} is no id; an id looks like 2026-11-22T0930Z.")
    return identifier


def _problems(path: Path, problem: ValidationError) -> list[str]:
    return [
        f"{path}: {'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in problem.errors()
    ]
