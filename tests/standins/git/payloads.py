"""Bodies as GitHub, Gitea and Forgejo write them, about invented people and repositories."""

from dataclasses import dataclass
from typing import Any

from tests.standins.git.sending import Payload

NO_COMMIT = "0" * 40
CREATED_AT = "2026-11-23T15:02:11Z"


@dataclass(frozen=True)
class Place:
    """A repository at one forge, and the branch that counts there."""

    url: str
    full_name: str
    number: int = 9001

    @property
    def html_url(self) -> str:
        return f"{self.url}/{self.full_name}"

    def as_json(self) -> Payload:
        owner, _slash, name = self.full_name.partition("/")
        return {
            "id": self.number,
            "name": name,
            "full_name": self.full_name,
            "private": True,
            "owner": {"id": 12, "login": owner},
            "html_url": self.html_url,
            "clone_url": f"{self.html_url}.git",
            "default_branch": "main",
        }


@dataclass(frozen=True)
class Developer:
    login: str
    name: str

    def as_json(self) -> Payload:
        """GitHub knows no `full_name` here; Gitea does."""
        return {
            "id": 77,
            "login": self.login,
            "avatar_url": f"https://avatars.example.test/{self.login}",
            "type": "User",
        }

    def as_gitea_json(self) -> Payload:
        email = f"{self.login}@example.test"
        return {"id": 2, "login": self.login, "full_name": self.name, "email": email}


GITHUB = Place("https://github.com", "acme/klantportaal")
GITEA = Place("https://gitea.example.test", "ops/infra", 4)
FORGEJO = Place("https://forgejo.example.test", "ops/infra", 4)
BART = Developer("bart-dv", "Bart Dekker")
ANJA = Developer("anja-k", "Anja Klein")
SAM = Developer("sam", "Sam Smit")


def commit(place: Place, digit: str, message: str, author: Developer) -> Payload:
    """`digit` makes the id: 2222…"""
    person = {
        "name": author.name,
        "email": f"{author.login}@example.test",
        "username": author.login,
    }
    return {
        "id": digit * 40,
        "tree_id": "9" * 40,
        "distinct": True,
        "message": message,
        "timestamp": "2026-11-24T09:12:00+01:00",
        "url": f"{place.html_url}/commit/{digit * 40}",
        "author": person,
        "committer": person,
        "added": [],
        "removed": [],
        "modified": ["app/login.py"],
    }


def github_push(
    commits: list[Payload], *, ref: str = "refs/heads/main", by: Developer = BART, **fields: Any
) -> Payload:
    """Oldest commit first."""
    after = commits[-1]["id"] if commits else NO_COMMIT
    return {
        "ref": ref,
        "before": "1" * 40,
        "after": after,
        "repository": GITHUB.as_json(),
        "pusher": {"name": by.login, "email": f"{by.login}@example.test"},
        "sender": by.as_json(),
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": f"{GITHUB.html_url}/compare/{'1' * 12}...{after[:12]}",
        "commits": commits,
        "head_commit": commits[-1] if commits else None,
        **fields,
    }


def gitea_push(commits: list[Payload], *, ref: str = "refs/heads/main", **fields: Any) -> Payload:
    """Newest commit first; the list is capped, the count is not."""
    after = commits[0]["id"]
    return {
        "ref": ref,
        "before": "5" * 40,
        "after": after,
        "compare_url": f"{GITEA.html_url}/compare/{'5' * 10}...{after[:10]}",
        "commits": commits,
        "total_commits": len(commits),
        "head_commit": commits[0],
        "repository": GITEA.as_json(),
        "pusher": SAM.as_gitea_json(),
        "sender": SAM.as_gitea_json(),
        **fields,
    }


def pull_request(place: Place, number: int, title: str, by: Developer, **fields: Any) -> Payload:
    person = by.as_json() if place is GITHUB else by.as_gitea_json()
    part = "pull" if place is GITHUB else "pulls"
    return {
        "id": 100_000 + number,
        "number": number,
        "title": title,
        "body": "The session was not renewed after the password.\n\nCloses ZD#74001.",
        "html_url": f"{place.html_url}/{part}/{number}",
        "state": "open",
        "draft": False,
        "merged": False,
        "merged_at": None,
        "merged_by": None,
        "user": person,
        "labels": [{"id": 8, "name": "bug", "color": "d73a4a"}],
        "assignees": [],
        "requested_reviewers": [],
        "head": {"ref": "fix/login", "sha": "2" * 40},
        "base": {"ref": "main", "sha": "1" * 40},
        "additions": 41,
        "deletions": 9,
        "changed_files": 4,
        "created_at": CREATED_AT,
        "updated_at": "2026-11-24T10:01:07Z",
        **fields,
    }


