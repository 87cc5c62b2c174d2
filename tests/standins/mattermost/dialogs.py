"""Dialogs: an integration opens one for whoever has just pressed or typed; its fields go back."""

import re

from hub.contracts import JSONObject
from tests.standins.mattermost.call import STATUS_OK, Call, ok
from tests.standins.mattermost.decoding import (
    as_object,
    decode_whole,
    flag_of,
    object_of,
    objects_of,
    text_of,
)
from tests.standins.mattermost.errors import ApiError, invalid_body
from tests.standins.mattermost.outgoing import CallError, encode_as_go, send
from tests.standins.mattermost.pressing import FAILED, check_status, sorted_keys
from tests.standins.mattermost.records import Change
from tests.standins.serving import Response

TRIGGER_ERROR = "interactive_message.decode_trigger_id"
WEB_ADDRESS = re.compile(r"https?://\S+")
MAX_TITLE_RUNES = 24
MAX_ELEMENT_RUNES = {"display_name": 24, "name": 300, "help_text": 150}
TYPES = frozenset(
    {"text", "textarea", "select", "bool", "radio", "date", "datetime", "file", "action_button"}
)


def open_dialog(call: Call) -> Response:
    """No session: the trigger_id is the credential, for as long as an integration may take."""
    wish = call.json_object("dialog")
    try:
        url, dialog = text_of(wish, "url"), object_of(wish, "dialog")
        user_id = _owner_of(call, text_of(wish, "trigger_id"))
        _check(dialog)
    except ValueError as error:
        raise invalid_body("dialog") from error
    if not WEB_ADDRESS.fullmatch(url):
        raise invalid_body("url")
    opened: JSONObject = {"trigger_id": wish["trigger_id"], "url": url, "dialog": dialog}
    call.state.dialogs.append((user_id, opened))
    call.state.announce(Change("open_dialog", None, user_id, dialog=opened))
    return ok(STATUS_OK)


async def submit_dialog(call: Call) -> Response:
    """What the person filled in goes to the integration; its objections come back."""
    wish = call.json_object("submit_dialog")
    try:
        url, request = text_of(wish, "url"), _submission(call, wish)
    except ValueError as error:
        raise invalid_body("submit_dialog") from error
    if not WEB_ADDRESS.fullmatch(url):
        raise invalid_body("url")
    channel = call.channel_as_member(text_of(wish, "channel_id"), "read_channel")
    timeout_s = call.state.seconds("OutgoingIntegrationRequestsTimeout")
    headers = {"Content-Type": "application/json"}
    body = encode_as_go({**request, "channel_id": channel.id, "team_id": channel.team_id})
    try:
        answered = await send("POST", url, body=body, headers=headers, timeout_s=timeout_s)
        check_status(call.state, answered)
        reply = as_object(decode_whole(answered.body), "reply") if answered.body.strip() else {}
    except (CallError, ValueError) as error:
        raise ApiError(FAILED, 400, detail=str(error)) from error
    return ok(reply)


def _submission(call: Call, wish: JSONObject) -> JSONObject:
    """The keys in Mattermost's order. Raises ValueError for a field of the wrong type."""
    return {
        "type": "dialog_submission",
        "callback_id": text_of(wish, "callback_id"),
        "state": text_of(wish, "state"),
        "user_id": call.user.id,
        "channel_id": text_of(wish, "channel_id"),
        "team_id": "",
        "submission": sorted_keys(object_of(wish, "submission")),
        "cancelled": flag_of(wish, "cancelled"),
    }


def _owner_of(call: Call, trigger_id: str) -> str:
    """Whoever pressed or typed. Raises ApiError for a trigger that is unknown or too old."""
    known = call.state.triggers.get(trigger_id)
    if known is None:
        raise ApiError(f"{TRIGGER_ERROR}.verify_signature_failed", 400)
    user_id, made_at = known
    life_ms = call.state.seconds("OutgoingIntegrationRequestsTimeout") * 1000
    if call.state.now_ms() - made_at > life_ms:
        raise ApiError(f"{TRIGGER_ERROR}.expired", 400)
    return user_id


def _check(dialog: JSONObject) -> None:
    """Raises ValueError for a dialog that no client could show."""
    if not 0 < len(text_of(dialog, "title")) <= MAX_TITLE_RUNES:
        raise ValueError("title")
    for element in objects_of(dialog, "elements"):
        if text_of(element, "type") not in TYPES or not text_of(element, "name"):
            raise ValueError("element")
        for name, limit in MAX_ELEMENT_RUNES.items():
            if len(text_of(element, name)) > limit:
                raise ValueError(name)
