"""The calls made to Redmine's REST API, with the key of a user."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from hub.contracts import DeliveryError, HttpResponse, JSONObject, JSONValue, SourceView
from integrations.redmine.reading import as_object

LOOK_UP_TIMEOUT_S = 3.0  # a look-up holds back the other news of the same issue
POLL_TIMEOUT_S = 20.0  # the first call after a start of Redmine takes seconds
WRITE_TIMEOUT_S = 10.0  # the first one after a start of Redmine took 2.4 s
PAGE_SIZE = 100  # Redmine gives no more
MAX_SENTENCE_CHARS = 300
LISTS: Mapping[str, tuple[str, str]] = {  # our field → path, and the name of the list in it
    "status": ("/issue_statuses.json", "issue_statuses"),
    "priority": ("/enumerations/issue_priorities.json", "issue_priorities"),
    "tracker": ("/trackers.json", "trackers"),
}
ADVICE: Mapping[int | None, str] = {
    401: "Redmine does not know the hub's key: copy it anew from My account › API access key",
    403: "Redmine does not allow it: may this user see and change the issue, and is the REST "
    "interface on?",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list of issues; `total` is how many there are in all."""

    issues: tuple[JSONObject, ...]
    total: int


def can_ask(source: SourceView) -> bool:
    return source.http is not None and bool(source.credentials.get("api_key"))


def fetch_list(source: SourceView, field: str) -> list[JSONObject]:
    """All statuses, priorities or trackers. Raises DeliveryError."""
    path, root = LISTS[field]
    return _objects(_get(source, path, timeout_s=LOOK_UP_TIMEOUT_S), root, path)


def fetch_issue(
    source: SourceView, issue_id: str, *, timeout_s: float = LOOK_UP_TIMEOUT_S
) -> JSONObject:
    """With those of its journals that the key's user may see. Raises DeliveryError."""
    path = f"/issues/{issue_id}.json"
    content = _get(source, path, {"include": "journals"}, timeout_s=timeout_s)
    issue = content.get("issue")
    if not isinstance(issue, dict):
        raise DeliveryError(f"Redmine's answer to GET {path} holds no issue")
    return issue


def fetch_changed(source: SourceView, since: str, offset: int) -> Page:
    """Issues changed at or after `since`, oldest change first. Raises DeliveryError.

    Without `status_id=*` those that were closed would be missing.
    """
    params = {"status_id": "*", "updated_on": f">={since}", "sort": "updated_on:asc"}
    return _fetch_page(source, params | {"limit": str(PAGE_SIZE), "offset": str(offset)})


def fetch_last_change(source: SourceView) -> str:
    """When the issue changed last, by Redmine's own clock; empty when there is none."""
    params = {"status_id": "*", "sort": "updated_on:desc", "limit": "1"}
    page = _fetch_page(source, params)
    return str(page.issues[0].get("updated_on") or "") if page.issues else ""


def fetch_login(source: SourceView) -> str:
    """Whose key it is. An issue would also be shown without one. Raises DeliveryError."""
    content = _get(source, "/users/current.json", timeout_s=None)
    return str(as_object(content.get("user")).get("login") or "")


def fetch_user(source: SourceView, login: str = "") -> JSONObject:
    """Who it would be that writes: the user of the key, or the one it is switched to.

    Raises DeliveryError, of 412 for a user who does not exist or is locked.
    """
    content = _get(source, "/users/current.json", timeout_s=WRITE_TIMEOUT_S, login=login)
    return as_object(content.get("user"))


def find_users(source: SourceView, words: str) -> list[JSONObject]:
    """Active users whose name, login or address contains `words`. Raises DeliveryError."""
    params = {"name": words, "limit": str(PAGE_SIZE)}
    content = _get(source, "/users.json", params, timeout_s=WRITE_TIMEOUT_S)
    return _objects(content, "users", "/users.json")


def load_issue(source: SourceView, issue_id: str, login: str = "", include: str = "") -> JSONObject:
    """An issue as this user sees it. Raises DeliveryError."""
    path, params = f"/issues/{issue_id}.json", {"include": include} if include else None
    content = _get(source, path, params, timeout_s=WRITE_TIMEOUT_S, login=login)
    issue = content.get("issue")
    if not isinstance(issue, dict):
        raise DeliveryError(f"Redmine's answer to GET {path} holds no issue")
    return issue


def update_issue(source: SourceView, issue_id: str, changes: JSONObject, login: str = "") -> None:
    """Redmine answers 204 whatever it made of the changes. Raises DeliveryError."""
    path = f"/issues/{issue_id}.json"
    _request(source, "PUT", path, json={"issue": changes}, timeout_s=WRITE_TIMEOUT_S, login=login)


def errors_in(error: DeliveryError) -> str:
    """The sentences of a 422, in the language of the user; it may have none."""
    try:
        content: JSONValue = json.loads(error.response_excerpt)
    except (ValueError, RecursionError):
        return ""
    said = as_object(content).get("errors")
    return "; ".join(map(str, said))[:MAX_SENTENCE_CHARS] if isinstance(said, list) else ""


def _fetch_page(source: SourceView, params: Mapping[str, str]) -> Page:
    content = _get(source, "/issues.json", params, timeout_s=POLL_TIMEOUT_S)
    issues = _objects(content, "issues", "/issues.json")
    total = content.get("total_count")
    return Page(tuple(issues), total if isinstance(total, int) else len(issues))


def _get(
    source: SourceView,
    path: str,
    params: Mapping[str, str] | None = None,
    *,
    timeout_s: float | None,
    login: str = "",
) -> JSONObject:
    answer = _request(source, "GET", path, params, timeout_s=timeout_s, login=login)
    return as_object(answer.json())


def _request(
    source: SourceView,
    method: str,
    path: str,
    params: Mapping[str, str] | None = None,
    *,
    timeout_s: float | None,
    json: JSONValue = None,
    login: str = "",
) -> HttpResponse:
    """The key goes into a header: in the address it would end up in logs."""
    if source.http is None:
        raise DeliveryError("The source has no address, or no api_key: enter both", permanent=True)
    headers = {
        "X-Redmine-API-Key": source.credentials.get("api_key", ""),
        "Accept": "application/json",
    }
    headers |= {"X-Redmine-Switch-User": login} if login else {}
    return source.http.request(
        method, path, headers=headers, params=params, json=json, read_timeout=timeout_s
    )


def _objects(content: JSONObject, root: str, path: str) -> list[JSONObject]:
    found: JSONValue = content.get(root)
    if not isinstance(found, list):
        raise DeliveryError(f"Redmine's answer to GET {path} holds no {root}")
    return [one for one in found if isinstance(one, dict)]
