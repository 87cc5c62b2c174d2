"""Load generator, a process of its own: kept-alive connections and ready-made requests.

Reads a Load as JSON from standard input, writes an Outcome as JSON to standard output.
"""

import gc
import hmac
import json
import select
import socket
import sys
import time
import uuid
from collections import Counter, deque
from dataclasses import asdict, dataclass, field

RECEIVE_BYTES = 65_536
LAST_CHUNK = b"\r\n0\r\n\r\n"
NUMBER_MARK, SENT_MARK = b"@NUMBER@", b"@SENT@"  # replaced in the body of every request
ANSWER_TIMEOUT_S = 30.0  # nothing of ours takes as long: the run is worth nothing then


@dataclass(frozen=True, slots=True)
class Load:
    """What to send where. It ends with whichever of `seconds` and `count` is reached first."""

    port: int
    path: str
    body: str
    secret: str = ""  # signs as Zammad does; empty: unsigned
    connections: int = 8
    seconds: float = 600.0
    count: int = 10_000_000
    rate: float = 0.0  # requests per second; 0: the next one as soon as the last is answered


@dataclass(slots=True)
class Outcome:
    started_at: float = 0.0  # of the clock that all processes of a machine share
    ended_at: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(self.statuses.values())

    @property
    def per_second(self) -> float:
        return self.count / (self.ended_at - self.started_at)

    def refused(self) -> dict[str, int]:
        return {status: n for status, n in self.statuses.items() if not status.startswith("2")}


class RequestMaker:
    """The bytes of the next request: only the delivery id and the marks in the body change."""

    def __init__(self, load: Load) -> None:
        self._body = load.body.encode()
        self._is_fixed = NUMBER_MARK not in self._body and SENT_MARK not in self._body
        self._number = time.time_ns() // 1000  # no ticket comes twice, in no run
        self._mac = hmac.new(load.secret.encode(), b"", "sha1") if load.secret else None
        self._run = uuid.uuid4().hex[:12]
        self._head = (
            f"POST {load.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n"
            "Content-Type: application/json; charset=utf-8\r\nUser-Agent: Zammad User Agent\r\n"
            f"X-Zammad-Trigger: New ticket\r\nX-Zammad-Delivery: {self._run}-%d-bench\r\n"
        ).encode()
        self._tail = self._tail_for(self._body) if self._is_fixed else b""

    def next_request(self) -> bytes:
        self._number += 1
        if self._is_fixed:
            return self._head % self._number + self._tail
        body = self._body.replace(NUMBER_MARK, b"%d" % self._number)
        body = body.replace(SENT_MARK, b"%d" % time.monotonic_ns())
        return self._head % self._number + self._tail_for(body)

    def _tail_for(self, body: bytes) -> bytes:
        signature = b""
        if self._mac is not None:
            mac = self._mac.copy()
            mac.update(body)
            signature = b"X-Hub-Signature: sha1=%s\r\n" % mac.hexdigest().encode()
        return b"%sContent-Length: %d\r\n\r\n%s" % (signature, len(body), body)


class Generator:
    """Keeps every connection busy, or sends at an even rate whatever the answers take."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._requests = RequestMaker(load)
        self._sockets = {sock.fileno(): sock for sock in map(_connect, [load] * load.connections)}
        self._idle = deque(self._sockets)
        self._partial: dict[int, bytes] = {}
        self._statuses: Counter[bytes] = Counter()
        self._sent_count = 0
        self._poll = select.epoll()
        for number in self._sockets:
            self._poll.register(number, select.EPOLLIN)

    def run(self) -> Outcome:
        """The whole load; the connections are closed after it."""
        try:
            return self._run()
        finally:
            self._poll.close()
            for connected in self._sockets.values():
                connected.close()

    def _run(self) -> Outcome:
        started_at = time.monotonic()
        end = started_at + self._load.seconds
        while self._sent_count < self._load.count and time.monotonic() < end:
            wait = self._send_due(started_at, end)
            self._receive(wait)
        while len(self._idle) < len(self._sockets):
            self._receive(ANSWER_TIMEOUT_S)
        statuses = {status.decode(): count for status, count in self._statuses.items()}
        return Outcome(started_at, time.monotonic(), statuses)

    def _send_due(self, started_at: float, end: float) -> float:
        """Send what is due; how long nothing more will be."""
        rate = self._load.rate
        while self._idle and self._sent_count < self._load.count:
            now = time.monotonic()
            due_at = started_at + self._sent_count / rate if rate else now
            if due_at > now:
                return due_at - now
            if now >= end:
                return 0.0
            self._sockets[self._idle.popleft()].sendall(self._requests.next_request())
            self._sent_count += 1
        return ANSWER_TIMEOUT_S

    def _receive(self, wait: float) -> None:
        ready = self._poll.poll(wait)
        if not ready and wait >= ANSWER_TIMEOUT_S:
            raise TimeoutError(f"no answer within {ANSWER_TIMEOUT_S} s")
        for number, _event in ready:
            answer = self._sockets[number].recv(RECEIVE_BYTES)
            if not answer:
                raise ConnectionError("the server closed a connection")
            if number in self._partial:
                answer = self._partial.pop(number) + answer
            if not is_complete(answer):
                self._partial[number] = answer
                continue
            self._statuses[answer[9:12]] += 1
            self._idle.append(number)


def _connect(load: Load) -> socket.socket:
    connected = socket.create_connection(("127.0.0.1", load.port))
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected


def is_complete(answer: bytes) -> bool:
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator:
        return False
    _before, found, length = head.lower().partition(b"content-length:")
    if not found:
        return answer.endswith(LAST_CHUNK)
    return len(body) >= int(length.partition(b"\r\n")[0])


def main() -> None:
    gc.disable()  # nothing here is cyclic
    load = Load(**json.load(sys.stdin))
    json.dump(asdict(Generator(load).run()), sys.stdout)


if __name__ == "__main__":
    main()
