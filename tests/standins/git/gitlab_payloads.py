"""Bodies as GitLab writes them, about invented people and projects."""

from typing import Any

from tests.standins.git.payloads import NO_COMMIT, Developer
from tests.standins.git.sending import Payload

URL = "https://git.example.test/erp/voorraad"
PROJECT: Payload = {
    "id": 31,
    "name": "voorraad",
    "description": "",
    "web_url": URL,
    "namespace": "erp",
    "visibility_level": 0,
    "path_with_namespace": "erp/voorraad",
    "default_branch": "main",
}
ANJA = Developer("anja", "Anja Klein")
BART = Developer("bart", "Bart Dekker")


def user(by: Developer) -> Payload:
    return {"id": 12, "name": by.name, "username": by.login, "email": "[REDACTED]"}


def commit(digit: str, message: str, by: Developer = BART) -> Payload:
    return {
        "id": digit * 40,
        "message": f"{message}\n",
        "title": message,
        "timestamp": "2026-11-24T10:20:00+01:00",
        "url": f"{URL}/-/commit/{digit * 40}",
        "author": {"name": by.name, "email": "[REDACTED]"},
        "added": [],
        "modified": ["voorraad/herbestel.py"],
        "removed": [],
    }


def push(commits: list[Payload], *, ref: str = "refs/heads/main", **fields: Any) -> Payload:
    """Oldest commit first, twenty at most; the person in flat fields."""
    after = commits[-1]["id"] if commits else NO_COMMIT
    return {
        "object_kind": "tag_push" if ref.startswith("refs/tags/") else "push",
        "event_name": "tag_push" if ref.startswith("refs/tags/") else "push",
        "before": "3" * 40,
        "after": after,
        "ref": ref,
        "checkout_sha": after if commits else None,
        "user_id": 13,
        "user_name": BART.name,
        "user_username": BART.login,
        "user_email": None,
        "project_id": 31,
        "project": PROJECT,
        "commits": commits,
        "total_commits_count": len(commits),
        **fields,
    }


def merge_request(action: str | None, by: Developer, **fields: Any) -> Payload:
    """`fields` go into object_attributes, but for `changes`."""
    changes = fields.pop("changes", {})
    attributes: Payload = {
        "id": 880,
        "iid": 17,
        "title": "Reorder point per warehouse (TASK-2025-00006)",
        "description": "Each warehouse gets a reorder point of its own.",
        "state": "merged" if action == "merge" else "opened",
        "draft": False,
        "source_branch": "feat/herbestel",
        "target_branch": "main",
        "url": f"{URL}/-/merge_requests/17",
        "created_at": "2026-11-23 15:02:11 UTC",
        "updated_at": "2026-11-24 09:30:00 UTC",
        "last_commit": commit("4", "Reorder point"),
        **({"action": action} if action else {}),
        **fields,
    }
    return {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": user(by),
        "project": PROJECT,
        "object_attributes": attributes,
        "labels": [{"id": 3, "title": "voorraad"}],
        "changes": changes,
        "reviewers": [user(ANJA)],
        "assignees": [],
    }


def issue(action: str | None, by: Developer, **fields: Any) -> Payload:
    attributes: Payload = {
        "id": 410,
        "iid": 23,
        "title": "Stock is negative after a return",
        "description": "See ZD#74010.",
        "state": "closed" if action == "close" else "opened",
        "confidential": False,
        "type": "Issue",
        "url": f"{URL}/-/issues/23",
        "created_at": "2026-11-24 08:11:00 UTC",
        **({"action": action} if action else {}),
        **fields,
    }
    return {
        "object_kind": "issue",
        "event_type": "confidential_issue" if attributes["confidential"] else "issue",
        "user": user(by),
        "project": PROJECT,
        "object_attributes": attributes,
        "labels": [{"id": 3, "title": "voorraad"}],
        "changes": {},
        "assignees": [user(BART)],
    }


