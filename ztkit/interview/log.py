"""The responses of a workspace in memory, kept up to date by reading only what was appended since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from ztkit import journal
from ztkit.model.response import Response, Review
from ztkit.workspace import Workspace


class ResponseLog:
    """What was said so far, as this reader has seen it.

    Others write to the same file while it is open: another tab, a colleague, an import. `refresh` takes in what
    they appended; it costs as much as that, not as much as the file.

    Args:
        workspace: whose log it is; read in whole once.

    Raises:
        ContentError: a line of the file cannot be read; all such lines are named.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._mark = journal.START
        self._responses: dict[str, list[Response]] = {}
        self._by_id: dict[str, Response] = {}
        self._last: dict[str, str] = {}
        self._reviews: dict[str, Review] = {}
        self.refresh()

    @property
    def responses(self) -> Mapping[str, Sequence[Response]]:
        """Every response by question, in the order in which they were recorded."""
        return self._responses

    @property
    def reviews(self) -> Mapping[str, Review]:
        """The newest review of each response that has one, by the response's id."""
        return self._reviews

    def refresh(self) -> tuple[Response, ...]:
        """Take in what was appended since the last look, and return the responses among it.

        Raises:
            ContentError: a line cannot be read; nothing was taken in.
        """
        part = self.workspace.read_log(self._mark)
        if part.afresh:
            for held in (self._responses, self._by_id, self._last, self._reviews):
                held.clear()
        self._mark = part.mark
        for response in part.responses:
            identifier = response.id
            self._responses.setdefault(response.question, []).append(response)
            self._by_id[identifier] = response
            self._last[response.question] = identifier
        self._reviews |= {review.response: review for review in part.reviews}
        return part.responses

    def find(self, response_id: str) -> Response | None:
        """A response by id, however old; None where there is none."""
        return self._by_id.get(response_id)

    def last(self, question_id: str) -> str | None:
        """Id of the response to a question that was recorded last; None where there is none."""
        return self._last.get(question_id)

    def since(self, question_id: str, seen: str | None) -> tuple[Response, ...]:
        """The responses to a question that were recorded after the one seen, oldest first."""
        given = self._responses.get(question_id, [])
        known = [number for number, response in enumerate(given, 1) if response.id == seen]
        return tuple(given[known[-1] if known else 0 :])

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other writers out, and be up to date while doing so."""
        with self.workspace.lock():
            self.refresh()
            yield

    def append(self, lines: Sequence[Response | Review]) -> None:
        """Append durably, within `writing`; they are on disk and in memory when this returns.

        Raises:
            ZtkitError: they could not be written, and are not recorded.
        """
        self.workspace.append_to_log(lines)
        self.refresh()
