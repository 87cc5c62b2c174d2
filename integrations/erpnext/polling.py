"""What ERPNext changes without any webhook, looked for every hour: overdue invoices above all."""

import json
from datetime import datetime, timedelta

from hub.contracts import InboundRequest, JSONObject, JSONValue, Polled, SourceView
from integrations.erpnext.client import Query, fetch_all, has_credentials
from integrations.erpnext.reading import day_in, zone_of

DEFAULT_SUBJECTS = ("invoices",)
DEFAULT_MINUTES = 60
MINUTES_OF_A_WEEK = 10_080
EARLY = timedelta(minutes=2)  # schedules are not exact
POLLED_AT = "polled_at"
INVOICE_FIELDS = (
    *("name", "customer", "customer_name", "due_date", "outstanding_amount", "grand_total"),
    *("currency", "status", "docstatus", "is_return", "contact_email", "company", "po_no"),
    *("project", "owner", "creation", "modified"),
)
PROJECT_FIELDS = (
    *("name", "project_name", "status", "customer", "priority", "expected_end_date", "company"),
    *("owner", "creation", "modified", "modified_by"),
)
OVERDUE_STATUSES = ("Overdue", "Overdue and Discounted")  # also after a late instalment


def poll(source: SourceView, state: JSONObject, now: datetime) -> Polled:
    """The first look announces nothing. Raises DeliveryError.

    `state` has what was overdue or open at the last look; nothing here goes by `modified`, which
    ERPNext's daily run leaves as it was.
    """
    if not has_credentials(source) or not _is_due(source, state, now):
        return Polled((), state)
    subjects = source.options.get("poll", [*DEFAULT_SUBJECTS])
    wanted = subjects if isinstance(subjects, list) else [subjects]
    requests: list[InboundRequest] = []
    after: JSONObject = {**state, POLLED_AT: now.isoformat()}
    if "invoices" in wanted:
        requests += _poll_invoices(source, after, now)
    if "projects" in wanted:
        requests += _poll_projects(source, after, now)
    return Polled(tuple(requests), after)


def _is_due(source: SourceView, state: JSONObject, now: datetime) -> bool:
    polled_at, minutes = state.get(POLLED_AT), source.options.get("poll_minutes")
    if not isinstance(polled_at, str):
        return True
    if not isinstance(minutes, int) or not 0 < minutes <= MINUTES_OF_A_WEEK:
        minutes = DEFAULT_MINUTES
    return now - datetime.fromisoformat(polled_at) >= timedelta(minutes=minutes) - EARLY


def _poll_invoices(source: SourceView, state: JSONObject, now: datetime) -> list[InboundRequest]:
    """Each invoice that has become overdue; one that was paid and is late again counts anew."""
    today = day_in(zone_of(source.options), now).isoformat()
    query = Query(
        "Sales Invoice",
        INVOICE_FIELDS,
        (("docstatus", "=", 1), ("outstanding_amount", ">", 0), ("is_return", "=", 0)),
        any_of=(("due_date", "<", today), ("status", "in", [*OVERDUE_STATUSES])),
        order="due_date desc, name desc",
    )
    rows, is_all = fetch_all(source, query)
    seen = state.get("overdue_invoices")
    known = [] if is_all or not isinstance(seen, list) else seen
    names: list[JSONValue] = [row.get("name") for row in rows]
    state["overdue_invoices"] = [*dict.fromkeys([*names, *known])]
    if not isinstance(seen, list):
        return []
    before = set(map(str, seen))
    new = [row for row in reversed(rows) if str(row.get("name")) not in before]
    return [_as_request("invoice.overdue", "Sales Invoice", row, now) for row in new]


def _poll_projects(source: SourceView, state: JSONObject, now: datetime) -> list[InboundRequest]:
    """A project that completes itself with its last task calls no webhook."""
    rows, is_all = fetch_all(source, Query("Project", ("name",), (("status", "=", "Open"),)))
    names: list[JSONValue] = [row.get("name") for row in rows]
    seen = state.get("open_projects")
    state["open_projects"] = names
    still_open = set(map(str, names))
    if not isinstance(seen, list) or not is_all:
        return []
    gone = [name for name in seen if str(name) not in still_open]
    if not gone:
        return []
    conditions = (("name", "in", gone), ("status", "=", "Completed"))
    completed, _is_all = fetch_all(source, Query("Project", PROJECT_FIELDS, conditions))
    return [_as_request("project.completed", "Project", row, now) for row in completed]


def _as_request(event: str, doctype: str, row: JSONObject, now: datetime) -> InboundRequest:
    """In the form of the recipe for webhooks."""
    body = {"event": event, "doctype": doctype, "name": row.get("name"), "doc": row}
    return InboundRequest(
        method="POST",
        body=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
        received_at=now,
        is_polled=True,
    )
