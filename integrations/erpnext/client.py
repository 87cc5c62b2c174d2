"""The calls made to Frappe's REST API (version 1, of v13 to v16), and its errors as sentences."""

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from hub.contracts import DeliveryError, Http, HttpResponse, JSONObject, JSONValue, SourceView

LOOK_UP_TIMEOUT_S = 3.0  # it holds back the other news of the same document
LIST_TIMEOUT_S = 20.0  # nobody waits for a poll
PAGE_ROWS = 100
MAX_PAGES = 100
MAX_SENTENCE_CHARS = 300
REFUSED = 417  # ValidationError and everything derived from it
PASSING = frozenset(("TimestampMismatchError", "DocumentLockedError"))  # of the 417s
TAG = re.compile(r"<[^<>]*>")
EXCEPTION_NAME = re.compile(r'"exc_type": ?"(\w{1,80})"')

Condition = tuple[str, str, JSONValue]  # field, operator, value


@dataclass(frozen=True, slots=True)
class Query:
    """A list that is asked for. `any_of` are conditions of which one has to hold."""

    doctype: str
    fields: tuple[str, ...]
    conditions: tuple[Condition, ...]
    any_of: tuple[Condition, ...] = ()
    order: str = "name asc"


@dataclass(frozen=True, slots=True)
class Call:
    """One call. Without a `read_timeout` somebody waits for it: the usual one."""

    method: str
    path: str
    params: Mapping[str, str] | None = None
    json: JSONValue = None
    read_timeout: float | None = None


def has_credentials(source: SourceView) -> bool:
    """Can the API be asked at all?"""
    return source.http is not None and all(
        source.credentials.get(name) for name in ("api_key", "api_secret")
    )


def fetch_all(source: SourceView, query: Query) -> tuple[list[JSONObject], bool]:
    """The rows, and whether they are all: there may be more than anybody wants to read.

    Raises DeliveryError.
    """
    rows: list[JSONObject] = []
    for page in range(MAX_PAGES):
        found = _fetch_page(source, query, start=page * PAGE_ROWS)
        rows += found
        if len(found) < PAGE_ROWS:
            return rows, True
    return rows, False


def fetch_first(
    source: SourceView, doctype: str, name: str, *, fields: tuple[str, ...]
) -> JSONObject:
    """Some fields of one document, empty when there is none. Raises DeliveryError.

    Asked for as a list: the document itself would come with all its rows.
    """
    query = Query(doctype, fields, (("name", "=", name),))
    rows = _fetch_page(source, query, limit=1, read_timeout=LOOK_UP_TIMEOUT_S)
    return next(iter(rows), {})


def fetch_user(source: SourceView) -> str:
    """Who the key belongs to. Raises DeliveryError."""
    method = "/api/method/frappe.auth.get_logged_user"
    return str(_message(_get(source, method, read_timeout=LOOK_UP_TIMEOUT_S)))


def ping(http: Http) -> None:
    """Answers without credentials: the web server and the site's database are there.

    Raises DeliveryError.
    """
    answer = _explained(
        lambda: http.request("GET", "/api/method/ping", read_timeout=LOOK_UP_TIMEOUT_S)
    )
    if _message(answer) != "pong":
        raise DeliveryError("What answers at this address is not Frappe: correct the address")


def _fetch_page(
    source: SourceView,
    query: Query,
    *,
    start: int = 0,
    limit: int = PAGE_ROWS,
    read_timeout: float = LIST_TIMEOUT_S,
) -> list[JSONObject]:
    params = {
        "fields": json.dumps(query.fields),
        "filters": json.dumps(query.conditions),
        "order_by": query.order,
        "limit_start": str(start),
        "limit_page_length": str(limit),
    }
    if query.any_of:
        params["or_filters"] = json.dumps(query.any_of)
    path = f"/api/resource/{quote(query.doctype, safe='')}"
    content = _get(source, path, params, read_timeout=read_timeout).json()
    rows = content.get("data") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        raise DeliveryError(f"ERPNext's answer to GET {path} holds no list")
    return [row for row in rows if isinstance(row, dict)]


def call(source: SourceView, asked: Call) -> HttpResponse:
    """Raises DeliveryError with Frappe's own words in the sentence."""
    http = source.http
    if http is None:
        raise DeliveryError("The source has no address", permanent=True)
    credentials = source.credentials
    token = f"token {credentials.get('api_key', '')}:{credentials.get('api_secret', '')}"
    return _explained(
        lambda: http.request(
            asked.method,
            asked.path,
            headers={"Authorization": token, "Accept": "application/json"},
            params=asked.params,
            json=asked.json,
            read_timeout=asked.read_timeout,
        )
    )


def _get(
    source: SourceView,
    path: str,
    params: Mapping[str, str] | None = None,
    *,
    read_timeout: float,
) -> HttpResponse:
    return call(source, Call("GET", path, params, read_timeout=read_timeout))


def _message(answer: HttpResponse) -> JSONValue:
    content = answer.json()
    return content.get("message") if isinstance(content, dict) else None


def _explained(call: Callable[[], HttpResponse]) -> HttpResponse:
    """Raises DeliveryError with Frappe's own words in the sentence."""
    try:
        return call()
    except DeliveryError as error:
        said = explain(error.response_excerpt)
        if not said:
            raise
        name = EXCEPTION_NAME.search(error.response_excerpt)
        is_passing = error.status_code == REFUSED and name is not None and name[1] in PASSING
        permanent = error.permanent and not is_passing
        raise error.reworded(f"{error}: {said}", permanent=permanent) from error


def explain(answer: str) -> str:
    """What the body of an error says, in plain text; at least the name of the exception.

    `_server_messages` is JSON text of a list of JSON texts, whose `message` is HTML. The
    beginning of a long body is enough for the name.
    """
    sentences = [_plain(one) for one in _server_messages(answer)]
    said = " ".join(dict.fromkeys(one for one in sentences if one))
    if said:
        return said[:MAX_SENTENCE_CHARS]
    name = EXCEPTION_NAME.search(answer)
    return name[1] if name else ""


def _server_messages(answer: str) -> Iterator[str]:
    content = _decoded(answer)
    texts = _decoded(content.get("_server_messages")) if isinstance(content, dict) else None
    for text in texts if isinstance(texts, list) else ():
        entry = _decoded(text)
        message = entry.get("message") if isinstance(entry, dict) else text
        if isinstance(message, str):
            yield message


def _decoded(text: JSONValue) -> JSONValue:
    """The JSON in a text; None where there is none."""
    if not isinstance(text, str):
        return None
    try:
        value: JSONValue = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _plain(message: str) -> str:
    return " ".join(html.unescape(TAG.sub(" ", message)).split())
