"""Issues and journals as JSON: of the REST API, of Redmine 7's webhook, of the plugin's."""

from datetime import datetime
from typing import Any

from tests.standins.redmine.site import (
    PRIORITIES,
    PROJECT,
    STATUSES,
    TRACKERS,
    Issue,
    Journal,
    Site,
    User,
)


def rest_issue(site: Site, issue: Issue) -> dict[str, Any]:
    """GET /issues/{id}.json without includes; Redmine 7's webhook has the same object."""
    assignee = site.users.get(issue.assigned_to_id or 0)
    written = {
        "id": issue.id,
        "project": {"id": PROJECT[0], "name": PROJECT[2]},
        "tracker": {"id": issue.tracker_id, "name": TRACKERS[issue.tracker_id]},
        "status": rest_status(issue.status_id),
        "priority": {"id": issue.priority_id, "name": PRIORITIES[issue.priority_id]},
        "author": _rest_user(issue.author),
        "assigned_to": _rest_user(assignee) if assignee else None,
        "subject": issue.subject,
        "description": issue.description,
        "start_date": f"{issue.created_at:%Y-%m-%d}",
        "due_date": issue.due_date,
        "done_ratio": issue.done_ratio,
        "is_private": issue.is_private,
        "estimated_hours": None,
        "total_estimated_hours": None,
        "spent_hours": 0.0,
        "total_spent_hours": 0.0,
        "custom_fields": [],
        "created_on": in_seconds(issue.created_at),
        "updated_on": in_seconds(issue.updated_at),
        "closed_on": in_seconds(issue.closed_at) if issue.closed_at else None,
    }
    return {name: value for name, value in written.items() if name != "assigned_to" or value}


def rest_status(status_id: int) -> dict[str, Any]:
    name, is_closed = STATUSES[status_id]
    return {"id": status_id, "name": name, "is_closed": is_closed}


def rest_journal(journal: Journal) -> dict[str, Any]:
    return {
        "id": journal.id,
        "user": _rest_user(journal.user),
        "notes": journal.notes,
        "created_on": in_seconds(journal.created_at),
        "private_notes": journal.is_private,
        "details": [
            {
                "property": one.property,
                "name": one.key,
                "old_value": one.old,
                "new_value": one.new,
            }
            for one in journal.details
        ],
    }


def native_body(site: Site, word: str, issue: Issue, journal: Journal | None) -> dict[str, Any]:
    """It does not say whether a note is private."""
    data: dict[str, Any] = {"issue": rest_issue(site, issue)}
    if journal is not None:
        data["journal"] = {
            "id": journal.id,
            "created_on": in_seconds(journal.created_at),
            "notes": journal.notes,
            "user": _rest_user(journal.user),
            "details": _webhook_details(journal),
        }
    return {"type": word, "timestamp": in_seconds(site.now), "data": data}


def plugin_body(
    site: Site, action: str, issue: Issue, journal: Journal | None, url: str
) -> dict[str, Any]:
    payload: dict[str, Any] = {"action": action, "issue": _plugin_issue(site, issue)}
    if action == "updated":
        payload["journal"] = _plugin_journal(journal, issue.author)
    return {"payload": {**payload, "url": f"{url}/issues/{issue.id}"}}


def in_seconds(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _in_milliseconds(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _plugin_issue(site: Site, issue: Issue) -> dict[str, Any]:
    assignee = site.users.get(issue.assigned_to_id or 0)
    closed_at = issue.closed_at
    return {
        "id": issue.id,
        "subject": issue.subject,
        "description": issue.description,
        "created_on": _in_milliseconds(issue.created_at),
        "updated_on": _in_milliseconds(issue.updated_at),
        "closed_on": _in_milliseconds(closed_at) if closed_at else None,
        "root_id": issue.id,
        "parent_id": None,
        "done_ratio": issue.done_ratio,
        "start_date": f"{issue.created_at:%Y-%m-%d}",
        "due_date": issue.due_date,
        "estimated_hours": None,
        "is_private": issue.is_private,
        "lock_version": len(issue.journals),
        "custom_field_values": [],
        "project": {"id": PROJECT[0], "identifier": PROJECT[1], "name": PROJECT[2]},
        "status": {"id": issue.status_id, "name": STATUSES[issue.status_id][0]},
        "tracker": {"id": issue.tracker_id, "name": TRACKERS[issue.tracker_id]},
        "priority": {"id": issue.priority_id, "name": PRIORITIES[issue.priority_id]},
        "author": _plugin_user(issue.author),
        "assignee": _plugin_user(assignee) if assignee else None,
        "watchers": [],
    }


def _plugin_journal(journal: Journal | None, author: User) -> dict[str, Any]:
    """An update that changed nothing is reported too, without an id."""
    if journal is None:
        empty = {"id": None, "notes": "", "created_on": None, "private_notes": False}
        return {**empty, "author": _plugin_user(author), "details": []}
    return {
        "id": journal.id,
        "notes": journal.notes,
        "created_on": _in_milliseconds(journal.created_at),
        "private_notes": journal.is_private,
        "author": _plugin_user(journal.user),
        "details": [{"id": 1, **one} for one in _webhook_details(journal)],
    }


def _webhook_details(journal: Journal) -> list[dict[str, Any]]:
    return [
        {"property": one.property, "prop_key": one.key, "old_value": one.old, "value": one.new}
        for one in journal.details
    ]


def _rest_user(user: User) -> dict[str, Any]:
    return {"id": user.id, "name": user.name}


def _plugin_user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "login": user.login,
        "mail": user.mail,
        "firstname": user.firstname,
        "lastname": user.lastname,
        "identity_url": None,
        "icon_url": f"https://icons.example.test/{user.login}.png",
    }
