"""Administrative calls, and in words what keeps Mattermost from doing them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from hub.contracts import DeliveryError, HttpResponse, JSONObject, JSONValue
from hub.destinations import ServerView
from integrations.mattermost.connection import call, error_field, find, reworded, text_of

NOT_FOUND, BAD_REQUEST, FORBIDDEN, SWITCHED_OFF = 404, 400, 403, 501
PAGE_SIZE = 200  # Mattermost cuts a page there
MAX_PAGES = 25


@dataclass(frozen=True, slots=True)
class Deed:
    """What is wanted, and what it takes. `setting` is under System Console → Integrations."""

    what: str  # "create an incoming webhook"
    permission: str
    setting: str = ""


def do(
    server: ServerView, deed: Deed, method: str, path: str, json: JSONValue = None
) -> HttpResponse:
    """Raises DeliveryError with the setting or the permission to change."""
    try:
        return call(server, method, path, json=json)
    except DeliveryError as error:
        raise explain(deed, error) from error


def fetch_list(
    server: ServerView, deed: Deed, path: str, params: Mapping[str, str]
) -> list[JSONObject]:
    """Raises DeliveryError."""
    try:
        return objects_of(call(server, "GET", path, params=params).json())
    except DeliveryError as error:
        raise explain(deed, error) from error


def fetch_pages(
    server: ServerView, deed: Deed, path: str, params: Mapping[str, str]
) -> list[JSONObject]:
    """The whole of a list that comes in pages. Raises DeliveryError."""
    found: list[JSONObject] = []
    for page in range(MAX_PAGES):
        asked = {**params, "page": str(page), "per_page": str(PAGE_SIZE)}
        part = fetch_list(server, deed, path, asked)
        found += part
        if len(part) < PAGE_SIZE:
            break
    return found


def explain(deed: Deed, error: DeliveryError) -> DeliveryError:
    """The same error in an administrator's words; a server that is down stays what it is."""
    if error.status_code == SWITCHED_OFF and deed.setting:
        sentence = (
            f"{deed.setting} is off in Mattermost: switch it on under System Console → Integrations"
        )
    elif error.status_code == FORBIDDEN:
        sentence = (
            f"The token may not {deed.what}: give its account the permission {deed.permission}, "
            "or enter an administrator's token at the server"
        )
    elif error.status_code in (BAD_REQUEST, NOT_FOUND):
        words = error_field(error, "message").rstrip(". ")
        sentence = f"Mattermost does not {deed.what}" + (f": {words}" if words else "")
    else:
        return error
    return reworded(error, sentence, permanent=True)


def team_id_of(server: ServerView) -> str:
    """Raises DeliveryError when the token's account is not in the team."""
    team = find(server, f"/teams/name/{quote(server.team, safe='')}")
    if team is None:
        raise DeliveryError(
            f"There is no team “{server.team}”, or the token's account is not in it", permanent=True
        )
    return text_of(team, "id")


def objects_of(answer: JSONValue) -> list[JSONObject]:
    found = answer if isinstance(answer, list) else []
    return [one for one in found if isinstance(one, dict)]


def time_of(value: JSONObject, name: str) -> datetime | None:
    """A time in Unix ms; None for 0 and for none."""
    found = value.get(name)
    if not isinstance(found, int) or found <= 0:
        return None
    return datetime.fromtimestamp(found / 1000, UTC)
