"""A client of Mattermost's WebSocket on a bare TCP socket, for the tests of the stand-in."""

import json
import os
import socket
import struct
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.standins.mattermost import MattermostStandin

TIMEOUT_S = 10.0


class EventClient:
    """`events.read()` waits for the next frame; None when the server has closed."""

    def __init__(self, standin: MattermostStandin, token: str = "", query: str = "") -> None:
        address = urlsplit(standin.url)
        self._socket = socket.create_connection((address.hostname, address.port), TIMEOUT_S)
        self._stream = self._socket.makefile("rb")
        bearer = f"Authorization: Bearer {token}\r\n" if token else ""
        request = (
            f"GET /api/v4/websocket{query} HTTP/1.1\r\nHost: {address.netloc}\r\n{bearer}"
            "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        self._socket.sendall(request.encode())
        self.head = "".join(iter(self._read_line, ""))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, value: Any) -> None:
        self.send_frame(0x81, json.dumps(value).encode())

    def send_frame(self, first_byte: int, payload: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        if len(payload) > 125:
            length = struct.pack("!BH", 0x80 | 126, len(payload))
        else:
            length = bytes([0x80 | len(payload)])
        self._socket.sendall(bytes([first_byte]) + length + mask + masked)

    def read(self) -> Any:
        opcode, payload = self.read_frame()
        return None if opcode in (-1, 0x8) else json.loads(payload)

    def read_frame(self) -> tuple[int, bytes]:
        """The opcode and the payload; -1 when the connection has ended without a word."""
        try:
            head = self._stream.read(2)
        except ConnectionResetError:
            return -1, b""
        if len(head) < 2:
            return -1, b""
        length = head[1]
        if length == 126:
            (length,) = struct.unpack("!H", self._stream.read(2))
        return head[0] & 0x0F, self._stream.read(length)

    def _read_line(self) -> str:
        return self._stream.readline().decode().rstrip("\r\n")
