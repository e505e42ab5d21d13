"""The form as a page of its own: a small server on this machine alone, opened with a token.

The token in the address becomes a cookie that scripts cannot read and other sites cannot send. A request has to name
this server as its host, so that no name that somebody points at this machine reaches it; one that says something has to
come from its own page.
"""

from __future__ import annotations

import json
import secrets
import threading
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from string import Template
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ztkit.errors import UsageError
from ztkit.widgets.controller import Controller
from ztkit.widgets.interview import static

HOST = "127.0.0.1"
LARGEST = 1_000_000
"""Bytes of the longest message that is read."""
_TYPES = {"form.js": "text/javascript", "page.js": "text/javascript", "form.css": "text/css"}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class FormServer(ThreadingHTTPServer):
    """Serves the form of one workspace to whoever has the token.

    Args:
        controller: answers the messages, one at a time.
        workspace: what tells this workspace from others in a browser's memory.
        port: 0 lets the system choose one.

    Raises:
        UsageError: the port cannot be had.
    """

    daemon_threads = True

    def __init__(self, controller: Controller, workspace: str, port: int = 0) -> None:
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as problem:
            raise UsageError(
                f"Port {port} cannot be used ({problem}). Leave --port out, and one is chosen."
            ) from problem
        self.token = secrets.token_urlsafe(32)
        self.page = Template(static("index.html")).substitute(workspace=workspace)
        self._controller, self._one_at_a_time = controller, threading.Lock()

    @property
    def url(self) -> str:
        """The address with its token; whoever has it can read and answer."""
        return f"http://{HOST}:{self.server_port}/?token={self.token}"

    @property
    def hosts(self) -> tuple[str, str]:
        """The names by which a browser may call this server."""
        return f"{HOST}:{self.server_port}", f"localhost:{self.server_port}"

    @property
    def cookie(self) -> str:
        """Name of the cookie; ports share cookies, so that it has the port in it."""
        return f"ztkit-{self.server_port}"

    def answer(self, message: Any) -> dict[str, Any]:
        """Answer one message."""
        with self._one_at_a_time:
            return self._controller.handle(message)


class _Handler(BaseHTTPRequestHandler):
    server: FormServer
    timeout = 30
    server_version, sys_version = "ztkit", ""

    def do_GET(self) -> None:
        """The page and its files."""
        address = urlsplit(self.path)
        if not self._is_ours():
            return
        given = parse_qs(address.query).get("token", [""])[0]
        fresh = address.path == "/" and self._is_token(given)
        if not (fresh or self._is_known()):
            self._refuse(HTTPStatus.FORBIDDEN, "Open the address that `ztkit interview serve` printed.")
        elif address.path == "/":
            cookie = f"{self.server.cookie}={self.server.token}; HttpOnly; SameSite=Strict; Path=/"
            self._send("text/html", self.server.page, {"Set-Cookie": cookie} if fresh else {})
        elif (name := address.path.removeprefix("/")) in _TYPES:
            self._send(_TYPES[name], static(name))
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such page.")

    def do_POST(self) -> None:
        """A message of the form."""
        length = self.headers.get("Content-Length", "")
        if not self._is_ours():
            return
        if not self._is_known() or self.headers.get("Origin") != f"http://{self.headers['Host']}":
            self._refuse(HTTPStatus.FORBIDDEN, "Only the form's own page may send messages.")
        elif self.path != "/message":
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such page.")
        elif self.headers.get_content_type() != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A message is JSON.")
        elif not (length.isascii() and length.isdigit() and int(length) <= LARGEST):
            self._refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "A message has a length, of a megabyte at most."
            )
        else:
            self._answer(self.rfile.read(int(length)))

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: an address has the token in it."""

    def _answer(self, body: bytes) -> None:
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(HTTPStatus.BAD_REQUEST, "A message is JSON.")
            return
        reply = self.server.answer(message)
        self._send("application/json", json.dumps(reply, ensure_ascii=False))

    def _is_ours(self) -> bool:
        """Whether the request calls this server by its own name; else it is refused."""
        if self.headers.get("Host") in self.server.hosts:
            return True
        self._refuse(HTTPStatus.MISDIRECTED_REQUEST, "This server answers to its own address only.")
        return False

    def _is_known(self) -> bool:
        try:
            cookies = SimpleCookie(self.headers.get("Cookie", ""))
        except CookieError:
            return False
        return self.server.cookie in cookies and self._is_token(cookies[self.server.cookie].value)

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self.server.token.encode())

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        self.close_connection = True
        self._send("text/plain", text, status=status)

    def _send(
        self,
        kind: str,
        text: str,
        headers: dict[str, str] | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in {**_HEADERS, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
