"""Loads all content into one immutable library."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from ztkit.content import shipped
from ztkit.content.yamlfile import YamlFile, read
from ztkit.errors import ContentError, UsageError
from ztkit.model.check import Check
from ztkit.model.framework import (
    Concern,
    Control,
    ControlFramework,
    Framework,
    Objective,
    Pillar,
    Technology,
    TierInfo,
)
from ztkit.model.question import AnswerSet, Question

T = TypeVar("T")

PILLARS = ("identity", "endpoint", "network", "data", "infrastructure")
"""Pillars in the order in which they are shown everywhere."""


@dataclass(frozen=True)
class ContentPaths:
    """Where content is read from; the shipped folders unless said otherwise."""

    framework: Path = field(default_factory=lambda: shipped.folder("framework"))
    checks: tuple[Path, ...] = field(default_factory=lambda: (shipped.folder("checks"),))
    questionnaires: Path = field(default_factory=lambda: shipped.folder("questionnaires"))


@dataclass(frozen=True)
class Library:
    """The framework, every check and every question, in a stable order.

    Attributes:
        places: ``path:line`` of each check, question and objective, by id.
        hash: SHA-256 of all content files.
    """

    framework: Framework
    checks: Mapping[str, Check]
    questions: Mapping[str, Question]
    answer_sets: Mapping[str, AnswerSet]
    places: Mapping[str, str]
    hash: str

    @cached_property
    def question_of(self) -> Mapping[str, Question]:
        """The question that names each check, by check id."""
        return {link.check: question for question in self.questions.values() for link in question.checks}

    @cached_property
    def objectives(self) -> Mapping[str, Objective]:
        """Objectives by id."""
        return {objective.id: objective for objective in self.framework.objectives}

    def control_framework(self, name: str) -> ControlFramework:
        """An outside framework by id.

        Raises:
            UsageError: there is none.
        """
        known = {item.id: item for item in self.framework.control_frameworks}
        if name not in known:
            raise UsageError(f"There is no framework {name!r}. There are: {', '.join(known)}.")
        return known[name]

    def check(self, check_id: str) -> Check:
        """A check by id.

        Raises:
            UsageError: there is none; the message names the nearest ids.
        """
        return _get(self.checks, check_id, "check")

    def question(self, question_id: str) -> Question:
        """A question by id.

        Raises:
            UsageError: there is none; the message names the nearest ids.
        """
        return _get(self.questions, question_id, "question")


def _get(items: Mapping[str, T], wanted: str, what: str) -> T:
    if wanted in items:
        return items[wanted]
    near = difflib.get_close_matches(wanted, items, n=3, cutoff=0.4)
    hint = f" Did you mean {' or '.join(near)}?" if near else f" `ztkit {what}s list` shows them all."
    raise UsageError(f"There is no {what} {wanted!r}.{hint}")


def load(paths: ContentPaths | None = None) -> Library:
    """Load all content.

    Raises:
        ContentError: with every problem of every file, as ``path:line: message``.
    """
    library, problems = load_with_problems(paths or ContentPaths())
    if problems:
        raise ContentError(problems)
    return library


@lru_cache(maxsize=1)
def shipped_library() -> Library:
    """The library that comes with ztkit, loaded once."""
    return load()


def load_with_problems(paths: ContentPaths) -> tuple[Library, list[str]]:
    """Load what can be loaded, and say what cannot; used by lint, which goes on after a problem."""
    reader = _Reader()
    framework = reader.framework(paths.framework)
    answer_sets = reader.answer_sets(paths.questionnaires / "answer-sets.yaml")
    questions = reader.questions(paths.questionnaires, answer_sets)
    checks = reader.checks(paths.checks)
    library = Library(
        framework=framework,
        checks=checks,
        questions=questions,
        answer_sets=answer_sets,
        places=reader.places,
        hash=reader.digest.hexdigest(),
    )
    return library, reader.problems


class _Reader:
    """Collects problems and places while files are read, in a fixed order."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.places: dict[str, str] = {}
        self.digest = hashlib.sha256()

    def framework(self, folder: Path) -> Framework:
        parts: dict[str, tuple[Any, ...]] = {}
        for name, model in (
            ("tiers", TierInfo),
            ("pillars", Pillar),
            ("objectives", Objective),
            ("concerns", Concern),
            ("technologies", Technology),
            ("control_frameworks", ControlFramework),
        ):
            path = folder / f"{name.replace('_', '-')}.yaml"
            parts[name] = tuple(item for _, _, item in self._list(path, model))
        parts["control_frameworks"] = tuple(
            item.model_copy(update={"controls": self._controls(folder / "controls" / f"{item.id}.yaml")})
            for item in parts["control_frameworks"]
        )
        return Framework(**parts)

    def _controls(self, path: Path) -> tuple[Control, ...]:
        """The controls of an outside framework; their ids are its own, so only the file says where each stands."""
        file = self._file(path)
        found = (
            file.validate(Control, entry, (index,), self.problems) for index, entry in self._entries(file)
        )
        return tuple(item for item in found if item is not None)

    def answer_sets(self, path: Path) -> dict[str, AnswerSet]:
        return {item.id: item for _, _, item in self._list(path, AnswerSet)}

    def questions(self, folder: Path, answer_sets: Mapping[str, AnswerSet]) -> dict[str, Question]:
        questions: dict[str, Question] = {}
        for pillar in PILLARS:
            file = self._file(folder / f"{pillar}.yaml")
            for index, entry in self._entries(file):
                resolved = self._with_answers(file, index, entry, answer_sets)
                question = file.validate(Question, resolved, (index,), self.problems)
                if question is not None:
                    self._add(questions, question.id, question, file, (index,))
        return questions

    def checks(self, folders: tuple[Path, ...]) -> dict[str, Check]:
        checks: dict[str, Check] = {}
        for path in _check_files(folders):
            file = self._file(path)
            check = file.validate(Check, file.data, (), self.problems) if not file.problems else None
            if check is None:
                continue
            self._add(checks, check.id, check, file, ("id",))
            expected = f"{path.parent.name}.{path.stem}"
            if check.id != expected:
                self.problems.append(
                    file.problem(("id",), f"id is {check.id!r}, the file's place says {expected!r}")
                )
        order = {pillar: number for number, pillar in enumerate(PILLARS)}
        return dict(
            sorted(checks.items(), key=lambda item: (order[item[1].pillar], item[1].objective, item[0]))
        )

    def _with_answers(
        self, file: YamlFile, index: int, entry: Any, answer_sets: Mapping[str, AnswerSet]
    ) -> Any:
        """Put the answers of a shared set in the place of its name."""
        if not isinstance(entry, dict) or not isinstance(entry.get("answers"), str):
            return entry
        name = entry["answers"]
        if name not in answer_sets:
            known = ", ".join(answer_sets)
            self.problems.append(
                file.problem((index, "answers"), f"no answer set {name!r}; there are {known}")
            )
            return {**entry, "answers": []}
        return {**entry, "answers": [a.model_dump() for a in answer_sets[name].answers], "answer_set": name}

    def _list(self, path: Path, model: type[Any]) -> Iterator[tuple[YamlFile, int, Any]]:
        """Every entry of a file that is a list; ids must not repeat."""
        file = self._file(path)
        seen: dict[str, Any] = {}
        for index, entry in self._entries(file):
            item = file.validate(model, entry, (index,), self.problems)
            if item is not None:
                self._add(seen, item.id, item, file, (index,))
                yield file, index, item

    def _entries(self, file: YamlFile) -> Iterator[tuple[int, Any]]:
        if file.data is None:
            return
        if not isinstance(file.data, list):
            self.problems.append(file.problem((), "expected a list of entries, each beginning with `- id:`"))
            return
        yield from enumerate(file.data)

    def _file(self, path: Path) -> YamlFile:
        file = read(path)
        self.problems.extend(file.problems)
        if path.is_file():
            self.digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return file

    def _add(
        self, items: dict[str, Any], key: str, item: Any, file: YamlFile, at: tuple[int | str, ...]
    ) -> None:
        if key in items:
            self.problems.append(file.problem(at, f"id {key!r} is used twice; first at {self.places[key]}"))
            return
        items[key] = item
        self.places[key] = file.problem(at, "").rstrip(": ")


def _check_files(folders: tuple[Path, ...]) -> Iterator[Path]:
    for folder in folders:
        for pillar in PILLARS:
            yield from sorted((folder / pillar).glob("*.yaml"))
