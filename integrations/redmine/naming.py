"""What ids are called: learnt from requests, and asked of Redmine for what they do not say."""

from dataclasses import replace
from datetime import timedelta

from hub.contracts import JSONObject, JSONValue, ParsedEvent, SourceView
from integrations.redmine import kinds
from integrations.redmine.client import can_ask, fetch_list
from integrations.redmine.events import LISTED_FIELDS, list_key
from integrations.redmine.reading import as_object, read_time

MAX_NAME_CHARS = 120
REFRESH_AFTER = timedelta(hours=1)  # a list is changed rarely, and unknown ids are asked at once


def learn_status(event: ParsedEvent, state: JSONObject) -> None:
    """The status that the request names: in time this does for a hub without a key."""
    status_id, name = str(event.data["status_id"] or ""), event.data["status"]
    if not status_id or not name:
        return
    listed = as_object(state.get(list_key("status")))
    known = as_object(listed.get("known"))
    is_closed = event.data["is_closed"]
    if is_closed is None:
        is_closed = True if kinds.CLOSED in event.kinds else _is_closed(known, status_id)
    learnt: JSONObject = {"name": name, "is_closed": is_closed}
    state[list_key("status")] = {**listed, "known": {**known, status_id: learnt}}


def with_names(event: ParsedEvent, source: SourceView, state: JSONObject) -> ParsedEvent:
    """Names, old and new, for each change of a field with a list. Raises DeliveryError."""
    changes = event.data["changes"]
    if not isinstance(changes, list):
        return event
    named: list[JSONValue] = []
    for change in map(as_object, changes):
        is_listed = change["field"] in LISTED_FIELDS
        known = _known(event, source, state, change) if is_listed else {}
        named.append(_named(change, known))
    return replace(event, data={**event.data, "changes": named})


def settle_status(event: ParsedEvent, state: JSONObject) -> ParsedEvent:
    """Closed, reopened or neither: as the old and the new status tell, once both are known."""
    old_id, new_id = str(event.data["old_status_id"] or ""), str(event.data["status_id"] or "")
    if not old_id or not kinds.STATUS_KINDS.intersection(event.kinds):
        return event
    known = as_object(as_object(state.get(list_key("status"))).get("known"))
    was_closed, is_closed = _is_closed(known, old_id), _is_closed(known, new_id)
    data = {
        **event.data,
        "old_status": _name(known, old_id) or event.data["old_status"],
        "status": _name(known, new_id) or event.data["status"],
        "is_closed": event.data["is_closed"] if is_closed is None else is_closed,
    }
    if was_closed is None or is_closed is None:
        return replace(event, data=data)
    return _with_status_kind(replace(event, data=data), kinds.status_kind(was_closed, is_closed))


def _with_status_kind(event: ParsedEvent, kind: str) -> ParsedEvent:
    found = kinds.in_order([kind, *(set(event.kinds) - kinds.STATUS_KINDS)])
    return replace(event, kinds=found, severity=kinds.SEVERITIES.get(found[0], "info"))


def _known(
    event: ParsedEvent, source: SourceView, state: JSONObject, change: JSONObject
) -> JSONObject:
    """By id: `{name, is_closed}`. Asked when an id is unknown or the list is old."""
    field, changed_at = str(change["field"]), event.data["changed_at"]
    listed = as_object(state.get(list_key(field)))
    known = as_object(listed.get("known"))
    ids = {str(change[end]) for end in ("old_id", "new_id") if change[end]}
    is_fresh = ids <= known.keys() and not _is_old(listed.get("fetched_at"), changed_at)
    if is_fresh or not can_ask(source):
        return known
    known = {**known, **_by_id(fetch_list(source, field))}
    state[list_key(field)] = {"fetched_at": changed_at, "known": known}
    return known


def _is_old(fetched_at: JSONValue, now: JSONValue) -> bool:
    then, later = read_time(str(fetched_at or "")), read_time(str(now or ""))
    return then is None or (later is not None and later - then > REFRESH_AFTER)


def _by_id(rows: list[JSONObject]) -> JSONObject:
    return {
        str(row.get("id")): {
            "name": str(row.get("name") or "")[:MAX_NAME_CHARS],
            "is_closed": row.get("is_closed") is True,
        }
        for row in rows
    }


def _named(change: JSONObject, known: JSONObject) -> JSONObject:
    old, new = _name(known, str(change["old_id"])), _name(known, str(change["new_id"]))
    return {**change, "old": old or change["old"], "new": new or change["new"]}


def _name(known: JSONObject, one_id: str) -> str:
    return str(as_object(known.get(one_id)).get("name") or "")


def _is_closed(known: JSONObject, one_id: str) -> bool | None:
    value = as_object(known.get(one_id)).get("is_closed")
    return value if isinstance(value, bool) else None
