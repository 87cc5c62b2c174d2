"""A message of a workflow, in the hub's own form or in Mattermost's, and as it is posted."""

import re
from collections.abc import Mapping
from typing import Final

from hub.contracts import (
    Actor,
    ExternalReference,
    JSONObject,
    Message,
    ParsedEvent,
    Severity,
)
from integrations.n8n.attachments import read_attachments, read_card, read_text
from integrations.n8n.buttons import as_relay_buttons, read_buttons, read_context
from integrations.n8n.kinds import SEVERITIES, kind_of
from integrations.n8n.reading import Fields, as_text

MAX_TITLE_CHARS = 120
MAX_MENTIONS = 20
MAX_KEY_CHARS = 200  # of the hub's references
MARKS = "*_#>`~|- \t"  # Markdown at the ends of a line; a title is plain
PRIORITIES = frozenset({"important", "urgent"})
EMOJI = re.compile(r":?([A-Za-z0-9_+-]{1,64}):?")
COLOURS: Final[Mapping[str, str]] = {"success": "good", "warning": "warning", "urgent": "danger"}
INFO_COLOUR: Final = "#4a7fd4"  # Mattermost has no name for a blue one


def read_event(body: Fields) -> ParsedEvent:
    """Raises PayloadError, also where there is nothing to show."""
    data, buttons = _read(body), read_buttons(body)
    title = body.line("title") or _first_line(data)
    if not title and not buttons and not any(_objects(data, "attachments")):
        raise body.surprise("text", "is missing, and there is no title, attachment or card either")
    key, username = body.text("thread_key", MAX_KEY_CHARS).strip(), as_text(data["username"])
    event = as_text(data["event"])
    return ParsedEvent(
        kinds=(kind_of(event, has_buttons=bool(buttons)),),
        title=title,
        reference=ExternalReference(key, key) if key else None,
        url=body.address("url"),
        actor=Actor(username) if username else None,
        severity=_severity(body, as_text(data["priority"])),
        data={**data, "buttons": [*buttons], "context": read_context(body)},
    )


def compose(event: ParsedEvent) -> Message | None:
    """As sent. Buttons come apart: the hub puts its own in their place.

    None for a failed execution, which the wording tells.
    """
    data = event.data
    if "attachments" not in data:
        return None
    attachments, buttons = _objects(data, "attachments"), _objects(data, "buttons")
    text, own = _own_part(event, has_buttons=any(one["attachment"] is None for one in buttons))
    asking = {one["attachment"] for one in buttons}
    shown = [(None, own), *enumerate(attachments)]
    shown = [(place, one) for place, one in shown if one or place in asking]
    text = " ".join([text, *_mentions(data)]).strip()
    return Message(
        text=text if text or shown else as_text(data["card"]),
        attachments=tuple(one for _place, one in shown),
        username=as_text(data["username"]),
        icon_url=as_text(data["icon_url"]),
        icon_emoji=as_text(data["icon_emoji"]),
        card=as_text(data["card"]),
        priority=as_text(data["priority"]),
        buttons=as_relay_buttons(buttons, [place for place, _one in shown]),
    )


def _read(body: Fields) -> JSONObject:
    """What templates, conditions and the message itself read."""
    emoji = EMOJI.fullmatch(body.line("icon_emoji"))
    return {
        "event": body.line("event"),
        "heading": body.line("title"),
        "text": read_text(body, "text"),
        "channel": body.line("channel").removeprefix("#").lower(),
        "mentions": [*body.words("mentions")[:MAX_MENTIONS]],
        "username": body.line("username")[:64],
        "icon_url": body.address("icon_url"),
        "icon_emoji": f":{emoji[1]}:" if emoji else "",
        "attachments": [*read_attachments(body)],
        "card": read_card(body),
        "priority": _priority(body),
    }


def _priority(body: Fields) -> str:
    """`{"priority": "urgent"}` as in Mattermost, or the word alone."""
    is_object = isinstance(body.value.get("priority"), dict)
    word = (body.inner("priority") if is_object else body).line("priority")
    return word if word in PRIORITIES else ""


def _severity(body: Fields, priority: str) -> Severity:
    return SEVERITIES.get(body.line("severity").lower() or priority, "info")


def _own_part(event: ParsedEvent, *, has_buttons: bool) -> tuple[str, JSONObject]:
    """The line of the message, and what stands in a box under it.

    Only a message with a title has a box; buttons of its own stand in it.
    """
    heading, text = as_text(event.data["heading"]), as_text(event.data["text"]).strip()
    if not heading:
        return text, {}
    line = _heading(heading.strip("* ") or heading, event.url)
    if not text and not has_buttons:
        return line, {}
    colour = COLOURS.get(event.severity, INFO_COLOUR)
    return line, {"color": colour, "text": text, "fallback": text} if text else {"color": colour}


def _heading(text: str, url: str) -> str:
    """Brackets would end the link's label or its address too early."""
    if not url:
        return f"**{text}**"
    label = text.replace("[", "&#91;").replace("]", "&#93;")
    return f"[**{label}**]({url.replace('(', '%28').replace(')', '%29')})"


def _mentions(data: JSONObject) -> list[str]:
    """As words: the hub breaks them unless the token may mention people."""
    mentions = data["mentions"]
    words = mentions if isinstance(mentions, list) else []
    return [f"@{as_text(word).removeprefix('@')}" for word in words]


def _objects(data: JSONObject, name: str) -> list[JSONObject]:
    found = data.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _first_line(data: JSONObject) -> str:
    """The first line that says something."""
    first: JSONObject = next((one for one in _objects(data, "attachments") if one), {})
    names = ("title", "pretext", "fallback", "text")
    texts = [as_text(data["text"]), *(as_text(first.get(name)) for name in names)]
    for line in "\n".join([*texts, as_text(data["card"])]).splitlines():
        plain = line.strip(MARKS)
        if plain:
            cut = plain[: MAX_TITLE_CHARS - 1].rstrip() + "…"
            return plain if len(plain) <= MAX_TITLE_CHARS else cut
    return ""
