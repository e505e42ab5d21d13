"""Where an engagement lives on disk: paths, atomic writes, permissions, one writer at a time.

Folders are 0700 and files 0600: a workspace holds a tenant's inventory. Whatever is written is written
whole: into a temporary name first, then renamed, so that a killed process leaves nothing half-done.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ztkit.errors import ContentError, UsageError, ZtkitError
from ztkit.model.assessment import Assessment
from ztkit.model.engagement import Engagement
from ztkit.model.response import ExceptionsFile, Response, RiskException
from ztkit.model.snapshot import SnapshotManifest

FOLDER_MODE, FILE_MODE = 0o700, 0o600
_ID = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{4}Z(-\d+)?$")
M = TypeVar("M", bound=BaseModel)


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
            raise UsageError(f"{root} is a workspace already; `ztkit status {root}` shows it.")
        if root.is_dir() and any(root.iterdir()):
            raise UsageError(f"{root} is not empty. Name a folder that is new or empty.")
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(FOLDER_MODE)
        workspace = cls(root)
        write_atomically(workspace.config_path, _toml(engagement))
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

    def responses(self) -> dict[str, list[Response]]:
        """Every response by question, in the order in which they were given.

        Raises:
            ContentError: a line is not a response; all such lines are named.
        """
        result: dict[str, list[Response]] = {}
        problems: list[str] = []
        if not self.responses_path.exists():
            return result
        lines = self.responses_path.read_text(encoding="utf-8").split("\n")
        torn = lines.pop()  # empty, or what a killed process could not finish: never acknowledged
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                response = Response.model_validate_json(line)
            except ValidationError as problem:
                problems += [f"{self.responses_path}:{number}: {item['msg']}" for item in problem.errors()]
                continue
            result.setdefault(response.question, []).append(response)
        if torn.strip():
            with suppress(ValidationError):
                response = Response.model_validate_json(torn)
                result.setdefault(response.question, []).append(response)
        if problems:
            raise ContentError(problems)
        return result

    def add_responses(self, responses: list[Response]) -> None:
        """Append responses durably: they are on disk when this returns."""
        text = "".join(item.model_dump_json(exclude_defaults=True) + "\n" for item in responses)
        with self.lock():
            _mend_end(self.responses_path)
            descriptor = os.open(self.responses_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, FILE_MODE)
            with os.fdopen(descriptor, "ab") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())

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
        folder = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=parent))
        try:
            yield folder
            for path in folder.iterdir():
                path.chmod(FILE_MODE)
            folder.rename(parent / identifier)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the workspace's write lock; waits for whoever holds it."""
        path = self.root / ".lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
        try:
            _lock_file(descriptor)
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


def _mend_end(path: Path) -> None:
    """Remove a last line that a killed process did not finish: nobody was told that it is saved."""
    if not path.exists():
        return
    data = path.read_bytes()
    _, _, torn = data.rpartition(b"\n")
    if not torn:
        return
    try:
        Response.model_validate_json(torn)
        end = torn + b"\n"
    except ValidationError:
        end = b""
    with path.open("r+b") as file:
        file.seek(len(data) - len(torn))
        file.write(end)
        file.truncate()


def _lock_file(descriptor: int) -> None:
    if os.name == "nt":  # pragma: no cover - needs Windows
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)


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


def _toml(engagement: Engagement) -> str:
    """ztkit.toml with its explanations; TOML strings are escaped as JSON strings are."""
    lines = [
        "# An engagement: who is assessed, and with what weights. `ztkit status` shows where it stands.",
        f"organisation = {json.dumps(engagement.organisation, ensure_ascii=False)}",
        f"assessor = {json.dumps(engagement.assessor, ensure_ascii=False)}",
        f"tenant = {json.dumps(engagement.tenant, ensure_ascii=False)}",
        f"pillars = {json.dumps(list(engagement.pillars))}",
        "",
        "# [scoring]                       # the method's defaults; change them only with a reason",
        '# share_of_initial = "3/5"        # weight of baseline and initial objectives in a pillar',
        "# [scoring.pillar_weights]        # weight of a pillar in the index, 1 unless set",
        "# identity = 2",
        "",
    ]
    return "\n".join(lines)
