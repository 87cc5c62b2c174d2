"""A lean HTTP/1.1 server on asyncio in a thread of its own: what a stand-in runs on."""

import asyncio
import logging
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Protocol, Self, TypeAlias, TypeVar
from urllib.parse import parse_qsl

logger = logging.getLogger(__name__)

MAX_HEAD_BYTES = 65_536  # a request line and headers; no client of ours comes near
MAX_BODY_BYTES = 64 * 1024 * 1024  # only guards this process: the stand-in answers 413 far below
CALL_TIMEOUT_S = 10.0  # for a call into the server's thread, which never blocks
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER of zero seconds: close() sends RST
REASONS = {status.value: status.phrase for status in HTTPStatus}

T = TypeVar("T")


class Cut(Enum):
    """An answer that is none: the connection ends, with a reset or politely."""

    RESET = "reset"
    CLOSE = "close"


@dataclass(slots=True)
class Request:
    method: str
    path: str
    query_string: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    is_last: bool = False  # the client asked for the connection to be closed

    def query(self) -> dict[str, str]:
        """The first value of each parameter, as Go's `Query().Get` reads them."""
        pairs = parse_qsl(self.query_string, keep_blank_values=True)
        return dict(reversed(pairs))


@dataclass(slots=True)
class Response:
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class Socket(Protocol):
    """What goes on over a connection once it speaks another protocol than HTTP."""

    def opened(self, transport: asyncio.Transport) -> None: ...

    def received(self, data: bytes) -> None: ...

    def lost(self) -> None: ...


@dataclass(slots=True)
class Upgrade:
    """An answer that hands the connection over; `head` is sent first."""

    head: bytes
    socket: Socket


Answer: TypeAlias = Response | Cut | Upgrade
Respond: TypeAlias = Callable[[Request], Answer | Awaitable[Answer]]


def encode_response(response: Response, *, is_last: bool, has_body: bool = True) -> bytes:
    head = (
        f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Unknown')}\r\n"
        f"Content-Type: {response.content_type}\r\nContent-Length: {len(response.body)}\r\n"
    )
    for name, value in response.headers.items():
        head += f"{name}: {value}\r\n"
    head += "Connection: close\r\n\r\n" if is_last else "\r\n"
    return head.encode("latin-1") + (response.body if has_body else b"")


