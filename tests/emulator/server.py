"""HTTPS on loopback: connections, bytes, and the faults that lie in them."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.emulator.faults import Fault, Planned
from tests.emulator.wire import Request, Response

HOST = "127.0.0.1"
_IDLE_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """An answer and how it gets there.

    Attributes:
        response: what is sent; None drops the connection.
        delivery: a fault in sending the body.
    """

    response: Response | None
    delivery: Planned | None = None


Answering = Callable[[Request, str], Answer]
"""Answers a request and its token."""


class Server:
    """Listens on a port of its own, which stays its own while it is not listening.

    Args:
        context: the certificate.
        number: gives each request its number.
        answer: answers requests, in several threads at once.
    """

    def __init__(self, context: ssl.SSLContext, number: Callable[[], int], answer: Answering) -> None:
        self._context, self._number, self._answer = context, number, answer
        self._reserved = _bound_socket(0)
        self.port: int = self._reserved.getsockname()[1]
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"https://{HOST}:{self.port}"

    @property
    def is_gone(self) -> threading.Event:
        """Set once all connections are closed and it takes no more, until it listens again."""
        assert self._listener is not None
        return self._listener.gone

    def listen(self) -> None:
        """Begin to take connections."""
        self._listener = _Listener(self.port, self._context, self._number, self._answer)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), name="emulator")
        self._thread.start()

    def refuse(self) -> None:
        """Close all connections and take no more, until `listen`; returns when all threads have ended."""
        if self._listener is not None and self._thread is not None:
            self._listener.stop()
            self._thread.join()
            self._listener = self._thread = None

    def close(self) -> None:
        """Stop for good."""
        self.refuse()
        self._reserved.close()


def _bound_socket(port: int) -> socket.socket:
    """A socket that is bound and does not listen, so that a connection to it is refused."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind((HOST, port))
    return found


class _Listener(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close() waits for them
    allow_reuse_port = False
    request_queue_size = 128

    def __init__(
        self, port: int, context: ssl.SSLContext, number: Callable[[], int], answer: Answering
    ) -> None:
        self.context, self.number, self.answer = context, number, answer
        self.stopping, self.gone = threading.Event(), threading.Event()
        self._open: set[ssl.SSLSocket] = set()
        self._lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # that of HTTPServer asks for the host's name
        self.server_name, self.server_port = HOST, self.server_address[1]

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection; a client that goes away is no error."""
        with suppress(OSError):  # ssl.SSLError is one
            request.settimeout(_IDLE_SECONDS)
            with self.context.wrap_socket(
                request, server_side=True, do_handshake_on_connect=False
            ) as secured:
                with self._lock:
                    if self.stopping.is_set():
                        return
                    self._open.add(secured)
                try:
                    secured.do_handshake()
                    _Handler(secured, client_address, self)
                finally:
                    with self._lock:
                        self._open.discard(secured)

    def stop(self) -> None:
        self.stopping.set()
        self.shutdown()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    socket.socket.shutdown(
                        connection, socket.SHUT_RDWR
                    )  # wakes the thread that reads from it
        self.socket.close()
        self.gone.set()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener
    connection: ssl.SSLSocket

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # every method is answered and recorded
            return self._serve
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing."""

    def version_string(self) -> str:
        return "emulator"

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        has_length = length.isdigit() and not self.headers.get("Transfer-Encoding")
        token = self.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        path, _, query = self.path.partition("?")
        request = Request(
            number=self.server.number(),
            at=time.monotonic(),
            method=self.command,
            path=unquote(path),
            query=query,
            options=dict(parse_qsl(query, keep_blank_values=True)),
            headers={
                name.lower(): "***" if name.lower() == "authorization" else value
                for name, value in self.headers.items()
            },
            body=self.rfile.read(int(length)) if has_length else b"",
        )
        answer = self.server.answer(request, token)  # which records it, whatever it is
        if not has_length:
            self.send_error(411)
            return
        if answer.response is None:
            self._reset()
            return
        self._send(answer.response, answer.delivery)

    def _send(self, response: Response, delivery: Planned | None) -> None:
        body = b"" if self.command == "HEAD" else response.body
        fault = delivery.fault if delivery else None
        if fault is Fault.CUT_JSON:
            body = body[: len(body) * 3 // 5]
        if delivery is not None and fault is Fault.MEANWHILE and not delivery.sent:
            delivery.action()
        self.send_response(response.status)
        headers = {"Content-Type": "application/json; charset=utf-8", **response.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault in (Fault.RESET_IN_BODY, Fault.CLOSE_IN_BODY):
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            if fault is Fault.RESET_IN_BODY:
                self._reset()
        elif delivery is not None and fault is Fault.SLOW_BODY:
            for piece in _pieces(body, delivery.pieces):
                self.wfile.write(piece)
                if self.server.stopping.wait(delivery.pause):
                    break
        elif delivery is not None and fault is Fault.MEANWHILE and delivery.sent:
            begun = round(len(body) * delivery.sent)
            self.wfile.write(body[:begun])
            delivery.action()
            self.wfile.write(body[begun:])
        else:
            self.wfile.write(body)

    def _reset(self) -> None:
        """Have the connection end with RST once it is closed."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _pieces(body: bytes, count: int) -> Iterator[bytes]:
    size = max(1, -(-len(body) // count))
    for begin in range(0, len(body), size):
        yield body[begin : begin + size]
