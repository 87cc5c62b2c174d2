"""As many threads send to a server as its answers are slow."""

import threading
import time
from collections.abc import Callable

from hub.send_threads import STUCK_AFTER_S, SendThreads
from hub.sending import Claim
from tests.factories import NOON

LONGEST_S = 10.0
COUNT = 8


class Server:
    """Answers when it is let; remembers what came in which thread."""

    def __init__(self) -> None:
        self.is_open = threading.Event()
        self.came: list[int] = []
        self.threads: set[str] = set()
        self._lock = threading.Lock()

    def send(self, claim: Claim) -> None:
        with self._lock:
            self.came.append(claim.delivery_id)
            self.threads.add(threading.current_thread().name)
        self.is_open.wait(LONGEST_S)


def claims(first: int, count: int) -> list[Claim]:
    return [
        Claim(number, f"key {number}", "post", {}, 1, 1, None, False, 1, None, NOON)
        for number in range(first, first + count)
    ]


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.002)


def test_a_server_that_answers_at_once_needs_one_thread() -> None:
    server = Server()
    server.is_open.set()
    threads = SendThreads(COUNT, "sends", server.send)
    threads.add(claims(1, 1))  # how quick it is is not known before
    wait_for(lambda: server.came == [1])
    server.threads.clear()

    threads.add(claims(2, 50))
    wait_for(lambda: len(server.came) == 51)
    threads.close()

    assert len(server.threads) == 1
    assert server.came == list(range(1, 52))  # in order


def test_a_server_that_is_not_known_yet_gets_all_threads() -> None:
    server = Server()
    threads = SendThreads(COUNT, "sends", server.send)

    threads.add(claims(1, 20))
    wait_for(lambda: len(server.came) == COUNT)
    server.is_open.set()
    wait_for(lambda: len(server.came) == 20)
    threads.close()


def test_a_server_that_becomes_slow_gets_all_threads() -> None:
    server = Server()
    server.is_open.set()
    threads = SendThreads(COUNT, "sends", server.send)
    threads.add(claims(1, 20))
    wait_for(lambda: len(server.came) == 20)
    server.is_open.clear()

    threads.add(claims(21, 20))
    time.sleep(STUCK_AFTER_S * 2)
    threads.look()
    wait_for(lambda: len(server.came) == 20 + COUNT)
    server.is_open.set()
    threads.close()


def test_what_no_thread_has_begun_is_given_back() -> None:
    server = Server()
    threads = SendThreads(2, "sends", server.send)
    threads.add(claims(1, 5))
    wait_for(lambda: len(server.came) == 2)

    given_back = threads.take_back()
    server.is_open.set()
    threads.close()

    assert [one.delivery_id for one in given_back] == [3, 4, 5]
    assert sorted(server.came) == [1, 2]


def test_many_short_bursts_lose_nothing() -> None:
    server = Server()
    server.is_open.set()
    threads = SendThreads(COUNT, "sends", server.send)

    for number in range(500):
        threads.add(claims(number, 1))
    wait_for(lambda: len(server.came) == 500)
    threads.close()

    assert sorted(server.came) == list(range(500))
