"""The calls made to Zammad's API, with the token of an agent."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from hub.contracts import DeliveryError, Http, JSONObject, JSONValue, SourceView

READ_TIMEOUT_S = 3.0  # a look-up holds back the other news of the same ticket
MAX_SENTENCE_CHARS = 300
NO_TOKEN = "The source has no address, or no token: enter both"  # noqa: S105  # a sentence
NO_NUMBER = "is no number, as Zammad's ids are"
ADVICE: Mapping[int | None, str] = {
    401: "Zammad does not know the hub's token: make a new one under Profile › Token Access",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `acting_as` is the id of the user it is made in the name of."""

    method: str
    path: str
    params: Mapping[str, str] | None = None
    json: JSONValue = None
    acting_as: str = ""


def fetch_tags(http: Http, token: str, ticket_id: str) -> list[str]:
    """The tags of a ticket, which no webhook carries. Raises DeliveryError."""
    content = _get(http, token, "/api/v1/tags", {"object": "Ticket", "o_id": ticket_id})
    tags = content.get("tags") if isinstance(content, dict) else None
    if not isinstance(tags, list):
        raise DeliveryError("Zammad's answer to GET /api/v1/tags holds no list of tags")
    return [tag for tag in tags if isinstance(tag, str)]


def fetch_login(http: Http, token: str) -> str:
    """Whose token it is; empty where the answer does not say. Raises DeliveryError."""
    content = _get(http, token, "/api/v1/users/me", {})
    return str(content.get("login") or "") if isinstance(content, dict) else ""


def ask(source: SourceView, call: Call) -> JSONValue:
    """The decoded answer. Raises DeliveryError with Zammad's own words in the sentence."""
    token = source.credentials.get("token", "")
    if source.http is None or not token:
        raise DeliveryError(NO_TOKEN, permanent=True)
    headers = _headers(token) | ({"From": call.acting_as} if call.acting_as else {})
    try:
        answer = source.http.request(
            call.method, call.path, headers=headers, params=call.params, json=call.json
        )
    except DeliveryError as error:
        raise _explained(error) from error
    try:
        return answer.json()
    except DeliveryError as error:
        raise error.reworded(str(error), is_fate_unknown=call.method != "GET") from error


def ask_object(source: SourceView, call: Call) -> JSONObject:
    """Raises DeliveryError for an answer of another shape, too: it may have been carried out."""
    content = ask(source, call)
    if not isinstance(content, dict):
        raise DeliveryError(
            f"Zammad's answer to {call.method} {call.path} is not an object", is_fate_unknown=True
        )
    return content


def ask_list(source: SourceView, call: Call) -> list[JSONObject]:
    """The objects of a list. Raises DeliveryError."""
    content = ask(source, call)
    if not isinstance(content, list):
        raise DeliveryError(f"Zammad's answer to {call.method} {call.path} is not a list")
    return [one for one in content if isinstance(one, dict)]


def said_by_zammad(error: DeliveryError) -> str:
    """The sentence in the body of an error, empty where there is none."""
    try:
        content = json.loads(error.response_excerpt)
    except (ValueError, RecursionError):
        return ""
    said = (content.get("error_human") or content.get("error")) if isinstance(content, dict) else ""
    return " ".join(str(said or "").split())[:MAX_SENTENCE_CHARS]


def as_number(external_id: str) -> int:
    """Raises DeliveryError: what is no number would be another path of the API."""
    if not (external_id.isascii() and external_id.isdigit()):
        raise DeliveryError(f"“{external_id[:50]}” {NO_NUMBER}", permanent=True)
    return int(external_id)


def _explained(error: DeliveryError) -> DeliveryError:
    said = said_by_zammad(error)
    sentence = ADVICE.get(error.status_code, f"{error}: {said}" if said else str(error))
    return error.reworded(sentence)


def _headers(token: str) -> dict[str, str]:
    """Both JSON headers: without them Zammad answers an error as an HTML page."""
    return {
        "Authorization": f"Token token={token}",
        "Accept": "application/json",
        "Content-Type": "application/json",
    }


def _get(http: Http, token: str, path: str, params: Mapping[str, str]) -> JSONValue:
    answer = http.request(
        "GET", path, headers=_headers(token), params=params, read_timeout=READ_TIMEOUT_S
    )
    return answer.json()
