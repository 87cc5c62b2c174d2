"""The fields of a message as senders really write them, made regular."""

import json
import re
from collections.abc import Mapping

from hub.contracts import JSONObject, JSONValue, PayloadError

PRIORITIES = frozenset({"important", "urgent"})
MAX_NAME_CHARS = 64
MAX_ADDRESS_CHARS = 2_000
ATTACHMENT_TEXTS = ("fallback", "pretext", "author_name", "title", "text", "footer")
ATTACHMENT_ADDRESSES = (
    "author_link",
    "author_icon",
    "title_link",
    "image_url",
    "thumb_url",
    "footer_icon",
)
COLOUR_NAMES = frozenset({"good", "warning", "danger"})
COLOUR = re.compile(r"#?([0-9A-Fa-f]{6}|[0-9A-Fa-f]{3})")
ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
EMOJI = re.compile(r":?([A-Za-z0-9_+-]{1,64}):?")
# What Mattermost rewrites in messages of hooks, in this order.
SLACK_MENTION = re.compile(r"<!(channel|here|all)>")
SLACK_LINK = re.compile(r"<([^<|\n]+)\|([^<>\n]+)>")  # no `<` in either: linear time
CARD_HEADINGS = ("header", "title")
CARD_TEXTS = ("body", "text")


def read_message(payload: JSONObject) -> JSONObject:
    """What templates, conditions and the message itself read. Raises PayloadError with the path
    of a value that has no sensible meaning."""
    props = payload.get("props")
    props = props if isinstance(props, dict) else {}
    return {
        "text": from_slack(read_text(payload, "text")),
        "channel": _channel(read_text(payload, "channel")),
        "username": " ".join(read_text(payload, "username").split())[:MAX_NAME_CHARS],
        "icon_url": read_address(payload, "icon_url"),
        "icon_emoji": _emoji(read_text(payload, "icon_emoji")),
        "attachments": [*_attachments(payload.get("attachments"))],
        "card": _card(props.get("card")),
        "priority": _priority(payload.get("priority")),
        "props": {name: value for name, value in props.items() if name != "card"},
    }


def read_text(value: JSONObject, name: str, path: str = "") -> str:
    """Numbers and truth values as text. Raises PayloadError for a list or an object."""
    found = value.get(name)
    if isinstance(found, list | dict):
        raise PayloadError(f"{name} is not text", f"{path}{name}")
    return _as_text(found)


def read_address(value: JSONObject, name: str) -> str:
    """Only http(s): everything else a client might open is left out."""
    found = value.get(name)
    address = found.strip() if isinstance(found, str) else ""
    return address if len(address) <= MAX_ADDRESS_CHARS and ADDRESS.fullmatch(address) else ""


def text_of(value: JSONObject, name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def from_slack(text: str) -> str:
    """`<!here>` and `<address|label>` in Mattermost's own way."""
    if "<" not in text:
        return text
    return SLACK_LINK.sub(r"[\2](\1)", SLACK_MENTION.sub(r"@\1", text))


def _as_text(value: JSONValue) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _channel(name: str) -> str:
    """`#name` loses its mark; `@user` and `id__id` stay."""
    return name.strip().removeprefix("#").lower()


def _emoji(name: str) -> str:
    found = EMOJI.fullmatch(name.strip())
    return f":{found[1]}:" if found else ""


def _priority(value: JSONValue) -> str:
    wanted = value.get("priority") if isinstance(value, dict) else value
    return wanted if isinstance(wanted, str) and wanted in PRIORITIES else ""


def _card(value: JSONValue) -> str:
    """Markdown; senders also put an object there, or one written as JSON."""
    if isinstance(value, str):
        if not value.lstrip().startswith("{"):
            return value
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return _card_of_object(parsed)
    return _card_of_object(value) if isinstance(value, dict) else ""


def _card_of_object(value: Mapping[str, JSONValue]) -> str:
    lines = []
    for name, part in value.items():
        text = _as_text(part)
        if name in CARD_HEADINGS:
            lines.append(f"### {text}")
        elif name in CARD_TEXTS:
            lines.append(text)
        else:
            lines.append(f"**{name}:** {text}")
    return "\n\n".join(lines)


def _attachments(value: JSONValue) -> list[JSONObject]:
    several = [value] if isinstance(value, dict) else value
    if several is None:
        return []
    if not isinstance(several, list):
        raise PayloadError("attachments is not a list", "attachments")
    found = []
    for number, one in enumerate(several):
        if isinstance(one, dict):
            found.append(_attachment(one, f"attachments.{number}."))
        elif one is not None:
            raise PayloadError("an attachment is not an object", f"attachments.{number}")
    return [one for one in found if one]


def _attachment(value: JSONObject, path: str) -> JSONObject:
    """The keys Mattermost shows, and the buttons, which are kept for those who ask for them."""
    texts = {name: from_slack(read_text(value, name, path)) for name in ATTACHMENT_TEXTS}
    addresses = {name: read_address(value, name) for name in ATTACHMENT_ADDRESSES}
    stamp, actions = value.get("ts"), value.get("actions")
    found: JSONObject = {
        **texts,
        **addresses,
        "color": _colour(text_of(value, "color")),
        "fields": [*_fields(value.get("fields"), path)],
        "ts": stamp if isinstance(stamp, str | int | float) else "",
        "actions": [one for one in actions if isinstance(one, dict)]
        if isinstance(actions, list)
        else [],
    }
    return {name: part for name, part in found.items() if part not in ("", [])}


def _colour(value: str) -> str:
    found = COLOUR.fullmatch(value.strip())
    return f"#{found[1]}" if found else value if value in COLOUR_NAMES else ""


def _fields(value: JSONValue, path: str) -> list[JSONObject]:
    """A list of title and value; also one such object, or an object of label and value."""
    if isinstance(value, dict):
        is_one = "value" in value or "title" in value
        labelled: list[JSONValue] = [
            {"title": k, "value": v, "short": True} for k, v in value.items()
        ]
        value = [value] if is_one else labelled
    if value is None:
        return []
    if not isinstance(value, list):
        raise PayloadError("fields is not a list", f"{path}fields")
    return [_field(one) for one in value if isinstance(one, dict)]


def _field(value: JSONObject) -> JSONObject:
    return {
        "title": from_slack(_as_text(value.get("title"))),
        "value": from_slack(_as_text(value.get("value"))),
        "short": value.get("short") in (True, "true", "True", "1", 1),
    }
