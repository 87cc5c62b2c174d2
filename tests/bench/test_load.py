"""The load generator sends what a hub accepts, and counts what comes back."""

import json
from collections.abc import Iterator

import pytest

from hub.signatures import check_hmac
from tests.bench.configured import SIGNING_SECRET, ticket_body
from tests.bench.load import Generator, Load, RequestMaker, is_complete
from tests.standins.serving import Request, Response, ServerThread


class Receiver:
    """Answers 202 and keeps what it got; every tenth request is refused."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.thread = ServerThread(self._respond)

    def _respond(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(429 if len(self.requests) % 10 == 0 else 202, b"{}")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.thread.start()
    yield receiver
    receiver.thread.close()


def test_every_request_is_a_ticket_of_its_own_with_a_valid_signature(receiver: Receiver) -> None:
    load = Load(receiver.thread.port, "/hooks/x", ticket_body(), SIGNING_SECRET, 2, count=8)

    Generator(load).run()

    numbers = {json.loads(one.body)["ticket"]["number"] for one in receiver.requests}
    ids = {one.headers["x-zammad-delivery"] for one in receiver.requests}
    last = receiver.requests[-1]
    check_hmac(
        last.headers["x-hub-signature"],
        secret=SIGNING_SECRET,
        body=last.body,
        algorithm="sha1",
        prefix="sha1=",
    )
    assert len(numbers) == len(ids) == 8


def test_answers_are_counted_by_status(receiver: Receiver) -> None:
    load = Load(receiver.thread.port, "/hooks/x", "{}", connections=4, count=40)

    outcome = Generator(load).run()

    assert outcome.count == 40
    assert outcome.refused() == {"429": 4}


def test_even_rate_sends_no_more_than_asked_for(receiver: Receiver) -> None:
    load = Load(receiver.thread.port, "/hooks/x", "{}", connections=2, count=5, rate=500.0)

    Generator(load).run()

    assert len(receiver.requests) == 5


def test_fixed_body_is_sent_as_it_is() -> None:
    maker = RequestMaker(Load(1, "/hooks/x", ticket_body(is_fixed=True), SIGNING_SECRET))

    first, second = (maker.next_request().partition(b"\r\n\r\n")[2] for _request in range(2))

    assert first == second
    assert 2000 < len(first) < 2100


@pytest.mark.parametrize(
    ("answer", "whole"),
    [
        (b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}", True),
        (b"HTTP/1.1 202 Accepted\r\nContent-Length: 3\r\n\r\n{}", False),
        (b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", False),
        (b"HTTP/1.1 202 Accepted\r\n", False),
    ],
)
def test_answer_counts_when_it_is_whole(answer: bytes, whole: bool) -> None:
    assert is_complete(answer) is whole
