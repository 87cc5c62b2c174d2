"""Completes an event by what is known of its issue, and by a few questions to Redmine."""

from dataclasses import replace

from hub.contracts import JSONObject, ParsedEvent, SourceView
from integrations.redmine import kinds
from integrations.redmine.events import issue_key
from integrations.redmine.naming import learn_status, settle_status, with_names
from integrations.redmine.notes import check_note, reveal_changes
from integrations.redmine.reading import as_object


def enrich(event: ParsedEvent, source: SourceView, state: JSONObject) -> ParsedEvent:
    """At most four calls, mostly none or one. Raises DeliveryError.

    `state` has what was last known of the issue, and what the ids of statuses, priorities and
    trackers are called; both are kept up before anything is asked.
    """
    if event.reference is None:
        return event
    key = issue_key(event.reference.external_id)
    before = _known_issue(event, as_object(state.get(key)))
    if event.data["journal_id"] and event.data["journal_id"] == before.get("told_id"):
        return replace(event, ignored_because=kinds.TOLD_ALREADY)
    state[key] = after = _remembered(event, before)
    learn_status(event, state)
    event = check_note(event, source)
    event, told_id = reveal_changes(event, source, before)
    event = settle_status(with_names(event, source, state), state)
    if after is not None and told_id:
        state[key] = {**after, "told_id": told_id}
    return event


def _known_issue(event: ParsedEvent, known: JSONObject) -> JSONObject:
    """Nothing where the id now belongs to another issue."""
    return known if known.get("created_at") == event.data["created_at"] else {}


def _remembered(event: ParsedEvent, before: JSONObject) -> JSONObject | None:
    """`told_id` is a journal that the plugin did not send and that was told all the same."""
    if kinds.DELETED in event.kinds:
        return None
    return {
        "created_at": event.data["created_at"],
        "status_id": event.data["status_id"],
        "told_id": before.get("told_id", ""),
    }
