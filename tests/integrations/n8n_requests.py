"""Requests as n8n sends them, cut to what a test is about."""

import json
from datetime import UTC, datetime
from typing import Any

from hub.contracts import InboundRequest, JSONValue, Message, ParsedEvent, SourceView
from hub.http import open_http
from integrations.n8n import INTEGRATION
from tests.recorded import Recording
from tests.standins.n8n import API_KEY, N8nStandin

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SOURCE = SourceView("n8n", "https://n8n.example.test")
RECORDINGS = [
    Recording(INTEGRATION, path)
    for path in sorted((INTEGRATION.folder / "payloads").glob("*.json"))
]
FAILURE: dict[str, Any] = {
    "execution": {
        "id": "231",
        "url": "https://n8n.example.test/workflow/w1/executions/231",
        "error": {"name": "NodeApiError", "message": "kapot", "stack": "at secret place"},
        "lastNodeExecuted": "HTTP Request",
        "mode": "trigger",
        "executionContext": {"source": "secret context"},
    },
    "workflow": {"id": "w1", "name": "Facturen goedkeuren"},
}


def request_of(body: JSONValue, **headers: str) -> InboundRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named = {"content-type": "application/json", "user-agent": "n8n", **named}
    return InboundRequest("POST", json.dumps(body).encode(), named, received_at=NOW)


def parse(body: JSONValue, source: SourceView = SOURCE) -> ParsedEvent:
    return INTEGRATION.parse(request_of(body), source)


def compose(**body: JSONValue) -> Message:
    assert INTEGRATION.compose is not None
    message = INTEGRATION.compose(parse(body))
    assert message is not None
    return message


def key_of(body: JSONValue, **headers: str) -> str | None:
    return INTEGRATION.identify(request_of(body, **headers)).dedup_key


def failure(**execution: JSONValue) -> dict[str, Any]:
    return {**FAILURE, "execution": {**FAILURE["execution"], **execution}}


def view_of(instance: N8nStandin, key: str = API_KEY, **options: JSONValue) -> SourceView:
    http = open_http(instance.url, purpose="n8n")
    return SourceView("n8n", instance.url, options, {"api_key": key}, http)
