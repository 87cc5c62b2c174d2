"""Requests as Zammad sends them, cut to what a test is about."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hub.contracts import InboundRequest, JSONObject, ParsedEvent, SourceView
from integrations.zammad import INTEGRATION

RECEIVED_AT = datetime(2026, 11, 24, 8, 42, 11, tzinfo=UTC)
TICKET: JSONObject = {
    "id": 4711,
    "number": "74001",
    "title": "Webshop down",
    "state": "open",
    "priority": {"id": 3, "name": "3 high"},
    "created_at": "2026-11-24T08:02:11.120Z",
    "updated_at": "2026-11-24T08:42:09.120Z",
}
JUST_WRITTEN: JSONObject = {
    "id": 9127,
    "type": "email",
    "sender": "Customer",
    "internal": False,
    "body": "<p>Still <b>down</b></p>",
    "created_at": "2026-11-24T08:42:09.100Z",
    "created_by": {"id": 58, "login": "jet", "firstname": "Jet", "lastname": "Vos"},
}
SOURCE = SourceView("Zammad", "https://desk.example.test", {"own_login": "hub"})


def make_request(
    hint: str = "",
    *,
    article: JSONObject | None = None,
    headers: dict[str, str] | None = None,
    body: JSONObject | None = None,
    **ticket: Any,
) -> InboundRequest:
    fields: JSONObject = {**TICKET, **ticket}
    content: JSONObject = {"ticket": fields, "article": article or {}, **(body or {})}
    return InboundRequest(
        method="POST",
        body=json.dumps(content).encode(),
        headers=headers or {},
        received_at=RECEIVED_AT,
        event_hint=hint,
    )


def parse(request: InboundRequest, **options: Any) -> ParsedEvent:
    return INTEGRATION.parse(request, replace(SOURCE, options={**SOURCE.options, **options}))
