"""What Mattermost rewrites in the texts of webhooks: Slack's mentions, links and attachments."""

import re

from hub.contracts import JSONObject, JSONValue
from tests.standins.mattermost.decoding import as_object, objects_of, text_of
from tests.standins.mattermost.state import State

ANNOUNCEMENTS = {"<!channel>": "@channel", "<!here>": "@here", "<!all>": "@all"}
USER_ID = re.compile(r"<@([a-z0-9]{26})>")
MESSAGE_LINK = re.compile(r"<([^\n<|>]+)\|([^\n>]+)>")
ATTACHMENT_LINK = re.compile(r"<([^<|]+)\|([^>]+)>")


def convert_text(state: State, text: str) -> str:
    return MESSAGE_LINK.sub(r"[\2](\1)", _expand_mentions(state, text))


def convert_attachments(state: State, attachments: list[JSONObject]) -> list[JSONObject]:
    """Texts rewritten, values made strings, nulls dropped. Raises ValueError for a wrong type."""
    return [_convert_attachment(state, one) for one in attachments]


def _convert_attachment(state: State, attachment: JSONObject) -> JSONObject:
    converted = dict(attachment)
    for name in ("text", "pretext", "title"):
        if name in attachment:
            converted[name] = _convert(state, text_of(attachment, name))
    for name in ("fields", "actions"):
        if attachment.get(name) is not None:
            converted[name] = list(objects_of(attachment, name))
    if "fields" in converted:
        fields = [_convert_field(state, one) for one in objects_of(converted, "fields")]
        converted["fields"] = list(fields)
    return converted


def _convert_field(state: State, field: JSONObject) -> JSONObject:
    value = field.get("value")
    return {**as_object(field, "field"), "value": _convert(state, _as_text(value))}


def _as_text(value: JSONValue) -> str:
    """As Go's fmt prints a decoded value."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _convert(state: State, text: str) -> str:
    return ATTACHMENT_LINK.sub(r"[\2](\1)", _expand_mentions(state, text))


def _expand_mentions(state: State, text: str) -> str:
    for written, meant in ANNOUNCEMENTS.items():
        text = text.replace(written, meant)  # blindly, inside code too

    def name(match: re.Match[str]) -> str:
        user = state.users.get(match[1])
        return match[0] if user is None else f"@{user.username}"

    return USER_ID.sub(name, text)
