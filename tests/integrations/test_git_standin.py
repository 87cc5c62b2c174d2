"""The forges' stand-in: it sends as they do, and the hub takes all that it sends."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from integrations.git.forges import verify
from tests.integrations.git_requests import inbound, parse
from tests.standins.git import gitlab_payloads
from tests.standins.git.sending import (
    UNREACHABLE,
    GitlabHook,
    forgejo,
    gitea,
    gitlab,
    send,
)
from tests.standins.git.traffic import traffic
from tests.standins.outgoing import OutgoingRequest
from tests.standins.serving import Request, Response, ServerThread

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SIGNING_TOKEN = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
ROUND = 14  # requests that belong together


class Door:
    """Answers with a status of the test's choosing, and keeps what came."""

    def __init__(self) -> None:
        self.status = 202
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(self.status)


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def url(door: Door) -> Iterator[str]:
    server = ServerThread(door.answer)
    server.start()
    yield f"http://{server.host}:{server.port}/hooks/abc"
    server.close()


@pytest.fixture
def push() -> OutgoingRequest:
    return gitlab("Push Hook", gitlab_payloads.push([]), token="t", now=None)


def test_a_request_arrives_as_it_was_made(door: Door, url: str, push: OutgoingRequest) -> None:
    assert send(url, push) == 202

    [request] = door.requests
    assert (request.method, request.body) == ("POST", push.body)
    assert request.headers["x-gitlab-event"] == "Push Hook"
    assert request.headers["x-gitlab-token"] == "t"


def test_nobody_at_the_address_is_no_status(push: OutgoingRequest) -> None:
    assert send("http://127.0.0.1:9/hooks/abc", push) == UNREACHABLE


def test_gitlab_pauses_after_four_failures_and_longer_each_time(
    door: Door, url: str, push: OutgoingRequest
) -> None:
    hook, door.status = GitlabHook(url), 503

    first = [hook.send(push, NOW) for _try in range(5)]
    hook.send(push, NOW + timedelta(minutes=1))

    assert first == [503, 503, 503, 503, None]
    assert hook.paused_until == NOW + timedelta(minutes=3)


def test_gitlab_forgets_failures_after_a_success(
    door: Door, url: str, push: OutgoingRequest
) -> None:
    hook, door.status = GitlabHook(url, failure_count=3), 202

    assert hook.send(push, NOW) == 202
    assert hook.failure_count == 0


def test_gitlab_switches_off_for_good_what_refuses(
    door: Door, url: str, push: OutgoingRequest
) -> None:
    hook, door.status = GitlabHook(url, failure_count=3), 401

    hook.send(push, NOW)

    assert hook.is_disabled
    assert hook.send(push, NOW + timedelta(days=2)) is None


def test_an_unsigned_gitea_sends_empty_signatures() -> None:
    headers = gitea("push", {}).headers

    assert headers["X-Gitea-Signature"] == ""
    assert headers["X-Hub-Signature-256"] == "sha256="


def test_forgejo_also_speaks_as_gitea_and_github() -> None:
    headers = forgejo("pull_request_approved", {}, event_type="x", secret="s").headers

    assert headers["X-Forgejo-Event-Type"] == headers["X-Gitea-Event-Type"] == "x"
    assert headers["X-Forgejo-Delivery"] == headers["X-GitHub-Delivery"]
    assert headers["X-Hub-Signature-256"] == f"sha256={headers['X-Forgejo-Signature']}"


def test_a_signing_token_signs_as_the_hub_checks_it() -> None:
    now = inbound(gitlab("", {}, now=None)).received_at
    payload = gitlab_payloads.pipeline(1, "failed")

    request = gitlab("Pipeline Hook", payload, signing_token=SIGNING_TOKEN, now=now)

    verify(inbound(request), SIGNING_TOKEN)
    assert request.headers["webhook-id"] == request.headers["Idempotency-Key"]


def test_all_traffic_is_proven_and_told() -> None:
    requests = [*islice(traffic("s"), 2 * ROUND)]
    proven = [verify(inbound(one), "s") for one in requests]  # type: ignore[func-returns-value]

    events = [parse(one) for one in requests]

    assert proven == [None] * len(requests)
    assert [event.ignored_because for event in events] == [""] * len(requests)
    assert {event.data["forge"] for event in events} == {"github", "gitlab", "gitea", "forgejo"}


def test_traffic_threads_together_and_goes_on_to_other_things() -> None:
    events = [parse(one) for one in islice(traffic("s"), 2 * ROUND)]
    told = [event.reference.display for event in events if event.reference is not None]

    assert told.count("klantportaal#58") == told.count("klantportaal#59") == 3
    assert told.count("voorraad!58") == told.count("infra#58") == 2
