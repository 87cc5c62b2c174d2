"""A call of Mattermost's API as the bot, and the test of the connection."""

import re
from collections.abc import Mapping
from json import loads
from urllib.parse import quote

from hub.contracts import DeliveryError, HttpResponse, JSONObject, JSONValue
from hub.destinations import Connection, ServerView

API = "/api/v4"
PING = f"{API}/system/ping"
PROBE_TIMEOUT_S = 5.0  # a probe asks for a sign of life, not for work
REFUSED_TOKEN = 401
NOT_FOR_US = frozenset({403, 404})  # Mattermost tells one from the other as it pleases
VERSION = re.compile(r"\d+\.\d+\.\d+")


def call(
    server: ServerView,
    method: str,
    path: str,
    *,
    json: JSONValue = None,
    params: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Raises DeliveryError. A refused token is not permanent: it stops every message alike, and
    the messages are to wait for a new one."""
    headers = {"Authorization": f"Bearer {server.token}"}
    try:
        return server.http.request(method, API + path, headers=headers, json=json, params=params)
    except DeliveryError as error:
        if error.status_code != REFUSED_TOKEN:
            raise
        sentence = "Mattermost refuses the bot token: it was revoked, has expired or is mistyped"
        raise reworded(error, sentence, permanent=False) from error


def fetch(server: ServerView, path: str, **params: str) -> JSONObject:
    """The object that a GET answers. Raises DeliveryError."""
    return answered_object(call(server, "GET", path, params=params))


def find(server: ServerView, path: str, **params: str) -> JSONObject | None:
    """The same, None where there is nothing or nothing that the bot may see."""
    try:
        return fetch(server, path, **params)
    except DeliveryError as error:
        if error.status_code not in NOT_FOR_US:
            raise
        return None


def fetch_bot(server: ServerView) -> JSONObject:
    """The account that the token belongs to. Raises DeliveryError."""
    return fetch(server, "/users/me")


def check_connection(server: ServerView) -> Connection:
    """Whose the token is, what answers, and the team. Raises DeliveryError with what to change."""
    try:
        answer = call(server, "GET", "/users/me")
        bot = answered_object(answer)
    except DeliveryError as error:
        if error.status_code not in (200, *NOT_FOR_US):
            raise
        sentence = f"No Mattermost answers at {server.base_url}: check the address"
        raise reworded(error, sentence) from error
    server.http.request("GET", PING, read_timeout=PROBE_TIMEOUT_S)
    team = find(server, f"/teams/name/{quote(server.team, safe='')}")
    if team is None:
        raise DeliveryError(
            f"There is no team “{server.team}”, or {shown_bot(bot)} is not in it: write its name "
            f"as in {server.base_url}/<team>/channels, and add the bot to the team",
            permanent=True,
        )
    version = VERSION.match(answer.headers.get("x-version-id", ""))
    return Connection(
        user_id=text_of(bot, "id"),
        username=text_of(bot, "username"),
        server_version=version[0] if version else "",
        team_id=text_of(team, "id"),
    )


def is_up(server: ServerView) -> bool:
    """Answers, and takes the token: else what is held would come back at once."""
    try:
        server.http.request("GET", PING, read_timeout=PROBE_TIMEOUT_S)
        if server.token:
            fetch_bot(server)
    except DeliveryError:
        return False
    return True


def answered_object(answer: HttpResponse) -> JSONObject:
    """Raises DeliveryError: a proxy's page may come with 200 as well."""
    value = answer.json()
    if not isinstance(value, dict):
        raise DeliveryError(
            "Mattermost did not answer with an object: is a proxy answering in its place?",
            status_code=answer.status_code,
            is_fate_unknown=True,
        )
    return value


def text_of(value: JSONObject, name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def shown_bot(bot: JSONObject) -> str:
    return f"the bot @{text_of(bot, 'username') or 'hub'}"


def error_field(error: DeliveryError, name: str) -> str:
    """A field of Mattermost's error envelope: `id`, `message`."""
    try:
        envelope = loads(error.response_excerpt)
    except ValueError:
        return ""
    return text_of(envelope, name) if isinstance(envelope, dict) else ""


def reworded(
    error: DeliveryError, sentence: str, *, permanent: bool | None = None
) -> DeliveryError:
    """The same error in words that say what to do."""
    return DeliveryError(
        sentence,
        permanent=error.permanent if permanent is None else permanent,
        retry_after=error.retry_after,
        status_code=error.status_code,
        response_excerpt=error.response_excerpt,
        is_fate_unknown=error.is_fate_unknown,
    )
