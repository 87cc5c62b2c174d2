"""The parts of a Mattermost message as workflows really write them, made regular."""

import json
import re

from hub.contracts import JSONObject, JSONValue
from integrations.n8n.reading import Fields, as_text

MAX_TEXT_CHARS = 48_000  # three posts; what is longer belongs into a file
MAX_CARD_CHARS = 48_000
MAX_ATTACHMENTS = 20
MAX_FIELDS = 50
LINES = ("author_name", "title", "footer")
TEXTS = ("fallback", "pretext", "text")
ADDRESSES = (
    *("author_link", "author_icon", "title_link", "image_url", "thumb_url", "footer_icon"),
)
COLOUR = re.compile(r"#[0-9A-Fa-f]{6}|#[0-9A-Fa-f]{3}|good|warning|danger")
HEADINGS, BODIES = frozenset({"header", "title"}), frozenset({"body", "text"})
# Mattermost rewrites these in messages of hooks, and not in those of bots.
SLACK_LINK = re.compile(r"<(https?://[^\s<>|]+)\|([^<>\n]+)>")
SLACK_MENTION = re.compile(r"<!(channel|here|all)>")


def read_text(fields: Fields, name: str) -> str:
    """Markdown; of Slack's own marks, links and mentions."""
    text = fields.text(name, MAX_TEXT_CHARS)
    return SLACK_LINK.sub(r"[\2](\1)", SLACK_MENTION.sub(r"@\1", text)) if "<" in text else text


def read_attachments(body: Fields) -> list[JSONObject]:
    """Without their buttons. An empty one keeps its place. Raises PayloadError."""
    return [_attachment(one) for one in body.each("attachments")[:MAX_ATTACHMENTS]]


def read_card(body: Fields) -> str:
    """Markdown of `props.card`: Markdown itself, an object, or an object written as JSON."""
    value = body.inner("props").value.get("card")
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _decoded(value)
    if isinstance(value, dict):
        return "\n\n".join(_card_lines(value))[:MAX_CARD_CHARS]
    return as_text(value)[:MAX_CARD_CHARS]


def _decoded(text: str) -> JSONValue:
    try:
        value: JSONValue = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value


def _card_lines(card: JSONObject) -> list[str]:
    lines = []
    for name, value in card.items():
        text = as_text(value).strip()
        if text and name in HEADINGS:
            lines.append(f"### {text}")
        elif text:
            lines.append(text if name in BODIES else f"**{name}:** {text}")
    return lines


def _attachment(one: Fields) -> JSONObject:
    colour, stamp = one.line("color"), one.value.get("ts")
    found: JSONObject = {
        **{name: one.line(name) for name in LINES},
        **{name: read_text(one, name) for name in TEXTS},
        **{name: one.address(name) for name in ADDRESSES},
        "color": colour if COLOUR.fullmatch(colour) else "",
        "fields": [_field(field) for field in one.each("fields")[:MAX_FIELDS]],
        "ts": stamp if isinstance(stamp, str | int | float) else "",
    }
    return {name: value for name, value in found.items() if value not in ("", [])}


def _field(field: Fields) -> JSONObject:
    is_short = field.value.get("short") in (True, "true", 1)
    return {"title": field.line("title"), "value": read_text(field, "value"), "short": is_short}
