"""A server that answers what it is told, byte for byte, and keeps what it was sent."""

import socket
import ssl
import struct
from collections import deque
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType
from typing import Any

import pytest

from hub.contracts import DeliveryError
from hub.http import OutboundHttp, open_http

RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: close sends RST


def answer(status: str = "200 OK", body: bytes = b"{}", **headers: str) -> bytes:
    """A complete answer; `retry_after="3"` becomes the header `Retry-After: 3`."""
    fields = {"Content-Length": str(len(body))}
    fields |= {name.replace("_", "-").title(): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Wire:
    """Answers the requests in the order of `script`, over however many connections they come.

    An empty answer closes the connection, `RESET` resets it, `SILENCE` never answers. `greeting`
    is sent before anything is asked.
    """

    RESET = b"reset"
    SILENCE = b"silence"

    def __init__(
        self, *script: bytes, tls: ssl.SSLContext | None = None, greeting: bytes = b""
    ) -> None:
        self.requests: list[bytes] = []
        self.connection_count = 0
        self.is_let_go = Event()  # a connection was closed from this side
        self._script = deque(script)
        self._tls, self._greeting = tls, greeting
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._clients: list[OutboundHttp] = []
        self._threads: list[Thread] = []
        self._sockets: list[socket.socket] = []

    @property
    def scheme(self) -> str:
        return "https" if self._tls else "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def client(self, path: str = "", scheme: str = "", **options: Any) -> OutboundHttp:
        """open_http for this server; closed with it."""
        client = open_http(f"{scheme or self.scheme}://127.0.0.1:{self.port}{path}", **options)
        self._clients.append(client)
        return client

    def __enter__(self) -> "Wire":
        self._start(self._accept)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        for client in self._clients:
            client.close()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._sockets:
            _hang_up(connection)
        for thread in self._threads:
            thread.join()

    def _start(self, target: object, *arguments: object) -> None:
        thread = Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            self.connection_count += 1
            self._sockets.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.sendall(self._greeting)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._sockets.append(connection)
            while request := _read_request(connection):
                self.requests.append(request)
                if not self._answer(connection):
                    break
        except OSError:
            pass  # the client has gone
        finally:
            connection.close()
            self.is_let_go.set()

    def _answer(self, connection: socket.socket) -> bool:
        """Whether the connection stays open."""
        reply = self._script.popleft() if self._script else b""
        if reply == self.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        elif reply == self.SILENCE:
            return True
        else:
            connection.sendall(reply)
        return b"Connection: close" not in reply and reply not in (b"", self.RESET)


def _read_request(connection: socket.socket) -> bytes:
    """Head and body, or nothing when the other side has closed."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    while len(body) < _content_length(head):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def _content_length(head: bytes) -> int:
    lines = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return int(lines[0].partition(b":")[2]) if lines else 0


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # closed already
        connection.shutdown(socket.SHUT_RDWR)


def error_of(client: OutboundHttp, method: str = "POST", url: str = "/x") -> DeliveryError:
    """What a call that must fail is told as."""
    with pytest.raises(DeliveryError) as caught:
        client.request(method, url, json={} if method == "POST" else None, read_timeout=0.2)
    return caught.value
