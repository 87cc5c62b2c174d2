"""Their word → our kind, as tables; and which of several facts is the main one."""

from collections.abc import Iterable, Mapping

from hub.contracts import Severity

CREATED, DELETED = "issue.created", "issue.deleted"
CLOSED, REOPENED = "issue.closed", "issue.reopened"
STATUS_CHANGED, ASSIGNED = "issue.status_changed", "issue.assigned"
COMMENTED, UPDATED = "issue.commented", "issue.updated"

# In the order of importance: the first that holds is the main one.
KINDS: Mapping[str, str] = {
    CREATED: "An issue was made",
    DELETED: "An issue was deleted",
    CLOSED: "An issue got a status that counts as closed",
    REOPENED: "A closed issue was opened again",
    STATUS_CHANGED: "An issue got another status, and is as open or closed as before",
    ASSIGNED: "An issue was given to somebody, or to nobody",
    COMMENTED: "Somebody wrote a note",
    UPDATED: "Anything else about an issue: priority, version, description, files …",
}
STATUS_KINDS = frozenset((CLOSED, REOPENED, STATUS_CHANGED))

NATIVE_WORDS: Mapping[str, str] = {  # Redmine 7.0
    "issue.created": CREATED,
    "issue.updated": UPDATED,
    "issue.deleted": DELETED,
}
PLUGIN_WORDS: Mapping[str, str] = {"opened": CREATED, "updated": UPDATED}  # redmine_webhook 0.0.5

SEVERITIES: Mapping[str, Severity] = {CLOSED: "success", REOPENED: "warning", DELETED: "warning"}

# Attributes of an issue as its journals call them → the field of ours that has the new value.
FIELDS: Mapping[str, str] = {
    "status_id": "status",
    "assigned_to_id": "assignee",
    "priority_id": "priority",
    "tracker_id": "tracker",
    "project_id": "project",
    "category_id": "category",
    "fixed_version_id": "version",
    "parent_id": "parent",
    "subject": "subject",
    "description": "description",
    "start_date": "start_date",
    "due_date": "due_date",
    "done_ratio": "done_ratio",
    "estimated_hours": "estimated_hours",
    "is_private": "is_private",
}
# Fields whose values in a journal are ids; what they are called stands in the issue.
NAMED_FIELDS = frozenset(
    ("status", "assignee", "priority", "tracker", "project", "category", "version")
)
UNQUOTED_FIELDS = frozenset(("description", "is_private"))  # too long, or told by being private

EMPTY_UPDATE = "nothing was changed: the plugin reports that too"
OWN_ECHO = "the hub's own change came back"
TOLD_ALREADY = "it was told already, with the private note that came with it"


def in_order(kinds: Iterable[str]) -> tuple[str, ...]:
    """Each once, the most important first."""
    found = set(kinds)
    return tuple(kind for kind in KINDS if kind in found)


def status_kind(was_closed: bool, is_closed: bool) -> str:
    if was_closed == is_closed:
        return STATUS_CHANGED
    return CLOSED if is_closed else REOPENED
