"""Private notes: who may read one, and the change that the plugin hides behind it."""

from collections.abc import Iterable
from dataclasses import replace

from hub.contracts import JSONObject, ParsedEvent, PayloadError, SourceView
from integrations.redmine import facts, kinds
from integrations.redmine.client import can_ask, fetch_issue
from integrations.redmine.issues import Detail, Journal, read_journal
from integrations.redmine.reading import Node, write_time

MAX_JOURNALS = 2_000  # the longest issues have some hundreds


def check_note(event: ParsedEvent, source: SourceView) -> ParsedEvent:
    """A note that Redmine's own webhook shows: may everybody read it? Raises DeliveryError.

    What the key's user does not get to see, or is gone, stays private.
    """
    if not event.data["is_note_unchecked"] or not can_ask(source):
        return event
    journals = _fetch_journals(event, source)
    journal = next((one for one in journals if one.id == event.data["journal_id"]), None)
    data = {**event.data, "is_note_unchecked": False}
    if journal is None or journal.is_private:
        return replace(event, data={**data, "is_note_private": True})
    return replace(
        event,
        kinds=kinds.in_order([*event.kinds, kinds.COMMENTED]),
        is_private=event.data["is_issue_private"] is True,
        data={**data, "note": journal.note},
        changed=tuple(dict.fromkeys([*event.changed, "note"])),
    )


def reveal_changes(
    event: ParsedEvent, source: SourceView, before: JSONObject
) -> tuple[ParsedEvent, str]:
    """The event, and the id of the journal it tells instead of its own. Raises DeliveryError.

    Redmine makes two journals of a private note that comes with changes, and the plugin sends only
    the note (seen with 0.0.5 on 5.0.4). Then the changes are told, and the note is not.
    """
    if not event.data["may_hide_changes"]:
        return event, ""
    details, journal_id = _hidden_changes(event, source, before)
    if not details:
        is_own = event.data["is_own"] is True
        return (replace(event, ignored_because=kinds.OWN_ECHO) if is_own else event), ""
    return _with_details(event, details), journal_id


def _with_details(event: ParsedEvent, details: tuple[Detail, ...]) -> ParsedEvent:
    data = {**event.data, "note": "", "is_note_private": True}
    names = _present_names(data)
    data["changes"] = [facts.change_of(one, {}, names) for one in details]
    status = facts.status_detail(details)
    if status is not None:
        data["old_status_id"] = status.old
    return replace(
        event,
        kinds=tuple(facts.kinds_of_update(details, kinds.STATUS_CHANGED, has_note=False)),
        is_private=data["is_issue_private"] is True,
        data=data,
        changed=facts.changed_fields(details),
    )


def _hidden_changes(
    event: ParsedEvent, source: SourceView, before: JSONObject
) -> tuple[tuple[Detail, ...], str]:
    """Without a key only the status can be compared, with the one last known."""
    if can_ask(source):
        journals = _fetch_journals(event, source)
        twin = _twin(journals, event)
        return (twin.details, twin.id) if twin else ((), "")
    old, new = before.get("status_id"), event.data["status_id"]
    if not isinstance(old, str) or not isinstance(new, str) or "" in (old, new) or old == new:
        return (), ""
    return (Detail("attr", "status_id", old, new),), ""


def _twin(journals: Iterable[Journal], event: ParsedEvent) -> Journal | None:
    """Redmine stores it just before the private one, with the same time and user."""
    own_id = int(str(event.data["journal_id"] or 0))
    twins = (
        one
        for one in journals
        if one.id
        and int(one.id) < own_id
        and one.details
        and not one.note
        and write_time(one.created_at) == event.data["changed_at"]
        and one.user.id == event.data["actor_id"]
    )
    return max(twins, key=lambda one: int(one.id), default=None)


def _present_names(data: JSONObject) -> dict[tuple[str, str], str]:
    return {("status", str(data["status_id"])): str(data["status"])}


def _fetch_journals(event: ParsedEvent, source: SourceView) -> list[Journal]:
    """Those the key's user may see; none where they cannot be read, so that notes stay private."""
    issue_id = event.reference.external_id if event.reference else ""
    issue = Node(fetch_issue(source, issue_id))
    try:
        return [read_journal(one) for one in issue.nodes("journals", MAX_JOURNALS)]
    except PayloadError:
        return []
