"""Buttons of the hub's own posts: a signed context goes out, and comes back with a press."""

import secrets as randomness
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.core import signing

from hub.contracts import JSONObject, JSONValue

PRESS_PATH = "/actions/press"
CONTEXT_KEY = "hub"
SALT = "hub.pressing"


class PressError(Exception):
    """Why a press does nothing: "forged", or "expired" with what the button stood for."""

    def __init__(self, reason: str, kind: str = "", payload: JSONObject | None = None) -> None:
        super().__init__(reason)
        self.kind, self.payload = kind, payload or {}


@dataclass(frozen=True, slots=True)
class Press:
    """One press as Mattermost tells it, with what the button was signed for."""

    user_id: str
    username: str
    channel_id: str
    post_id: str  # of an ephemeral post too
    team_id: str = ""
    trigger_id: str = ""
    selected_option: str = ""
    payload: JSONObject = field(default_factory=dict)  # what the button stands for
    sent: JSONObject = field(default_factory=dict)  # as Mattermost told it, without the context


@dataclass(frozen=True, slots=True)
class Pressed:
    """The answer: `update` replaces the post's message and props, for everybody who sees it."""

    ephemeral_text: str = ""
    update: JSONObject | None = None

    def as_json(self) -> JSONObject:
        answer: JSONObject = {}
        if self.ephemeral_text:
            answer["ephemeral_text"] = self.ephemeral_text
            answer["skip_slack_parsing"] = True
        if self.update is not None:
            answer["update"] = self.update
        return answer


@dataclass(frozen=True, slots=True)
class Button:
    """`kind` says which function takes its press; `payload` is handed to it."""

    kind: str
    label: str
    payload: JSONObject
    expires_at: datetime
    style: str = "default"
    action_id: str = ""  # letters and digits, unique in its post; made up where it is empty


def as_action(button: Button) -> JSONObject:
    """Mattermost's action object. Ids hold letters and digits only: before 11.10 a button with
    any other sign does nothing."""
    sealed: JSONObject = {
        "kind": button.kind,
        "until": int(button.expires_at.timestamp()),
        "payload": button.payload,
    }
    return {
        "id": button.action_id or randomness.token_hex(8),
        "type": "button",
        "name": button.label,
        "style": button.style,
        "integration": {
            "url": f"{settings.HUB_BASE_URL.rstrip('/')}{PRESS_PATH}",
            "context": {CONTEXT_KEY: signing.dumps(sealed, salt=SALT, compress=True)},
        },
    }


def open_context(context: JSONValue, now: datetime) -> tuple[str, JSONObject]:
    """The kind and payload of a press's context.

    Raises PressError with "forged" or "expired": the words are the caller's, in its language.
    """
    sealed = context.get(CONTEXT_KEY) if isinstance(context, dict) else None
    try:
        content = signing.loads(sealed if isinstance(sealed, str) else "", salt=SALT)
    except signing.BadSignature as error:
        raise PressError("forged") from error
    if now.timestamp() > content["until"]:
        raise PressError("expired", content["kind"], content["payload"])
    return content["kind"], content["payload"]
