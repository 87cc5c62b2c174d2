"""Requests as ERPNext sends them, cut to what a test is about."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from hub.contracts import InboundRequest, JSONValue, ParsedEvent, SourceView
from hub.http import open_http
from integrations.erpnext import INTEGRATION
from tests.standins.erpnext import API_KEY, API_SECRET, ErpNextStandin

RECEIVED_AT = datetime(2026, 11, 24, 9, 15, 2, tzinfo=UTC)
SOURCE = SourceView("ERPNext", "https://erp.example.test", {"zone": "Europe/Amsterdam"})
CREDENTIALS = {"api_key": API_KEY, "api_secret": API_SECRET}
TASK: dict[str, Any] = {
    "doctype": "Task",
    "name": "TASK-2026-00006",
    "creation": "2026-11-03 15:20:31.448201",
    "modified": "2026-11-24 10:15:00.501122",
    "modified_by": "a.bos@ons.example.test",
    "owner": "m.dijk@ons.example.test",
    "subject": "Phase 1",
    "status": "Completed",
    "project": "PROJ-0007",
}
INVOICE: dict[str, Any] = {
    "doctype": "Sales Invoice",
    "name": "INV-2024-001",
    "docstatus": 1,
    "creation": "2024-01-15 09:30:00",
    "modified": "2024-01-31 10:00:00.120400",
    "customer_name": "Acme Corp",
    "due_date": "2024-02-14",
    "status": "Overdue",
    "currency": "EUR",
    "grand_total": 4810.0,
    "outstanding_amount": 2310.0,
    "is_return": 0,
}
ORDER: dict[str, Any] = {
    "doctype": "Sales Order",
    "name": "SAL-ORD-2026-00042",
    "docstatus": 1,
    "modified": "2026-11-24 10:14:58.118204",
    "customer_name": "Acme Corp",
    "status": "To Deliver and Bill",
    "net_total": 50000.0,
    "grand_total": 60500.0,
    "currency": "EUR",
}

RECORDED = [
    json.loads(path.read_text())
    for path in sorted((INTEGRATION.folder / "payloads").glob("*.json"))
]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
ODD_VALUES: st.SearchStrategy[JSONValue] = st.sampled_from(
    [None, "None", "", "12.5", 10**40, 1e300, -0.0, "é" * 300, "\u202e🚀", "x" * 1_000_000, [[]]]
)


def make_request(body: Any, hint: str = "", **headers: str) -> InboundRequest:
    return InboundRequest(
        method="POST",
        body=json.dumps(body).encode(),
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        received_at=RECEIVED_AT,
        event_hint=hint,
    )


def parse(request: InboundRequest, **options: Any) -> ParsedEvent:
    return INTEGRATION.parse(request, replace(SOURCE, options={**SOURCE.options, **options}))


def key_of(body: Any, hint: str = "") -> str | None:
    return INTEGRATION.identify(make_request(body, hint)).dedup_key


def view_of(site: ErpNextStandin, **options: Any) -> SourceView:
    """The site as the hub is given it, with the key of its user."""
    client = open_http(site.url, purpose="erpnext")
    return SourceView("ERPNext", site.url, {**SOURCE.options, **options}, CREDENTIALS, client)


@st.composite
def mutations(draw: st.DrawFn) -> JSONValue:
    """A recording with some of its values replaced, at any depth."""
    body = json.loads(json.dumps(draw(st.sampled_from(RECORDED))))
    for _count in range(draw(st.integers(1, 4))):
        place: Any = body
        while isinstance(place, dict) and place:
            name = draw(st.sampled_from(sorted(place)))
            if not isinstance(place[name], dict) or draw(st.booleans()):
                place[name] = draw(ODD_VALUES | ANY_JSON)
                break
            place = place[name]
    return body  # type: ignore[no-any-return]  # what json.loads gave
