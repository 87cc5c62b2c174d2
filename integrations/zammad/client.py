"""The calls made to Zammad's API, with the token of an agent."""

from collections.abc import Mapping

from hub.contracts import DeliveryError, Http, JSONValue

READ_TIMEOUT_S = 3.0  # a look-up holds back the other news of the same ticket


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


def _get(http: Http, token: str, path: str, params: Mapping[str, str]) -> JSONValue:
    """Both JSON headers: without them Zammad answers an error as an HTML page."""
    headers = {
        "Authorization": f"Token token={token}",
        "Accept": "application/json",
        "Content-Type": "application/json",
    }
    answer = http.request("GET", path, headers=headers, params=params, read_timeout=READ_TIMEOUT_S)
    return answer.json()