def note(noteable: str, text: str, by: Developer, **fields: Any) -> Payload:
    """A comment; what it is about comes beside it, without an address."""
    places = {
        "Issue": ("issue", "issues/23"),
        "MergeRequest": ("merge_request", "merge_requests/17"),
    }
    name, path = places.get(noteable, ("commit", "commit/4444"))
    of = {"Issue": issue, "MergeRequest": merge_request}.get(noteable)
    about = of(None, by)["object_attributes"] if of else {"id": "4" * 40}
    about = {key: value for key, value in about.items() if key != "url"}
    attributes: Payload = {
        "id": 1244,
        "note": text,
        "noteable_type": noteable,
        "system": False,
        "internal": False,
        "action": "create",
        "url": f"{URL}/-/{path}#note_1244",
        **fields,
    }
    return {
        "object_kind": "note",
        "event_type": "confidential_note" if attributes["internal"] else "note",
        "user": user(by),
        "project": PROJECT,
        "object_attributes": attributes,
        name: about,
    }


def pipeline(number: int, status: str, **fields: Any) -> Payload:
    """Every change of status is sent, from `pending` on."""
    return {
        "object_kind": "pipeline",
        "object_attributes": {
            "id": number,
            "iid": number - 4718,
            "name": None,
            "ref": "main",
            "tag": False,
            "sha": "4" * 40,
            "source": "push",
            "status": status,
            "detailed_status": status,
            "stages": ["build", "test"],
            "created_at": "2026-11-24 09:31:00 UTC",
            "finished_at": "2026-11-24 09:35:10 UTC",
            "duration": 250,
            "url": f"{URL}/-/pipelines/{number}",
            **fields,
        },
        "merge_request": None,
        "user": user(BART),
        "project": PROJECT,
        "commit": commit("4", "Reorder point per warehouse"),
        "builds": [
            {"id": 90, "stage": "test", "name": "lint", "status": status, "allow_failure": True},
            {"id": 91, "stage": "test", "name": "pytest", "status": status, "allow_failure": False},
        ],
    }


def job(status: str, **fields: Any) -> Payload:
    """The id of its commit is the pipeline's."""
    return {
        "object_kind": "build",
        "ref": "main",
        "tag": False,
        "sha": "4" * 40,
        "build_id": 91,
        "build_name": "pytest",
        "build_stage": "test",
        "build_status": status,
        "build_allow_failure": False,
        "build_failure_reason": "script_failure",
        "pipeline_id": 5120,
        "project_id": 31,
        "project_name": "ERP / voorraad",
        "user": user(BART),
        "commit": {"id": 5120, "sha": "4" * 40, "message": "Reorder point per warehouse"},
        "repository": {"name": "voorraad", "homepage": URL, "description": ""},
        **fields,
    }


def release(action: str) -> Payload:
    """Without a user."""
    return {
        "object_kind": "release",
        "id": 5,
        "action": action,
        "name": "Warehouse release",
        "tag": "v2.1.0",
        "description": "Reorder points per warehouse.",
        "url": f"{URL}/-/releases/v2.1.0",
        "released_at": "2026-11-24 12:00:00 UTC",
        "project": PROJECT,
        "commit": commit("4", "Reorder point per warehouse"),
    }


def deployment(status: str) -> Payload:
    return {
        "object_kind": "deployment",
        "status": status,
        "status_changed_at": "2026-11-24 12:10:00 +0100",
        "deployment_id": 15,
        "deployable_id": 796,
        "deployable_url": f"{URL}/-/jobs/796",
        "environment": "staging",
        "environment_tier": "staging",
        "environment_external_url": "https://voorraad.staging.example.test",
        "project": PROJECT,
        "short_sha": "44444444",
        "user": user(ANJA),
        "commit_url": f"{URL}/-/commit/{'4' * 40}",
        "commit_title": "Reorder point per warehouse",
        "ref": "main",
    }
