"""The emulator as tests hold it: one server that is Resource Graph, Microsoft Graph and a bit of Resource Manager."""

from __future__ import annotations

import base64
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.emulator import microsoft_graph, resource_graph, resource_manager
from tests.emulator.certificates import server_context
from tests.emulator.credential import FakeCredential, Verdict
from tests.emulator.estate import Estate, Source
from tests.emulator.faults import STATUS_FAULTS, Fault, Hits, Planned, Script, numbers
from tests.emulator.microsoft_graph import MicrosoftGraph
from tests.emulator.quota import Quota
from tests.emulator.recording import Recording
from tests.emulator.resource_graph import Page, ResourceGraph
from tests.emulator.server import Answer, Server
from tests.emulator.status_faults import arm_status
from tests.emulator.tokens import PageTokens
from tests.emulator.wire import RESOURCES_PATH, Request, Response, arm_error, graph_error
from ztkit.content.tables import table_named

_SERVICES = (resource_graph.SERVICE, microsoft_graph.SERVICE, resource_manager.SERVICE)
_DELIVERIES = (
    Fault.RESET_IN_BODY,
    Fault.CLOSE_IN_BODY,
    Fault.CUT_JSON,
    Fault.SLOW_BODY,
    Fault.MEANWHILE,
)
_CLAIMS = base64.b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}').decode()


