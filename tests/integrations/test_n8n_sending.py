"""The stand-in sends as n8n does, and its workflows tell stories that hang together."""

from collections.abc import Iterator
from itertools import islice

import pytest

from hub.contracts import InboundRequest, ParsedEvent
from integrations.n8n import INTEGRATION
from tests.integrations.n8n_requests import NOW, SOURCE
from tests.standins.n8n import HttpRequestNode, traffic
from tests.standins.outgoing import OutgoingRequest
from tests.standins.serving import Cut, Request, Response, ServerThread

ROUND = 7


class Receiver:
    """Answers each request with the next of `answers`, then with 202."""

    def __init__(self) -> None:
        self.answers: list[Response | Cut] = []
        self.requests: list[Request] = []

    def respond(self, request: Request) -> Response | Cut:
        self.requests.append(request)
        return self.answers.pop(0) if self.answers else Response(202)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def url(receiver: Receiver) -> Iterator[str]:
    server = ServerThread(receiver.respond)
    server.start()
    yield f"http://127.0.0.1:{server.port}/hooks/token"
    server.close()


def received(outgoing: OutgoingRequest) -> InboundRequest:
    headers = {name.lower(): value for name, value in outgoing.headers.items()}
    return InboundRequest("POST", outgoing.body, headers, received_at=NOW)


def parse(outgoing: OutgoingRequest) -> ParsedEvent:
    request = received(outgoing)
    assert INTEGRATION.verify is not None
    INTEGRATION.verify(request, "secret")
    return INTEGRATION.parse(request, SOURCE)


def test_a_node_sends_json_its_secret_and_no_signature(receiver: Receiver, url: str) -> None:
    statuses = HttpRequestNode(url, "secret").send({"text": "café"}, key="812-0")

    request = receiver.requests[0]
    assert statuses == [202]
    assert request.body == '{"text":"café"}'.encode()
    assert request.headers["user-agent"] == "n8n"
    assert request.headers["x-hub-token"] == "secret"
    assert request.headers["idempotency-key"] == "812-0"


def test_a_node_tries_once_unless_a_person_allows_more(receiver: Receiver, url: str) -> None:
    receiver.answers = [Response(503), Response(503), Cut.RESET, Response(202)]
    waited: list[float] = []

    once = HttpRequestNode(url).send({})
    several = HttpRequestNode(url, tries=9, wait_s=5.0).send({}, pause=waited.append)

    assert once == [503]
    assert several == [503, 0, 202]
    assert waited == [5.0, 5.0]


def test_nobody_listening_is_no_answer() -> None:
    assert HttpRequestNode("http://127.0.0.1:9/hooks/x", tries=1).send({}) == [0]


def test_the_traffic_tells_every_kind_and_threads_together() -> None:
    events = [parse(one) for one in islice(traffic("secret"), ROUND)]

    assert {event.kinds[0] for event in events} == set(INTEGRATION.kinds)
    assert events[0].reference == events[4].reference
    assert events[2].reference == events[3].reference
    assert events[3].data["retry_of"] == events[2].data["execution_id"]


def test_each_round_of_traffic_is_about_something_else() -> None:
    requests = [received(one) for one in islice(traffic("secret"), 2 * ROUND)]
    keys = [INTEGRATION.identify(one).dedup_key for one in requests]
    named = [key for key in keys if key is not None]

    assert len(named) == len(set(named)) == 2 * (ROUND - 2)
