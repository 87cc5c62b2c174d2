"""What an update tells: its kinds, and each change in our words."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from hub.contracts import JSONObject, JSONValue
from integrations.redmine.issues import Detail, RedmineIssue, RedmineNews
from integrations.redmine.kinds import (
    ASSIGNED,
    CLOSED,
    COMMENTED,
    FIELDS,
    NAMED_FIELDS,
    STATUS_CHANGED,
    UNQUOTED_FIELDS,
    UPDATED,
    in_order,
)

SAME_MOMENT = timedelta(seconds=2)  # closing sets closed_on and makes the journal in one go
ADDED_FIELDS: Mapping[str, str] = {"attachment": "attachments", "relation": "relations"}


def status_detail(details: Iterable[Detail]) -> Detail | None:
    return next((one for one in details if _is_attribute(one, "status_id")), None)


def kinds_of_update(details: Iterable[Detail], status_kind: str, *, has_note: bool) -> list[str]:
    """In order of importance; never empty."""
    found = {_kind_of(detail, status_kind) for detail in details}
    if has_note:
        found.add(COMMENTED)
    return [*in_order(found or {UPDATED})]


def status_kind_of(news: RedmineNews) -> str:
    """As far as the request itself says it: which statuses are closed ones it says in part.

    Reopening cannot be seen here: `closed_on` stays when an issue is opened again.
    """
    issue, journal = news.issue, news.journal
    detail = status_detail(journal.details) if journal else None
    if journal is None or detail is None:
        return STATUS_CHANGED
    is_later_state = issue.status.id != detail.new
    if is_later_state or issue.is_closed is False or issue.closed_at is None:
        return STATUS_CHANGED
    moment = journal.created_at or issue.updated_at
    is_just_closed = moment is not None and abs(issue.closed_at - moment) <= SAME_MOMENT
    return CLOSED if is_just_closed else STATUS_CHANGED


def changed_fields(details: Iterable[Detail]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_field_of(detail) for detail in details))


def changes_of(details: Iterable[Detail], issue: RedmineIssue) -> list[JSONValue]:
    """Each change as `{field, label, old, new, old_id, new_id}`, all text.

    `label` is the name of a custom field or a relation. Of what is an id only the new name can be
    known here, and only if nothing changed it since.
    """
    labels = {field_id: name for field_id, name, _value in issue.custom_fields}
    names = _names_of(issue)
    return [change_of(detail, labels, names) for detail in details]


def change_of(
    detail: Detail, labels: Mapping[str, str], names: Mapping[tuple[str, str], str]
) -> JSONObject:
    """`labels` are the names of custom fields by id, `names` what ids of a field are called."""
    field = _field_of(detail)
    change: JSONObject = {"field": field, "label": "", "old": detail.old, "new": detail.new}
    change |= {"old_id": "", "new_id": ""}
    if field in NAMED_FIELDS:
        new = names.get((field, detail.new), "")
        return {**change, "old": "", "new": new, "old_id": detail.old, "new_id": detail.new}
    if field in UNQUOTED_FIELDS:
        return {**change, "old": "", "new": ""}
    if field == "custom_fields":
        return {**change, "label": labels.get(detail.name, "")}
    if field in ("relations", "other"):
        return {**change, "label": detail.name}
    return change


def _names_of(issue: RedmineIssue) -> Mapping[tuple[str, str], str]:
    """The name of what stands in the issue now, by field and id."""
    return {
        ("status", issue.status.id): issue.status.name,
        ("assignee", issue.assignee.id): issue.assignee.name,
        ("priority", issue.priority.id): issue.priority.name,
        ("tracker", issue.tracker.id): issue.tracker.name,
        ("project", issue.project.id): issue.project.name,
        ("category", issue.category.id): issue.category.name,
        ("version", issue.version.id): issue.version.name,
    }


def _kind_of(detail: Detail, status_kind: str) -> str:
    if _is_attribute(detail, "status_id"):
        return status_kind
    return ASSIGNED if _is_attribute(detail, "assigned_to_id") else UPDATED


def _field_of(detail: Detail) -> str:
    if detail.property == "attr":
        return FIELDS.get(detail.name, "other")
    if detail.property == "cf":
        return "custom_fields"
    return ADDED_FIELDS.get(detail.property, "other")


def _is_attribute(detail: Detail, name: str) -> bool:
    return detail.property == "attr" and detail.name == name
