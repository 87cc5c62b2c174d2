"""Webhooks of the forges as the hub receives them, and what it makes of them."""

from datetime import UTC, datetime

from hub.contracts import InboundRequest, JSONValue, ParsedEvent, SourceView
from integrations.git import INTEGRATION
from tests.standins.git.sending import Payload, gitea, github, gitlab
from tests.standins.outgoing import OutgoingRequest

RECEIVED_AT = datetime(2026, 11, 24, 10, 1, 8, tzinfo=UTC)


def inbound(request: OutgoingRequest) -> InboundRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return InboundRequest("POST", request.body, headers, received_at=RECEIVED_AT)


def parse(request: OutgoingRequest, **options: JSONValue) -> ParsedEvent:
    return INTEGRATION.parse(inbound(request), SourceView("Git", "", options))


def parse_github(event: str, payload: Payload, **options: JSONValue) -> ParsedEvent:
    return parse(github(event, payload), **options)


def parse_gitlab(payload: Payload, **options: JSONValue) -> ParsedEvent:
    return parse(gitlab("Push Hook", payload, now=None), **options)


def parse_gitea(event: str, payload: Payload, **options: JSONValue) -> ParsedEvent:
    return parse(gitea(event, payload), **options)
