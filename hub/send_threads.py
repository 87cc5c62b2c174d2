"""The threads that send to one server: as many at work as its answers are slow."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from hub.sending import Claim

# Threads of one process take the interpreter from each other: to a server that answers at once,
# one sends faster than two, and two faster than sixteen.
TIME_OF_ONE_THREAD_S = 0.002
STUCK_AFTER_S = 0.04  # nothing was begun for so long: the server has become slow
FORGETTING = 1.25  # a quick answer is thought of as this much slower with each that follows


class SendThreads:
    """Sends in the order of `add`. For the drain's thread but where another is named.

    `send` is called in one of up to `count` threads, and must not raise.
    """

    def __init__(self, count: int, name: str, send: Callable[[Claim], None]) -> None:
        self._count, self._send = count, send
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._waiting: deque[Claim] = deque()
        self._lock = Lock()  # of the number at work
        self._at_work = 0
        self._begun_at = 0.0
        self._takes_s = math.inf  # one message, at best; not known yet

    def add(self, claims: Iterable[Claim]) -> None:
        self._waiting.extend(claims)
        self.look()

    def look(self) -> None:
        """Start further threads where they are needed; to be called often while one is at work."""
        if not self._waiting:
            return
        if self._at_work and time.monotonic() - self._begun_at > STUCK_AFTER_S:
            self._takes_s = math.inf
        with self._lock:
            for _thread in range(self._at_work, min(self._wanted(), len(self._waiting))):
                self._at_work += 1
                self._pool.submit(self._work)

    def submit(self, call: Callable[[], None]) -> None:
        """Something else that talks to the server, as soon as a thread is free."""
        self._pool.submit(call)

    def take_back(self) -> list[Claim]:
        """What no thread has begun."""
        taken = []
        while self._waiting:
            try:
                taken.append(self._waiting.popleft())
            except IndexError:  # a thread was quicker
                break
        return taken

    def close(self) -> None:
        self._pool.shutdown(wait=False)

    def _wanted(self) -> int:
        return math.ceil(min(self._takes_s / TIME_OF_ONE_THREAD_S, self._count))

    def _work(self) -> None:
        """In a thread: send what waits, until nothing does."""
        while True:
            try:
                claim = self._waiting.popleft()
            except IndexError:
                if self._may_rest():
                    return
                continue
            self._begun_at = begun_at = time.monotonic()
            self._send(claim)
            takes_s = time.monotonic() - begun_at
            self._takes_s = min(takes_s, self._takes_s * FORGETTING)

    def _may_rest(self) -> bool:
        """Whoever adds something sees this thread at work, or it sees what was added."""
        with self._lock:
            if self._waiting:
                return False
            self._at_work -= 1
            return True
