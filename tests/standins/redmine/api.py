"""Redmine's REST API, as far as the hub calls it, over a Site in memory."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.standins.outbox import Outbox
from tests.standins.redmine.sending import NativeWebhook, PluginWebhook
from tests.standins.redmine.site import (
    PRIORITIES,
    STATUSES,
    TRACKERS,
    Change,
    Issue,
    NotValidError,
    Site,
)
from tests.standins.redmine.site import User as RedmineUser
from tests.standins.redmine.writing import in_seconds, rest_issue, rest_journal, rest_status
from tests.standins.serving import Answer, Cut, Listening, Request, Response

HTML = "text/html; charset=utf-8"
DEFAULT_LIMIT, MAX_LIMIT = 25, 100
WRITABLE = ("subject", "description", "status_id", "priority_id", "assigned_to_id", "done_ratio")


class RefusedError(Exception):
    """Answered with this status, and nothing but the errors of a 422."""

    def __init__(self, status: int, errors: tuple[str, ...] = ()) -> None:
        super().__init__(status)
        self.status, self.errors = status, errors


@dataclass
class RedmineStandin(Listening):
    """Use it as a context manager. `fault` is the status of every answer while it is set.

    `lost_answers` is how many of the next writes are carried out and then not answered.
    """

    site: Site
    is_rest_enabled: bool = True
    fault: int = 0
    lost_answers: int = 0
    is_before_5: bool = False  # it does not say which statuses are allowed
    webhook: NativeWebhook | PluginWebhook | None = None  # called about every update
    outbox: Outbox = field(default_factory=Outbox)
    vanished: set[int] = field(default_factory=set)  # ids that are still listed, and gone
    show: Callable[[str], Response | None] = lambda _path: None  # a page for people
    calls: list[str] = field(default_factory=list)  # method and path, as they came

    def _respond(self, request: Request) -> Answer:
        self.calls.append(f"{request.method} {request.path}")
        if request.method == "GET" and (page := self.show(request.path)) is not None:
            return page
        if self.fault:
            return Response(self.fault, b"<h1>Internal error</h1>", HTML)
        try:
            answer = self._answer(request)
        except RefusedError as refused:
            if refused.status == 422:
                return _json(422, {"errors": list(refused.errors)})
            return Response(refused.status, b"", "application/json")
        except NotValidError as problem:
            return _json(422, {"errors": list(problem.sentences)})
        except json.JSONDecodeError:
            return Response(400, b"", HTML)
        if request.method != "GET" and self.lost_answers:
            self.lost_answers -= 1
            return Cut.RESET
        return answer

    def _answer(self, request: Request) -> Response:
        if request.path == "/login":
            return Response(200, b"<html><body>Login</body></html>", HTML)
        if not request.path.endswith(".json"):
            return Response(404, b"<h1>Page not found</h1>", HTML)
        if not self.is_rest_enabled:
            raise RefusedError(403)
        user = self._user_of(request)
        name = request.path.removesuffix(".json")
        if name.startswith("/issues/"):
            return self._one_issue(request, user, name.removeprefix("/issues/"))
        return self._collection(request, user, name)

    def _collection(self, request: Request, user: RedmineUser | None, name: str) -> Response:
        lists: Mapping[str, Callable[[], Response]] = {
            "/users/current": lambda: _current_user(user),
            "/issue_statuses": lambda: _list("issue_statuses", map(rest_status, STATUSES)),
            "/enumerations/issue_priorities": lambda: _named("issue_priorities", PRIORITIES),
            "/trackers": lambda: _named("trackers", TRACKERS),
            "/users": lambda: self._users(request, user),
            "/issues": lambda: self._issues(request, user),
        }
        if name not in lists:
            raise RefusedError(404)
        return lists[name]()

    def _issues(self, request: Request, user: RedmineUser | None) -> Response:
        if request.method == "POST":
            return self._create(request, user)
        query = request.query()
        since = query.get("updated_on", "").removeprefix(">=")
        found = [
            one
            for one in self.site.issues.values()
            if (query.get("status_id") == "*" or not one.is_closed)
            and (not since or in_seconds(one.updated_at) >= _checked_time(since))
            and _may_see(user, one)
        ]
        found.sort(key=lambda one: (in_seconds(one.updated_at), one.id))
        if query.get("sort", "").endswith(":desc"):
            found.reverse()
        offset = int(query.get("offset", "0"))
        limit = min(int(query.get("limit", str(DEFAULT_LIMIT))), MAX_LIMIT)
        page = [rest_issue(self.site, one) for one in found[offset : offset + limit]]
        return _json(
            200,
            {"issues": page, "total_count": len(found), "offset": offset, "limit": limit},
        )

    def _users(self, request: Request, user: RedmineUser | None) -> Response:
        """Active ones; the search finds parts of names and addresses."""
        if user is None or not user.is_admin:
            raise RefusedError(403 if user else 401)
        word = request.query().get("name", "").lower()
        found = [
            {
                "id": one.id,
                "login": one.login,
                "firstname": one.firstname,
                "lastname": one.lastname,
                "mail": one.mail,
            }
            for one in self.site.users.values()
            if not one.is_locked and word in f"{one.login} {one.name} {one.mail}".lower()
        ]
        return _json(200, {"users": found, "total_count": len(found), "offset": 0, "limit": 25})

    def _create(self, request: Request, user: RedmineUser | None) -> Response:
        if user is None:
            raise RefusedError(401)
        fields = json.loads(request.body)["issue"]
        if fields.get("project_id") not in (1, "1", "portal"):
            blank = ("Project", "Tracker", "Status")
            raise NotValidError(*(f"{name} cannot be blank" for name in blank))
        given = {name: fields[name] for name in WRITABLE if name in fields and name != "subject"}
        issue = self.site.create(user, str(fields.get("subject", "")), **given)
        response = _json(201, {"issue": rest_issue(self.site, issue)})
        response.headers["Location"] = f"{self.url}/issues/{issue.id}"
        return response

    def _one_issue(self, request: Request, user: RedmineUser | None, name: str) -> Response:
        issue = self.site.issues.get(int(name)) if name.isdigit() else None
        if issue is None or issue.id in self.vanished:
            raise RefusedError(404)
        if not _may_see(user, issue):
            raise RefusedError(403 if user else 401)
        if request.method in ("PUT", "PATCH"):
            return self._update(request, user, issue)
        if request.method != "GET":
            return Response(404, b"<h1>Page not found</h1>", HTML)
        written = rest_issue(self.site, issue)
        included = request.query().get("include", "")
        if "allowed_statuses" in included and not self.is_before_5:
            allowed = map(rest_status, self.site.allowed_statuses(issue))
            written["allowed_statuses"] = list(allowed)
        if "journals" in included:
            written["journals"] = [
                rest_journal(one)
                for one in issue.journals
                if not one.is_private
                or (user is not None and (user.may_see_private or one.user.id == user.id))
            ]
        return _json(200, {"issue": written})

    def _update(self, request: Request, user: RedmineUser | None, issue: Issue) -> Response:
        """204 also for a status that the issue did not get: only reading back shows it."""
        if user is None:
            raise RefusedError(401)
        fields = json.loads(request.body)["issue"]
        given = {name: fields[name] for name in WRITABLE if name in fields}
        is_private = bool(fields.get("private_notes"))
        notes = str(fields.get("notes") or "")
        change = self.site.update(issue, user, notes=notes, is_private=is_private, **given)
        if self.webhook is not None and "x-skip-webhooks" not in request.headers:
            self._send(self.webhook, change)
        return Response(204)

    def _send(self, webhook: NativeWebhook | PluginWebhook, change: Change) -> None:
        """Redmine 7 sends every journal, the plugin one; neither tries again."""
        made = webhook.updated(self.site, change)
        for request in made if isinstance(made, list) else [made]:
            self.outbox.put(lambda one=request: webhook.send(one))  # type: ignore[misc]  # its type is that of `request`

    def _user_of(self, request: Request) -> RedmineUser | None:
        """A wrong key is nobody: what is public is still shown."""
        key = request.headers.get("x-redmine-api-key", "")
        users = [one for one in self.site.users.values() if one.api_key]
        user = next((one for one in users if one.api_key == key and not one.is_locked), None)
        login = request.headers.get("x-redmine-switch-user", "")
        if user is None or not user.is_admin or not login:
            return user
        other = next((one for one in self.site.users.values() if one.login == login), None)
        if other is None or other.is_locked:
            raise RefusedError(412)
        return other


def _current_user(user: RedmineUser | None) -> Response:
    if user is None:
        raise RefusedError(401)
    names = {"firstname": user.firstname, "lastname": user.lastname}
    written = {"id": user.id, "login": user.login, "admin": user.is_admin, **names}
    return _json(200, {"user": written})


def _may_see(user: RedmineUser | None, issue: Issue) -> bool:
    return not issue.is_private or (user is not None and user.may_see_private)


def _checked_time(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise NotValidError("Updated is invalid") from error
    return text


def _named(root: str, names: Mapping[int, str]) -> Response:
    return _list(root, ({"id": one_id, "name": name} for one_id, name in names.items()))


def _list(root: str, rows: Any) -> Response:
    return _json(200, {root: list(rows)})


def _json(status: int, content: Any) -> Response:
    return Response(status, json.dumps(content).encode(), "application/json; charset=utf-8")
