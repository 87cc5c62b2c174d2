"""The stand-in sends as ERPNext does, and tells a story that hangs together."""

from collections.abc import Iterator
from itertools import islice

import pytest

from hub.contracts import InboundRequest, ParsedEvent
from integrations.erpnext import INTEGRATION
from tests.integrations.erpnext_requests import RECEIVED_AT, SOURCE
from tests.standins.erpnext import LADDER_2026, Webhook, traffic
from tests.standins.outgoing import OutgoingRequest
from tests.standins.serving import Cut, Request, Response, ServerThread

STORY_STEPS = 9


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


def parse(outgoing: OutgoingRequest) -> ParsedEvent:
    headers = {name.lower(): value for name, value in outgoing.headers.items()}
    request = InboundRequest("POST", outgoing.body, headers, received_at=RECEIVED_AT)
    assert INTEGRATION.verify is not None
    INTEGRATION.verify(request, "secret")
    return INTEGRATION.parse(request, SOURCE)


def test_the_body_is_json_without_a_content_type(receiver: Receiver, url: str) -> None:
    tries = Webhook(url, "secret", query="event=deal.won").send({"name": "café"})

    request = receiver.requests[0]
    assert tries == [202]
    assert request.body == b'{"name": "caf\\u00e9"}'
    assert request.query() == {"event": "deal.won"}
    assert "content-type" not in request.headers
    assert len(request.headers["x-frappe-webhook-signature"]) == 44


def test_it_tries_three_times_and_waits_after_the_last(receiver: Receiver, url: str) -> None:
    receiver.answers = [Response(503), Cut.RESET, Response(404)]
    waited: list[float] = []

    tries = Webhook(url).send({}, pause=waited.append)

    assert tries == [503, 0, 404]
    assert waited == [1.0, 4.0, 7.0]


def test_it_stops_at_the_first_success(receiver: Receiver, url: str) -> None:
    receiver.answers = [Response(500)]
    waited: list[float] = []

    tries = Webhook(url).send({}, waits=LADDER_2026, pause=waited.append)

    assert tries == [500, 202]
    assert waited == [300.0]


def test_a_story_is_told_in_order_and_signed() -> None:
    events = [parse(one) for one in islice(traffic("secret"), STORY_STEPS)]

    assert [event.kinds[0] for event in events] == [
        "quotation.accepted",
        "deal.won",
        "invoice.submitted",
        "task.overdue",
        "project.milestone",
        "comment.added",
        "invoice.overdue",
        "invoice.paid",
        "project.completed",
    ]
    assert not any(event.ignored_because for event in events)


def test_a_story_threads_together_and_the_next_is_another() -> None:
    events = [parse(one) for one in islice(traffic("secret"), STORY_STEPS * 2)]

    invoices = {event.reference for event in events if event.kinds[0].startswith("invoice.")}
    keys = {
        INTEGRATION.identify(InboundRequest("POST", one.body)).dedup_key
        for one in islice(traffic("secret"), STORY_STEPS * 2)
    }

    assert len(invoices) == 2
    assert len(keys) == STORY_STEPS * 2
