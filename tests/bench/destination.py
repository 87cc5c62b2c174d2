"""Destination, a process of its own: answers as Mattermost does, at little cost to the others.

The stand-in checks and stores what it is sent, which takes a third of a core at 1,000 posts/s;
this one only notes when each post came.

    POST /bench/reset?delay_ms=50    forget what came; from now on answer posts so much later
    GET  /bench/arrivals             [[sent_ns, arrived_ns], …]; sent_ns is 0 where no post says it
    GET  /bench/count                posts since then
"""

import argparse
import asyncio
import gc
import itertools
import json
import re
import sys
import time
from collections.abc import Callable

MAX_BODY_BYTES = 1024 * 1024
LENGTH = re.compile(rb"(?i)content-length: *(\d+)")
SENT = re.compile(rb"sent (\d{10,})")
CHANNEL_NAME = re.compile(r"/channels/name/([^/?]+)")
BOT = {"id": "b" * 26, "username": "hub", "roles": "system_user"}
TEAM_ID = "t" * 26


class Arrivals:
    """What came since the last reset."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int]] = []
        self.delay_s = 0.0
        self.numbers = itertools.count(1)

    def reset(self, delay_ms: int) -> None:
        self.rows, self.delay_s = [], delay_ms / 1000


class Client(asyncio.Protocol):
    """One kept-alive connection."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._buffer = b""
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.WriteTransport):
            raise TypeError("the destination speaks TCP only")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (request := self._next_request()) is not None:
            self._answer(*request)

    def _next_request(self) -> tuple[bytes, bytes] | None:
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return None
        found = LENGTH.search(head)
        length = int(found[1]) if found else 0
        if length > MAX_BODY_BYTES:
            self._transport.abort()
            return None
        if len(rest) < length:
            return None
        self._buffer = rest[length:]
        return head, rest[:length]

    def _answer(self, head: bytes, body: bytes) -> None:
        if not head.startswith(b"POST /api/v4/posts"):
            self._transport.write(_framed(200, _found(head.split(b" ", 2), self._arrivals)))
            return
        sent = SENT.search(body)
        self._arrivals.rows.append((int(sent[1]) if sent else 0, time.monotonic_ns()))
        answer = _framed(201, _stored(next(self._arrivals.numbers), body))
        if self._arrivals.delay_s:
            asyncio.get_running_loop().call_later(self._arrivals.delay_s, self._write, answer)
        else:
            self._transport.write(answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _framed(status: int, body: bytes) -> bytes:
    return (
        b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nX-Version-Id: 10.11.0.0\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (status, len(body), body)
    )


def _stored(number: int, body: bytes) -> bytes:
    """The post as Mattermost answers it: the request, with what the server adds."""
    return b'{"id":"%026d","create_at":%d,"user_id":"%s",%s' % (
        number,
        time.time_ns() // 1_000_000,
        BOT["id"].encode(),
        body.lstrip()[1:],
    )


def _found(request_line: list[bytes], arrivals: Arrivals) -> bytes:
    """The few other answers: who the bot is, its team and channels, and what came."""
    path, _, query = request_line[1].decode().partition("?")
    name = CHANNEL_NAME.search(path)
    answers: dict[str, Callable[[], object]] = {
        "/api/v4/users/me": lambda: BOT,
        "/bench/arrivals": lambda: arrivals.rows,
        "/bench/count": lambda: len(arrivals.rows),
        "/bench/reset": lambda: arrivals.reset(int(query.removeprefix("delay_ms=") or 0)),
    }
    if path in answers:
        return json.dumps(answers[path]()).encode()
    if name is not None:
        return json.dumps({"id": f"{name[1]:c<26.26}", "name": name[1], "type": "O"}).encode()
    return json.dumps({"id": TEAM_ID, "status": "OK", "roles": "channel_user"}).encode()


async def serve(port: int) -> None:
    arrivals = Arrivals()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Client(arrivals), "127.0.0.1", port, backlog=512)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    gc.set_threshold(100_000, 20, 100)  # the rows live long
    try:
        asyncio.run(serve(options.port))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
