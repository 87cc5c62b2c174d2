"""Requests as Redmine sends them, cut to what a test is about, and a Redmine to ask."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hub.contracts import InboundRequest, JSONObject, ParsedEvent, SourceView
from hub.http import open_http
from integrations.redmine import INTEGRATION
from tests.standins.outgoing import OutgoingRequest
from tests.standins.redmine import RedmineStandin, User

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NOW_TEXT = "2026-11-24T09:00:00Z"
KEY = "0123456789abcdef0123456789abcdef01234567"
HUB = User(2, "hub", "Hub", "Bot", api_key=KEY, may_see_private=True)
ANJA = User(7, "anja", "Anja", "Klein")
ROBIN = User(5, "robin", "Robin", "de Vries")
USERS = (HUB, ANJA, ROBIN)
ISSUE: JSONObject = {
    "id": 23,
    "subject": "Login fails",
    "project": {"id": 1, "name": "Customer portal"},
    "status": {"id": 2, "name": "In Progress", "is_closed": False},
    "priority": {"id": 2, "name": "Normal"},
    "author": {"id": 5, "name": "Robin de Vries"},
    "assigned_to": {"id": 7, "name": "Anja Klein"},
    "is_private": False,
    "created_on": "2026-11-20T08:00:00Z",
    "updated_on": NOW_TEXT,
    "closed_on": None,
}
SOURCE = SourceView("Redmine", "https://redmine.example.test")


def status(status_id: int, name: str, *, is_closed: bool) -> JSONObject:
    return {"id": status_id, "name": name, "is_closed": is_closed}


def detail(name: str, old: str | None, new: str | None, sort: str = "attr") -> JSONObject:
    return {"property": sort, "prop_key": name, "old_value": old, "value": new}


def make_request(
    word: str = "updated", *details: JSONObject, notes: str = "", journal: Any = None, **issue: Any
) -> InboundRequest:
    """As Redmine 7 sends it; `journal` are further fields of the journal."""
    data: JSONObject = {"issue": {**ISSUE, **issue}}
    if word == "updated":
        data["journal"] = {
            "id": 88,
            "created_on": NOW_TEXT,
            "notes": notes,
            "user": {"id": 7, "name": "Anja Klein"},
            "details": list(details),
            **(journal or {}),
        }
    return from_json({"type": f"issue.{word}", "timestamp": NOW_TEXT, "data": data})


def from_json(content: object) -> InboundRequest:
    headers = {"content-type": "application/json"}
    return InboundRequest("POST", json.dumps(content).encode(), headers, received_at=NOW)


def from_outgoing(request: OutgoingRequest) -> InboundRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return InboundRequest("POST", request.body, headers, received_at=NOW)


def parse(request: InboundRequest, source: SourceView = SOURCE, **options: Any) -> ParsedEvent:
    return INTEGRATION.parse(request, replace(source, options={**source.options, **options}))


def source_of(redmine: RedmineStandin, key: str = KEY, **options: Any) -> SourceView:
    return SourceView("Redmine", redmine.url, options, {"api_key": key}, open_http(redmine.url))


def enrich(event: ParsedEvent, source: SourceView, state: JSONObject) -> ParsedEvent:
    assert INTEGRATION.enrich is not None
    for key in event.state_keys:
        state.setdefault(key, None)
    return INTEGRATION.enrich(event, source, state)
