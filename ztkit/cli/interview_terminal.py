"""`ztkit interview` in the terminal: one question at a time, on disk before the next; evidence and conflicts in view."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from ztkit.cli.console import out
from ztkit.cli.interview_mail import pillars_named, roles_named
from ztkit.errors import StoppedError, UsageError

if TYPE_CHECKING:
    from ztkit.assess.standing import CheckShown, Standing
    from ztkit.interview.session import Item, Session
    from ztkit.model.response import Response
    from ztkit.workspace import Workspace

Read = Callable[[str], str]
"""Shows a prompt and returns the line that was typed; EOFError where there is no more."""
_KEYS = "number answers · d don't know · n does not apply · ? help · b back · s skip · q quit"
_SIGNS = {"pass": "✓ pass", "fail": "✗ fail", "nothing": "– nothing in scope", "unknown": "? unknown"}


class _QuitError(Exception):
    """The person wants to stop."""


def ask_in_terminal(folder: Path, *, role: str, pillar: str, respondent: str, everything: bool) -> None:
    """Ask whoever sits at the terminal.

    Raises:
        UsageError: no terminal is attached, there is no workspace, no such role, or no such pillar.
    """
    from ztkit.workspace import Workspace

    space = Workspace.open(folder)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "No terminal is attached, so that nobody could answer. `ztkit interview export` writes workbooks to be "
            "filled in, `ztkit interview serve` shows the form in a browser."
        )
    console = Console(
        highlight=False, width=min(out.width, 100)
    )  # wrapped at words, and not too long to read
    TerminalInterview(space, console, input).run(role, pillar, respondent, everything=everything)


class TerminalInterview:
    """An interview between a console and somebody's keyboard.

    Args:
        workspace: the engagement.
        console: where it is shown.
        read: how a line is read.
        clock: the present moment, with a time zone.
    """

    def __init__(
        self,
        workspace: Workspace,
        console: Console,
        read: Read,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        from ztkit.assess.standing import ground
        from ztkit.content.library import shipped_library
        from ztkit.interview.log import ResponseLog

        self.workspace, self.console, self.clock = workspace, console, clock
        self.library, self.log = shipped_library(), ResponseLog(workspace)
        self.ground = ground(workspace, self.library, clock())
        self._read = read
        self._saved = 0
        self._respondent = ""

    def run(self, role: str, pillar: str, respondent: str, *, everything: bool = False) -> None:
        """Ask until nothing is left, or the person quits; whatever was acknowledged is on disk.

        Raises:
            UsageError: there is no such role or pillar.
            ZtkitError: an answer could not be written, and is not recorded.
        """
        wanted = self._wanted(role, pillar)
        try:
            wanted = wanted or self._choose()
            self._respondent = respondent or self._line("Who answers (name or function)? ")
            self._loop(wanted, everything=everything)
        except (_QuitError, EOFError, KeyboardInterrupt, StoppedError):
            self.console.print()
        answers = f"{self._saved} answers" if self._saved != 1 else "1 answer"
        self._say(f"{answers} saved. `ztkit interview` goes on where you stopped.")

    def _wanted(self, role: str, pillar: str) -> dict[str, str]:
        wanted: dict[str, str] = {}
        if role:
            wanted["role"] = roles_named([role])[0]
        if pillar:
            wanted["pillar"] = pillars_named([pillar], self.workspace.engagement().pillars)[0]
        return wanted

    def _choose(self) -> dict[str, str]:
        """Ask whom or what to ask about."""
        from ztkit.interview.order import ROLE_TITLES, ROLES

        session = self._session()
        titles = {str(pillar.id): pillar.title for pillar in self.library.framework.pillars}
        roles, pillars = session.by_role, session.by_pillar
        found = [("role", str(name), ROLE_TITLES[name], roles[name]) for name in ROLES if name in roles]
        found += [("pillar", name, f"Pillar: {titles[name]}", part) for name, part in pillars.items()]
        for number, (_, _, title, part) in enumerate(found, 1):
            left = f"{part.open} open, {part.minutes_left} min" if part.open else "nothing open"
            self._say(f"{number:>3}  {title} ({left})")
        while True:
            typed = self._line("Which? ")
            if typed.isdecimal() and 1 <= int(typed) <= len(found):
                kind, name, *_ = found[int(typed) - 1]
                return {kind: name}
            self._say(f"Type a number from 1 to {len(found)}, or q to quit.")

    def _loop(self, wanted: dict[str, str], *, everything: bool) -> None:
        from ztkit.interview.session import DUE

        states = (*DUE, "answered", "dont-know", "not-applicable") if everything else DUE
        done: list[str] = []  # in the order in which they were shown; going back takes them off again
        item: Item | None = None
        while True:
            session = self._session().only(**wanted)
            if item is None:
                item = next(
                    (one for one in session.items if one.state in states and one.question.id not in done),
                    None,
                )
            else:
                item = session.by_id[item.question.id]
            if item is None:
                skipped = sum(one.state in DUE for one in session.items)
                self._say(
                    f"That is all. Skipped: {skipped}." if skipped else "That is all: nothing is left to ask."
                )
                return
            self._show(item, session)
            outcome = self._ask(item)
            if outcome == "back":
                item = session.by_id.get(done.pop()) if done else item
            elif outcome == "next":
                done.append(item.question.id)
                item = None

    def _ask(self, item: Item) -> str:
        """Take one command on a question: ``next``, ``back``, or ``again`` to show it once more."""
        while True:
            typed = self._line("> ").lower()
            if typed == "?":
                self._help(item)
            elif typed in ("b", "s"):
                return "back" if typed == "b" else "next"
            elif (fields := self._fields(item, typed)) is not None:
                return self._save(item, fields)
            else:
                self._say(f"Type a number from 1 to {len(item.question.answers)}, or a letter: {_KEYS}.")

    def _fields(self, item: Item, typed: str) -> dict[str, Any] | None:
        """The fields of the response that a command stands for; None where it is no command."""
        answers = item.question.answers
        if typed.isdecimal() and 1 <= int(typed) <= len(answers):
            said: dict[str, Any] = {"answer": answers[int(typed) - 1].id}
        elif typed == "d":
            said = {"kind": "dont-know"}
        elif typed == "n":
            said = {
                "kind": "not-applicable",
                "rationale": self._needed("Why does it not apply? "),
                "approver": self._needed("Who approved leaving it out? "),
                "expires": self._day("Until when, as 2027-06-30? "),
            }
        else:
            return None
        said["note"] = self._line("Note, or Enter: ", quits=False)
        return said

    def _save(self, item: Item, fields: dict[str, Any]) -> str:
        from ztkit.interview.record import OvertakenError, response_to, save

        common = {"respondent": self._respondent, "role": item.question.ask.role}
        try:
            response = response_to(item.question, self.clock(), **common, **fields)
            saved = save(self.log, self.library, response, item.seen)
        except OvertakenError as problem:
            self._say(str(problem))
            return "again"
        self._saved += 1
        self._say("Saved." if saved.counts else "Saved; a later answer is on file, and that one counts.")
        self._settle(item, saved.response, fields)
        return "next"

    def _settle(self, item: Item, said: Response, fields: dict[str, Any]) -> None:
        """Show a conflict with the evidence, and record what the person makes of it."""
        from ztkit.interview.record import OvertakenError, response_to, save

        standing = self._standing(item)
        if standing.conflict not in ("across", "apart"):
            return
        self.console.print("[bold]The evidence says otherwise.[/]", end=" ")
        self._say(standing.criterion.sentence)
        self._evidence(standing.checks)
        while True:
            typed = self._line(
                "a accept the evidence · u uphold the answer, with a reason · Enter leave it open: "
            ).lower()
            if not typed:
                return
            if typed in ("a", "u"):
                break
        settled = dict(fields, settles="accept-evidence" if typed == "a" else "dispute-evidence")
        if typed == "u":
            settled["dispute"] = self._needed("Why does the evidence not hold? ")
        common = {"respondent": self._respondent, "role": item.question.ask.role}
        try:
            save(
                self.log, self.library, response_to(item.question, self.clock(), **common, **settled), said.id
            )
        except OvertakenError as problem:
            self._say(str(problem))
            return
        self._say(
            "Saved: the evidence counts." if typed == "a" else "Saved: the report shows both, and the reason."
        )

    def _session(self) -> Session:
        from ztkit.interview.session import session

        self.log.refresh()
        return session(
            self.library,
            self.workspace.engagement(),
            self.log.responses,
            self.clock(),
            reviews=self.log.reviews,
        )

    def _standing(self, item: Item) -> Standing:
        from ztkit.assess.standing import standing

        return standing(self.library, self.ground, self.log.responses, item.question.id, self.clock())

    def _show(self, item: Item, session: Session) -> None:
        question, progress = item.question, session.progress
        objective = self.library.objectives[question.objective].title
        self.console.rule(style="dim")
        left = f"{progress.said} of {progress.total} answered · {progress.minutes_left} min left"
        self.console.print(f"[dim]{escape(objective)} · {left}[/]")
        self.console.print(f"[bold]{escape(question.text)}[/]")
        self._say(question.help)
        self._say("For the upper answers:")
        for line in question.quality:
            self._say(f"  • {line}")
        standing = self._standing(item)
        if standing.checks:
            self._say("The evidence:")
            self._evidence(standing.checks)
        if item.response is not None:
            self.console.print(f"[italic]On file: {escape(self._told(item, item.response))}[/]")
        for number, answer in enumerate(question.answers, 1):
            self.console.print(f"[bold]{number:>3}[/]  {escape(answer.label)}")
        self.console.print(f"[dim]{_KEYS}[/]")

    def _help(self, item: Item) -> None:
        self._say("To ask when the answer comes too quickly:")
        for probe in item.question.ask.probes:
            self._say(f"  • {probe}")
        documents = [one.document for one in item.question.evidence if hasattr(one, "document")]
        if documents:
            self._say(f"Documents that show it: {'; '.join(documents)}")
        self._say(
            "Don't know is an honest answer: the question stays open. Does not apply needs a reason, an approver"
        )
        self._say("and a day until which it holds; something that is missing is the lowest answer instead.")

    def _evidence(self, checks: Sequence[CheckShown]) -> None:
        for shown in checks:
            result, counted = shown.result, ""
            if result is not None and result.passed + result.failed:
                unit = self.library.checks[shown.id].unit
                counted = f": {result.passed} of {result.passed + result.failed} {unit}"
            self._say(f"  {_SIGNS[shown.state]}  {shown.title}{counted}")

    def _told(self, item: Item, response: Response) -> str:
        from ztkit.interview.workbook_layout import plain, shown

        label = shown(item.question, response)["answer"] or "an answer that there is no more"
        lacks = f"; it lacks {', '.join(item.lacks)}" if item.lacks else ""
        return f"{label}, {plain(response.respondent) or 'nobody named'}, {response.at:%Y-%m-%d}{lacks}"

    def _needed(self, prompt: str) -> str:
        while not (typed := self._line(prompt, quits=False)):
            self._say("It is needed; Ctrl-D stops without saving this answer.")
        return typed

    def _day(self, prompt: str) -> date:
        while True:
            try:
                found = date.fromisoformat(self._line(prompt, quits=False))
            except ValueError:
                self._say("Type a day as 2027-06-30.")
                continue
            if found > self.clock().date():
                return found
            self._say(f"{found} is over; type a day to come.")

    def _line(self, prompt: str, *, quits: bool = True) -> str:
        """A line as it was typed, without control characters; `q` quits where nothing is being written."""
        from ztkit.interview.workbook_layout import plain

        typed = plain(self._read(prompt))
        if quits and typed.lower() == "q":
            raise _QuitError
        return typed

    def _say(self, text: str) -> None:
        self.console.print(escape(text))
