"""The server's side of RFC 6455, as little of it as a stand-in needs: text, ping, pong, close."""

import base64
import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from tests.standins.serving import Request

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MAX_PAYLOAD_BYTES = 1024 * 1024
FINAL, MASKED = 0x80, 0x80
LENGTH_16, LENGTH_64 = 126, 127
NORMAL_CLOSURE, PROTOCOL_ERROR, TOO_BIG = 1000, 1002, 1009


class Opcode(IntEnum):
    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


class ProtocolError(Exception):
    """The client broke the rules; `code` is what it is told when the socket closes."""

    def __init__(self, reason: str, code: int = PROTOCOL_ERROR) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Message:
    opcode: Opcode
    payload: bytes


def is_handshake(request: Request) -> bool:
    headers = request.headers
    return (
        request.method == "GET"
        and headers.get("upgrade", "").lower() == "websocket"
        and "upgrade" in headers.get("connection", "").lower()
        and headers.get("sec-websocket-version") == "13"
        and bool(headers.get("sec-websocket-key"))
    )


def accept_head(request: Request) -> bytes:
    """The answer to a handshake; no extension is agreed to."""
    key = request.headers["sec-websocket-key"] + GUID
    accept = base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest())
    head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return head.encode() + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"


def encode_frame(payload: bytes, opcode: Opcode = Opcode.TEXT) -> bytes:
    """One frame of the server, never masked."""
    head = bytes([FINAL | opcode])
    if len(payload) < LENGTH_16:
        return head + bytes([len(payload)]) + payload
    if len(payload) < 1 << 16:
        return head + struct.pack("!BH", LENGTH_16, len(payload)) + payload
    return head + struct.pack("!BQ", LENGTH_64, len(payload)) + payload


def close_frame(code: int = NORMAL_CLOSURE) -> bytes:
    return encode_frame(struct.pack("!H", code), Opcode.CLOSE)


class FrameReader:
    """Takes bytes as they come in, gives whole messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._parts: list[bytes] = []  # of a message that comes in several frames
        self._opcode = Opcode.TEXT

    def feed(self, data: bytes) -> Iterator[Message]:
        """Raises ProtocolError."""
        self._buffer += data
        while (frame := self._take_frame()) is not None:
            message = self._message_of(*frame)
            if message is not None:
                yield message

    def _take_frame(self) -> tuple[int, Opcode, bytes] | None:
        if len(self._buffer) < 2:
            return None
        first, second = self._buffer[0], self._buffer[1]
        if not second & MASKED:
            raise ProtocolError("a client must mask its frames")
        length, at = self._length(second & ~MASKED)
        if length > MAX_PAYLOAD_BYTES:
            raise ProtocolError("too big", TOO_BIG)
        if length < 0 or len(self._buffer) < at + 4 + length:
            return None
        mask, payload = self._buffer[at : at + 4], self._buffer[at + 4 : at + 4 + length]
        del self._buffer[: at + 4 + length]
        clear = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        try:
            return first & FINAL, Opcode(first & 0x0F), clear
        except ValueError as error:
            raise ProtocolError("an unknown opcode") from error

    def _length(self, short: int) -> tuple[int, int]:
        """The length of the payload and where the mask begins; -1 when more has to come."""
        if short < LENGTH_16:
            return short, 2
        size, kind = (2, "!H") if short == LENGTH_16 else (8, "!Q")
        if len(self._buffer) < 2 + size:
            return -1, 0
        (length,) = struct.unpack_from(kind, self._buffer, 2)
        return int(length), 2 + size

    def _message_of(self, is_final: int, opcode: Opcode, payload: bytes) -> Message | None:
        if opcode >= Opcode.CLOSE:
            return Message(opcode, payload)
        if opcode is not Opcode.CONTINUATION:
            self._opcode, self._parts = opcode, []
        self._parts.append(payload)
        return Message(self._opcode, b"".join(self._parts)) if is_final else None