class Emulator:
    """Stands in for Azure; use as a context manager.

    Args:
        source: a snapshot's folder, an open inventory, or tables.
        quota: requests to Resource Graph that one principal has in a window.
        window: seconds of that window.
        clock: what the quota counts seconds by.
        page_bytes: about how large an answer of Resource Graph may be.
        token_life: for how many further queries a skip token of Resource Graph is good; None is for ever.
        graph_page: objects a page of Microsoft Graph, where a request does not say.
        unreadable: ids of subscriptions that the caller cannot read, and does not hear of.
        taken: the moment of ``now()``; None takes the snapshot's.
        latency: seconds that an answer is on its way.
        seed: decides what the faults choose.

    Attributes:
        url: the base URL of all services; that of Microsoft Graph is ``url + "/v1.0"``.
        ca_file: for clients, as ``connection_verify``.
        credential: whose tokens the server takes.
        recording: every request.
        script: the faults.
        quota: what was allowed and denied.
    """

    def __init__(
        self,
        source: Source,
        *,
        quota: int = 15,
        window: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        page_bytes: int = 16_000_000,
        token_life: int | None = None,
        graph_page: int = 100,
        unreadable: Collection[str] = (),
        taken: datetime | None = None,
        latency: float = 0,
        seed: int = 1,
    ) -> None:
        self._latency = latency
        self.credential = FakeCredential()
        self.recording, self.script, self.quota = Recording(), Script(), Quota(quota, window, clock)
        self._credentials = [self.credential]
        self._problems: list[str] = []
        self._timers: list[threading.Timer] = []
        self._leaving: threading.Thread | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="ztkit-emulator-")
        folder = Path(self._folder.name)
        try:
            self._estate = Estate(source, folder, taken, unreadable)
            context, self.ca_file = server_context(folder)
            self._server = Server(context, self.recording.next_number, self._answer)
        except BaseException:
            self._folder.cleanup()
            raise
        self.url = self._server.url
        tokens = PageTokens(f"emulator {seed}")
        self._resource_graph = ResourceGraph(self._estate, self.script, tokens, page_bytes, token_life, seed)
        self._graph = MicrosoftGraph(self._estate, self.script, tokens, self.url, graph_page)

    def __enter__(self) -> Emulator:
        self._server.listen()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close()
        if kind is None and self._problems:
            raise AssertionError("the emulator itself failed:\n" + "\n".join(self._problems))

    def close(self) -> None:
        """Stop; all threads have ended when this returns."""
        for timer in self._timers:
            timer.cancel()
            timer.join()
        self._left()
        self._server.close()
        self._estate.close()
        self._folder.cleanup()

    def inject(
        self,
        fault: Fault,
        at: int | Iterable[int] | None = None,
        where: str | None = None,
        **more: Any,
    ) -> Planned:
        """Plan a fault; see `Planned` for `at`, `where` and what more can be said.

        Raises:
            ValueError: there is nothing of the name `where`.
        """
        if where and not where.startswith("/") and where not in _SERVICES and table_named(where) is None:
            raise ValueError(f"{where!r} is no table, entity, service or path")
        return self.script.add(Planned(fault, numbers(at), where, **more))

    def another_credential(self, principal: str) -> FakeCredential:
        """A credential of another principal, who has a quota of his own."""
        credential = FakeCredential(principal)
        self._credentials.append(credential)
        return credential

    @property
    def pages(self) -> list[Page]:
        """The pages of Resource Graph that were answered, in order."""
        return list(self._resource_graph.pages)

    def reset(self) -> None:
        """Forget requests, faults and quota, for the next test on the same server."""
        self.recording.reset()
        self.script.clear()
        self.quota.reset()
        self._resource_graph.reset()

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Refuse all connections while the block runs."""
        self._server.refuse()
        try:
            yield
        finally:
            self._server.listen()

    def go_away(self) -> None:
        """Refuse all connections from now on, until `come_back`; what happens MEANWHILE a request is answered can be this."""
        is_gone = self._server.is_gone
        self._leaving = threading.Thread(target=self._server.refuse)
        self._leaving.start()
        is_gone.wait()

    def wait_until_gone(self) -> None:
        """Wait until `go_away` has come to its end."""
        self._left()

    def come_back(self) -> None:
        """Take connections again, after `go_away`."""
        self._left()
        self._server.listen()

    def refuse_connections(self, seconds: float) -> None:
        """Refuse all connections for a while, beginning now."""
        self._server.refuse()
        timer = threading.Timer(seconds, self._server.listen)
        self._timers.append(timer)
        timer.start()

    def _left(self) -> None:
        """Wait until it has gone away, if it is about to."""
        if self._leaving is not None:
            self._leaving.join()

    def _answer(self, request: Request, token: str) -> Answer:
        self.recording.add(request)
        try:
            answer = self._answer_or_fail(request, token)
        except Exception:
            self._problems.append(f"{request.method} {request.path}: {traceback.format_exc()}")
            answer = Answer(arm_error(500, "EmulatorFailed", traceback.format_exc(limit=-1)))
        time.sleep(self._latency)
        self.recording.answered(request, answer.response.status if answer.response else 0)
        return answer

    def _answer_or_fail(self, request: Request, token: str) -> Answer:
        is_graph = request.path.lower().startswith(microsoft_graph.ROOT + "/")
        is_query = request.is_for(RESOURCES_PATH)
        labels = {request.path.rstrip("/").lower()}
        if is_graph:
            labels |= self._graph.labels(request)
        elif is_query:
            labels |= self._resource_graph.labels(request) | {resource_graph.SERVICE}
        else:
            labels.add(resource_manager.SERVICE)
        hits = self.script.hits(request.number, labels)
        if hits.of(Fault.DROP_CONNECTION):
            return Answer(None)
        if refused := self._refused(token, hits, is_graph):
            return Answer(refused)
        headers: dict[str, str] = {}
        if is_query and request.method == "POST":
            ruling = self.quota.take(self._principal(token))
            headers = self.quota.headers(ruling)
            if not ruling.allowed:
                throttled = arm_status(Planned(Fault.THROTTLED, retry_after=None))
                return Answer(_with(throttled, headers))
        response = self._respond(request, hits, is_graph, is_query)
        return Answer(_with(response, headers), hits.of(*_DELIVERIES))

    def _respond(self, request: Request, hits: Hits, is_graph: bool, is_query: bool) -> Response:
        planned = hits.of(*STATUS_FAULTS)
        if is_graph:
            if planned:
                return self._graph.failed(request, planned)
            return self._graph.handle(request, hits)
        if planned:
            return arm_status(planned)
        if problem := resource_manager.version_problem(request):
            return problem
        if is_query and request.method == "POST":
            return self._resource_graph.handle(request, hits)
        return resource_manager.handle(request, self._estate)

    def _refused(self, token: str, hits: Hits, is_graph: bool) -> Response | None:
        """The 401 to a request whose token is not good."""
        verdict, credential = self._judged(token, "graph" if is_graph else "management")
        if credential is not None and hits.of(Fault.TOKEN_EXPIRED):
            credential.expire(token)
            verdict = Verdict.EXPIRED
        challenge = hits.of(Fault.CLAIMS_CHALLENGE)
        if verdict is Verdict.GOOD and not challenge:
            return None
        parameter = 'error="invalid_token"'
        if verdict is Verdict.GOOD:
            parameter = f'error="insufficient_claims", claims="{_CLAIMS}"'
        headers = {
            "WWW-Authenticate": f'Bearer realm="", authorization_uri="https://login.invalid/", {parameter}'
        }
        messages = {
            Verdict.GOOD: "Continuous access evaluation resulted in a challenge.",
            Verdict.EXPIRED: "The access token has expired.",
            Verdict.REVOKED: "The access token has been revoked.",
            Verdict.UNKNOWN: "The access token is missing, invalid, or for another service.",
        }
        if is_graph:
            return graph_error(401, "InvalidAuthenticationToken", messages[verdict], headers)
        code = "ExpiredAuthenticationToken" if verdict is Verdict.EXPIRED else "InvalidAuthenticationToken"
        return arm_error(401, code, messages[verdict], headers=headers)

    def _judged(self, token: str, audience: str) -> tuple[Verdict, FakeCredential | None]:
        for credential in self._credentials:
            verdict = credential.judge(token, audience)
            if verdict is not Verdict.UNKNOWN:
                return verdict, credential
        return Verdict.UNKNOWN, None

    def _principal(self, token: str) -> str:
        _, credential = self._judged(token, "management")
        return credential.principal if credential else ""


def _with(response: Response, headers: dict[str, str]) -> Response:
    return Response(response.status, response.body, {**response.headers, **headers})
