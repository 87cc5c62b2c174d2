"""What the hub remembers of documents: names that payloads lack, and statuses told already."""

from dataclasses import replace

from hub.contracts import ExternalReference, JSONObject, ParsedEvent, SourceView
from integrations.erpnext.client import fetch_first, has_credentials
from integrations.erpnext.events import memory_key
from integrations.erpnext.fields import TITLE_FIELDS
from integrations.erpnext.kinds import CHANGED

REMEMBERED = ("status", "title", "creation")


def enrich(event: ParsedEvent, source: SourceView, state: JSONObject) -> ParsedEvent:
    """At most two calls, and none once the names are known. Raises DeliveryError."""
    reference = event.reference
    if reference is None:
        return event
    before = _recall(state, reference.external_id)
    _remember(event, reference, state, before)
    event = _without_repetition(event, before)
    event = _with_subject(event, reference, source, state)
    return _with_project_name(event, source, state)


def _recall(state: JSONObject, external_id: str) -> dict[str, str]:
    known = state.get(memory_key(external_id))
    return {name: str(value) for name, value in known.items()} if isinstance(known, dict) else {}


def _remember(
    event: ParsedEvent,
    reference: ExternalReference,
    state: JSONObject,
    before: dict[str, str],
) -> None:
    """Written before any call, so that it holds even if that fails."""
    is_comment = "comment.added" in event.kinds
    now = {
        "status": "" if is_comment else str(event.data.get("status") or ""),
        "title": event.title if event.data.get("has_title") else "",
        "creation": reference.created_marker,
    }
    kept = {name: now[name] or before.get(name, "") for name in REMEMBERED}
    if kept != before and any(kept.values()):
        state[memory_key(reference.external_id)] = {**kept}


def _without_repetition(event: ParsedEvent, before: dict[str, str]) -> ParsedEvent:
    """What was only concluded from a status is no news while the status stays the same."""
    status = event.data.get("status")
    if not event.data.get("is_concluded") or not before.get("status"):
        return event
    if before["status"] != status:
        return replace(event, changed=tuple(dict.fromkeys((*event.changed, "status"))))
    return replace(event, kinds=(CHANGED,), severity="info", changed=())


def _with_subject(
    event: ParsedEvent, reference: ExternalReference, source: SourceView, state: JSONObject
) -> ParsedEvent:
    """A comment has neither the title nor the age of its document, which decide its thread."""
    known = _recall(state, reference.external_id)
    is_wanted = "comment.added" in event.kinds and bool(event.data.get("doctype"))
    if is_wanted and not known.get("creation") and has_credentials(source):
        known = known | _look_up(reference.external_id, source)
        state[memory_key(reference.external_id)] = {**known}
    marker = reference.created_marker or known.get("creation", "")
    has_title = bool(event.data.get("has_title") or not known.get("title"))
    return replace(
        event,
        title=event.title if has_title else known["title"],
        reference=replace(reference, created_marker=marker),
    )


def _with_project_name(event: ParsedEvent, source: SourceView, state: JSONObject) -> ParsedEvent:
    project = str(event.data.get("project") or "")
    if not project or event.data.get("project_name"):
        return event
    external_id = f"Project/{project}"
    known = _recall(state, external_id)
    if not known.get("title") and has_credentials(source):
        known = known | _look_up(external_id, source)
        state[memory_key(external_id)] = {**known}
    return replace(event, data={**event.data, "project_name": known.get("title", "")})


def _look_up(external_id: str, source: SourceView) -> dict[str, str]:
    """Title and time of creation, empty when there is no such document. Raises DeliveryError."""
    doctype, _, name = external_id.partition("/")
    titles = TITLE_FIELDS.get(doctype, ())
    row = fetch_first(source, doctype, name, fields=("creation", *titles))
    title = next((str(row[one]) for one in titles if row.get(one)), "")
    return {"title": title, "creation": str(row.get("creation") or "")[:19].replace("T", " ")}