def parse_head(head: bytes) -> Request:
    """The request without its body. Raises ValueError when it is not HTTP/1."""
    lines = head.decode("latin-1").split("\r\n")
    method, target, version = lines[0].split(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError(f"not HTTP/1: {version}")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    path, _, query_string = target.partition("?")
    wish = headers.get("connection", "").lower()
    is_last = wish == "close" or (version == "HTTP/1.0" and wish != "keep-alive")
    return Request(method, path, query_string, headers, b"", is_last)


def take_chunks(buffer: bytearray) -> bytes | None:
    """A chunked body taken off the buffer; None while it is incomplete. Raises ValueError."""
    body, at = b"", 0
    while (line_end := buffer.find(b"\r\n", at)) >= 0:
        size = int(bytes(buffer[at:line_end]).partition(b";")[0], 16)
        at = line_end + 2 + size + 2
        if len(buffer) < at:
            return None
        if size == 0:
            del buffer[:at]
            return body
        body += buffer[line_end + 2 : at - 2]
    return None


class Connection(asyncio.Protocol):
    """One kept-alive client; its requests are answered one after the other."""

    def __init__(self, respond: Respond, connections: "set[Connection]") -> None:
        self._respond = respond
        self._connections = connections
        self._buffer = bytearray()
        self._request: Request | None = None  # its head has been read, its body not wholly
        self.task: asyncio.Task[None] | None = None  # an answer that takes its time
        self._socket: Socket | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a stand-in speaks TCP only")
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        if self.task is not None:
            self.task.cancel()
        if self._socket is not None:
            self._socket.lost()

    def data_received(self, data: bytes) -> None:
        if self._socket is not None:
            self._socket.received(data)
            return
        self._buffer += data
        if self.task is None:
            self._answer_all()

    def cut(self, how: Cut = Cut.RESET) -> None:
        peer: socket.socket | None = self._transport.get_extra_info("socket")
        if how is Cut.RESET and peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._transport.abort()

    def _answer_all(self) -> None:
        """Answer every complete request in the buffer, or up to one that has to wait."""
        while self._socket is None and not self._transport.is_closing():
            try:
                request = self._next_request()
            except ValueError:
                self._write(Response(400, b"bad request", "text/plain"), is_last=True)
                return
            if request is None:
                return
            answer = self._respond(request)
            if not isinstance(answer, Response | Cut | Upgrade):
                self.task = asyncio.ensure_future(self._answer_later(request, answer))
                return
            self._finish(request, answer)

    async def _answer_later(self, request: Request, answer: Awaitable[Answer]) -> None:
        ready = await answer
        self.task = None
        self._finish(request, ready)
        self._answer_all()

    def _next_request(self) -> Request | None:
        if self._request is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0 and len(self._buffer) < MAX_HEAD_BYTES:
                return None
            self._request = parse_head(bytes(self._buffer[: max(end, 0)]))
            del self._buffer[: end + 4]
            if self._request.headers.get("expect", "").lower() == "100-continue":
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self._take_body(self._request.headers)
        if body is None:
            return None
        request, self._request = self._request, None
        request.body = body
        return request

    def _take_body(self, headers: dict[str, str]) -> bytes | None:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return take_chunks(self._buffer)
        length = int(headers.get("content-length", "0"))
        if not 0 <= length <= MAX_BODY_BYTES:
            raise ValueError(f"a body of {length} bytes")
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return body

    def _finish(self, request: Request, answer: Answer) -> None:
        if isinstance(answer, Cut):
            self.cut(answer)
        elif isinstance(answer, Upgrade):
            self._hand_over(answer)
        else:
            self._write(answer, is_last=request.is_last, has_body=request.method != "HEAD")

    def _hand_over(self, upgrade: Upgrade) -> None:
        self._socket = upgrade.socket
        self._transport.write(upgrade.head)
        upgrade.socket.opened(self._transport)
        upgrade.socket.received(bytes(self._buffer))
        self._buffer.clear()

    def _write(self, response: Response, *, is_last: bool, has_body: bool = True) -> None:
        self._transport.write(encode_response(response, is_last=is_last, has_body=has_body))
        if is_last:
            self._transport.close()


async def _end_other_tasks() -> None:
    """What was still going on beside the connections."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@dataclass
class Listening:
    """A system's API as a context manager: subclasses answer in `_respond`."""

    port: int = field(default=0, kw_only=True)  # 0 until it listens, then what the system gave

    def __enter__(self) -> Self:
        self._server = ServerThread(self._respond, port=self.port)
        self._server.start()
        self.port = self._server.port
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, function: Callable[[], T]) -> T:
        """Runs it in the server's thread, so that nothing changes while it answers."""
        return self._server.call(function)

    def _respond(self, request: Request) -> Answer | Awaitable[Answer]:
        raise NotImplementedError


class ServerThread:
    """Listens in a thread; can stop and start again on the same port.

    `call` runs a function in that thread, so that state needs no locks.
    """

    def __init__(self, respond: Respond, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port  # 0 until the first start, then what the system gave
        self._respond = respond
        self._connections: set[Connection] = set()
        self._listener: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        if not self._thread.is_alive():
            self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(CALL_TIMEOUT_S)

    def stop(self) -> None:
        """Close the listening socket and every connection: clients are refused."""
        asyncio.run_coroutine_threadsafe(self._unlisten(), self._loop).result(CALL_TIMEOUT_S)

    def close(self) -> None:
        """Stop for good and end the thread."""
        if self._thread.is_alive():
            self.stop()
            asyncio.run_coroutine_threadsafe(_end_other_tasks(), self._loop).result(CALL_TIMEOUT_S)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(CALL_TIMEOUT_S)
        self._loop.close()

    def call(self, function: Callable[[], T]) -> T:
        async def run() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(CALL_TIMEOUT_S)

    def run(self, start: Callable[[], Coroutine[object, object, T]], timeout_s: float) -> T:
        """As `call`, for work that waits for others."""
        return asyncio.run_coroutine_threadsafe(start(), self._loop).result(timeout_s)

    async def _listen(self) -> None:
        if self._listener is None:
            self._listener = await self._loop.create_server(
                lambda: Connection(self._respond, self._connections),
                self.host,
                self.port,
                backlog=512,
            )
            self.port = self._listener.sockets[0].getsockname()[1]

    async def _unlisten(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        waiting = [one.task for one in self._connections if one.task is not None]
        for connection in list(self._connections):
            connection.cut()
        while self._connections:  # connection_lost comes in a later turn of the loop
            await asyncio.sleep(0)
        await asyncio.gather(*waiting, return_exceptions=True)
