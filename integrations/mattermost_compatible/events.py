"""A message sent as if to Mattermost becomes an event, and that event the same message again."""

from collections.abc import Mapping
from uuid import uuid4

from hub.contracts import (
    Actor,
    Identity,
    InboundRequest,
    JSONObject,
    JSONValue,
    Message,
    ParsedEvent,
    PayloadError,
    Severity,
    SourceView,
)
from integrations.mattermost_compatible.answers import NO_CONTENT
from integrations.mattermost_compatible.buttons import read_buttons, without_actions
from integrations.mattermost_compatible.decoding import decode_payload
from integrations.mattermost_compatible.reading import read_message, text_of

POSTED = "message.posted"
KINDS: Mapping[str, str] = {POSTED: "A message that a tool sent as if to Mattermost"}
SEVERITIES: Mapping[str, Severity] = {"urgent": "urgent", "important": "warning"}
IDEMPOTENCY_KEY = "idempotency-key"
MAX_TITLE_CHARS = 120
MARKS = "*_#>`~|- \t"  # Markdown at the ends of a line; a title is plain
NOTHING_TO_SAY = "the message has neither text nor attachments"


def identify(request: InboundRequest) -> Identity:
    """The channel it names. Raises PayloadError for what Mattermost would answer with 400.

    A tool that says the same twice means it twice: only an Idempotency-Key tells a repeat.
    """
    payload = decode_payload(request)
    data = read_message(payload)
    if not data["text"] and payload.get("attachments") is None:
        raise PayloadError(NO_CONTENT, "text")
    key = request.headers.get(IDEMPOTENCY_KEY) or uuid4().hex
    return Identity(dedup_key=key, channel=text_of(data, "channel"))


def parse(request: InboundRequest, _source: SourceView) -> ParsedEvent:
    data = read_message(decode_payload(request))
    username = text_of(data, "username")
    is_empty = not text_of(data, "text").strip() and not _shown(data["attachments"])
    return ParsedEvent(
        kinds=(POSTED,),
        title=_title(data),
        actor=Actor(username) if username else None,
        severity=SEVERITIES.get(text_of(data, "priority"), "info"),
        data=data,
        ignored_because=NOTHING_TO_SAY if is_empty else "",
    )


def compose(event: ParsedEvent) -> Message | None:
    """The message as it was sent; buttons come apart: the hub puts its own in their place."""
    data = event.data
    attachments = data.get("attachments")
    if not isinstance(attachments, list):
        return None
    kept = _shown(attachments)
    return Message(
        text=text_of(data, "text"),
        attachments=tuple(without_actions(one) for one in kept),
        username=text_of(data, "username"),
        icon_url=text_of(data, "icon_url"),
        icon_emoji=text_of(data, "icon_emoji"),
        card=text_of(data, "card"),
        priority=text_of(data, "priority"),
        buttons=tuple(
            button for place, one in enumerate(kept) for button in read_buttons(one, place)
        ),
    )


def _shown(attachments: JSONValue) -> list[JSONObject]:
    """Without those of which nothing would be left: buttons that have no name."""
    found = attachments if isinstance(attachments, list) else []
    return [
        one
        for one in found
        if isinstance(one, dict) and (without_actions(one) or read_buttons(one, 0))
    ]


def _title(data: JSONObject) -> str:
    """The first line that says something."""
    for line in _lines(data):
        plain = line.strip(MARKS)
        if plain:
            cut = plain[: MAX_TITLE_CHARS - 1].rstrip() + "…"
            return plain if len(plain) <= MAX_TITLE_CHARS else cut
    return ""


def _lines(data: JSONObject) -> list[str]:
    attachments = data["attachments"]
    first = attachments[0] if isinstance(attachments, list) and attachments else {}
    texts = [text_of(data, "text")]
    if isinstance(first, dict):
        texts += [text_of(first, name) for name in ("title", "pretext", "fallback", "text")]
    return [line for text in texts for line in text.splitlines()]
