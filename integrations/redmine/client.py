"""The calls made to Redmine's REST API, with the key of a user."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.contracts import DeliveryError, JSONObject, JSONValue, SourceView
from integrations.redmine.reading import as_object

LOOK_UP_TIMEOUT_S = 3.0  # a look-up holds back the other news of the same issue
POLL_TIMEOUT_S = 20.0  # the first call after a start of Redmine takes seconds
PAGE_SIZE = 100  # Redmine gives no more
LISTS: Mapping[str, tuple[str, str]] = {  # our field → path, and the name of the list in it
    "status": ("/issue_statuses.json", "issue_statuses"),
    "priority": ("/enumerations/issue_priorities.json", "issue_priorities"),
    "tracker": ("/trackers.json", "trackers"),
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
) -> JSONObject:
    """The key goes into a header: in the address it would end up in logs."""
    if source.http is None:
        raise DeliveryError("The source has no address, or no api_key: enter both", permanent=True)
    headers = {
        "X-Redmine-API-Key": source.credentials.get("api_key", ""),
        "Accept": "application/json",
    }
    answer = source.http.request(
        "GET", path, headers=headers, params=params, read_timeout=timeout_s
    )
    return as_object(answer.json())


def _objects(content: JSONObject, root: str, path: str) -> list[JSONObject]:
    found: JSONValue = content.get(root)
    if not isinstance(found, list):
        raise DeliveryError(f"Redmine's answer to GET {path} holds no {root}")
    return [one for one in found if isinstance(one, dict)]
