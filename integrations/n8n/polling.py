"""Failed executions that no error workflow has told: crashes, time-outs, workflows without one."""

import json
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote

from hub.contracts import DeliveryError, InboundRequest, JSONObject, JSONValue, Polled, SourceView
from integrations.n8n.client import fetch_execution, fetch_failures, fetch_workflow, has_key
from integrations.n8n.reading import as_text

MAX_PAGES = 5
MAX_SEEN = 1_000  # more than all the pages hold
MAX_LOOKED_UP = 10  # of one poll; what failed beside them is told without its error
BY_HAND = frozenset({"manual", "evaluation"})  # whoever runs it in the editor sees it fail
SEEN, SINCE = "seen", "since"


def poll(source: SourceView, state: JSONObject, now: datetime) -> Polled:
    """The first look announces nothing. Raises DeliveryError.

    `state` has the ids that are known, and when the newest failure of the first look ended, in
    n8n's own time: older ones come up again where executions are deleted.
    """
    if not has_key(source):
        return Polled((), state)
    seen = state.get(SEEN)
    if not isinstance(seen, list):
        return Polled((), _first_look(source))
    known, since = [as_text(one) for one in seen], as_text(state.get(SINCE))
    new = list(_new_failures(source, frozenset(known), since))
    telling = [row for row in new if row.get("mode") not in BY_HAND]
    requests = [_as_request(row, now) for row in _looked_up(source, telling)]
    ids: list[JSONValue] = [*dict.fromkeys([*map(_id, new), *known])]
    return Polled(tuple(reversed(requests)), {SEEN: ids[:MAX_SEEN], SINCE: since})


def _first_look(source: SourceView) -> JSONObject:
    rows, _cursor = fetch_failures(source)
    ids: list[JSONValue] = [_id(row) for row in rows]
    return {SEEN: ids, SINCE: max((_ended(row) for row in rows), default="")}


def _new_failures(source: SourceView, known: frozenset[str], since: str) -> Iterator[JSONObject]:
    """The newest first, up to the page that brings nothing new."""
    cursor = ""
    for _page in range(MAX_PAGES):
        rows, cursor = fetch_failures(source, cursor)
        new = [row for row in rows if _id(row) not in known and _is_later(row, since)]
        yield from new
        if not new or not cursor:
            return


def _is_later(row: JSONObject, since: str) -> bool:
    return not _ended(row) or _ended(row) > since


def _ended(row: JSONObject) -> str:
    """A crashed execution may have no end."""
    return as_text(row.get("stoppedAt")) or as_text(row.get("startedAt"))


def _id(row: JSONObject) -> str:
    return as_text(row.get("id"))


def _looked_up(source: SourceView, rows: list[JSONObject]) -> Iterator[JSONObject]:
    """In the form of an error workflow, so that the two are one event."""
    names: dict[str, str] = {}
    for place, row in enumerate(rows):
        workflow_id = as_text(row.get("workflowId"))
        detail = _detail(source, row) if place < MAX_LOOKED_UP else {}
        if workflow_id not in names and place < MAX_LOOKED_UP:
            names[workflow_id] = _workflow_name(source, workflow_id, detail)
        execution: JSONObject = {
            **{name: row.get(name) for name in ("id", "mode", "status", "retryOf")},
            **{name: row.get(name) for name in ("startedAt", "stoppedAt")},
            **_outcome(detail),
        }
        workflow: JSONObject = {"id": workflow_id, "name": names.get(workflow_id, "")}
        yield {"execution": execution, "workflow": workflow}


def _detail(source: SourceView, row: JSONObject) -> JSONObject:
    """The data of a run may be gone, or larger than the hub reads: it is told without."""
    try:
        return fetch_execution(source, quote(_id(row), safe=""))
    except DeliveryError:
        return {}


def _workflow_name(source: SourceView, workflow_id: str, detail: JSONObject) -> str:
    name = as_text(_object(detail, "workflowData").get("name"))
    if name or not workflow_id:
        return name
    try:
        return as_text(fetch_workflow(source, quote(workflow_id, safe="")).get("name"))
    except DeliveryError:
        return ""


def _outcome(detail: JSONObject) -> JSONObject:
    """What an error workflow would have said of it, and no more of the run's data."""
    result = _object(_object(detail, "data"), "resultData")
    error = _object(result, "error")
    return {
        "error": {name: as_text(error.get(name)) for name in ("name", "message", "description")},
        "lastNodeExecuted": as_text(result.get("lastNodeExecuted")),
    }


def _object(value: JSONObject, name: str) -> JSONObject:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _as_request(content: JSONObject, now: datetime) -> InboundRequest:
    return InboundRequest(
        method="POST",
        body=json.dumps(content).encode(),
        headers={"content-type": "application/json"},
        received_at=now,
        is_polled=True,
    )