def issue(place: Place, number: int, title: str, by: Developer, **fields: Any) -> Payload:
    return {
        "id": 200_000 + number,
        "number": number,
        "title": title,
        "body": "Since the update of this morning.",
        "html_url": f"{place.html_url}/issues/{number}",
        "state": "open",
        "user": by.as_json() if place is GITHUB else by.as_gitea_json(),
        "labels": [{"id": 8, "name": "bug"}, {"id": 9, "name": "login"}],
        "assignees": [],
        "created_at": CREATED_AT,
        **fields,
    }


def github_event(action: str, by: Developer, **fields: Any) -> Payload:
    return {
        "action": action,
        **fields,
        "repository": GITHUB.as_json(),
        "sender": by.as_json(),
    }


def gitea_event(action: str, by: Developer = SAM, **fields: Any) -> Payload:
    return {
        "action": action,
        **fields,
        "repository": GITEA.as_json(),
        "sender": by.as_gitea_json(),
    }


def github_comment(text: str, url: str, by: Developer, **fields: Any) -> Payload:
    return {"id": 31, "body": text, "html_url": url, "user": by.as_json(), **fields}


def github_review(state: str, text: str | None, by: Developer) -> Payload:
    return {
        "id": 61,
        "user": by.as_json(),
        "body": text,
        "state": state,
        "html_url": f"{GITHUB.html_url}/pull/58#pullrequestreview-61",
        "submitted_at": "2026-11-24T09:58:00Z",
    }


def workflow_run(run_number: int, conclusion: str | None, **fields: Any) -> Payload:
    """One that is still running has no conclusion."""
    run_id = 70_000 + run_number
    return {
        "id": run_id,
        "name": "CI",
        "display_title": "Repair the login (ZD#74001)",
        "path": ".github/workflows/ci.yml",
        "run_number": run_number,
        "run_attempt": 1,
        "event": "push",
        "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion,
        "head_branch": "main",
        "head_sha": "2" * 40,
        "html_url": f"{GITHUB.html_url}/actions/runs/{run_id}",
        "actor": BART.as_json(),
        "head_commit": {"id": "2" * 40, "message": "Repair the login (ZD#74001)"},
        "head_repository": {"full_name": GITHUB.full_name},
        "pull_requests": [],
        **fields,
    }


def github_run(run_number: int, conclusion: str | None, **fields: Any) -> Payload:
    run = workflow_run(run_number, conclusion, **fields)
    action = "completed" if conclusion else "in_progress"
    workflow = {"id": 5, "name": run["name"], "path": run["path"]}
    return github_event(action, BART, workflow=workflow, workflow_run=run)


def github_ping() -> Payload:
    config = {"content_type": "json", "url": "https://hub.example.test/hooks/…", "insecure_ssl": 0}
    hook = {"type": "Repository", "id": 4411, "active": True, "config": config}
    return {
        "zen": "Keep it simple.",
        "hook_id": 4411,
        "hook": {**hook, "events": ["push", "pull_request"]},
        "repository": GITHUB.as_json(),
        "sender": BART.as_json(),
    }


def github_deployment(state: str) -> Payload:
    status = {
        "id": 17,
        "state": state,
        "environment": "production",
        "environment_url": "https://portaal.example.test",
        "log_url": f"{GITHUB.html_url}/actions/runs/70212/job/4",
        "target_url": "",
        "description": "",
    }
    deployment = {"id": 16, "ref": "main", "sha": "3" * 40, "environment": "production"}
    deployment |= {"description": None, "task": "deploy"}
    return github_event("created", ANJA, deployment_status=status, deployment=deployment)


def release(place: Place, tag: str, title: str, **fields: Any) -> Payload:
    return {
        "id": 41,
        "tag_name": tag,
        "name": title,
        "body": "- Login renews the session (#57)\n- Faster start page",
        "html_url": f"{place.html_url}/releases/tag/{tag}",
        "draft": False,
        "prerelease": False,
        **fields,
    }


def forgejo_run(action: str, index: int) -> Payload:
    """No repository or sender beside the run."""
    run = {
        "id": 46 + index,
        "index_in_repo": index,
        "title": "Add backup server b2",
        "workflow_id": "ci.yml",
        "status": "failure" if action == "failure" else "success",
        "event": "push",
        "prettyref": "main",
        "commit_sha": "6" * 40,
        "html_url": f"{FORGEJO.html_url}/actions/runs/{index}",
        "repository": FORGEJO.as_json(),
        "trigger_user": SAM.as_gitea_json(),
    }
    return {"action": action, "run": run, "prior_status": "running"}
