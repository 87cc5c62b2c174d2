"""Stage 3: an event and its wording become a message that Mattermost will take."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.contracts import JSONObject, JSONValue, Message, RelayButton
from hub.markdown import break_mentions, escape, shorten, split_text
from hub.plaintext import markdown_to_text
from hub.secrets import mask_secrets, may_hold_secret
from hub.templating import TemplateProblem, render
from hub.wording import Wording

COLOURS: Mapping[str, str] = {
    "info": "#4a7fd4",
    "success": "#38ad69",
    "warning": "#faab00",
    "urgent": "#d24b4e",
}
MAX_ATTACHMENTS = 20
MAX_ATTACHMENT_CHARS = 6_000  # Mattermost shows the first screenful and folds the rest
MAX_FIELD_CHARS = 1_000
MAX_FIELDS = 50
MAX_TITLE_CHARS = 250
MAX_ADDRESS_CHARS = 4_000
MAX_PROPS_CHARS = 200_000  # Mattermost takes 300,000 bytes a request; letters may need four
SHORT_FIELD_CHARS = 40
TITLES = frozenset({"title", "author_name"})
ADDRESS_KEYS = frozenset(
    {"title_link", "author_link", "author_icon", "image_url", "thumb_url", "footer_icon", "color"}
)


@dataclass(frozen=True, slots=True)
class Style:
    """What the rule and the channel say about the form of a message."""

    language: str = "en"
    zone: str = "UTC"
    mentions: str = ""
    priority: str = ""
    has_card: bool = True
    may_mention: bool = False  # text from outside may mention people (its token says so)
    notice: str = ""  # a line of the hub's own before the text


@dataclass(frozen=True, slots=True)
class Rendered:
    """The posts of one message in order, and what went wrong with its template, if anything."""

    messages: tuple[Message, ...]
    error: str = ""


def render_message(
    context: Mapping[str, JSONValue],
    *,
    wording: Wording,
    style: Style,
    composed: Message | None = None,
    buttons: tuple[RelayButton, ...] = (),
) -> Rendered:
    """Never raises: a failing template gives a plain message and its error.

    `buttons` belong to a message that is worded here; a composed one has its own.
    """
    error = ""
    if composed is not None:
        message = _as_sent(composed, style)
        buttons = message.buttons
    else:
        try:
            message = _worded(context, wording, style)
        except TemplateProblem as problem:
            error, message = str(problem), _plain(context)
    text = message.text
    if style.mentions:
        text = f"{text} {style.mentions}".strip()
    if style.notice:
        text = f"{style.notice}\n{text}".strip()
    priority = style.priority or message.priority
    message = replace(message, text=text, priority=priority, buttons=buttons)
    return Rendered(tuple(_split(_bounded(_masked(message)))), error)


def quote_outside(message: Message) -> Message:
    """What another system wants a post to say: nobody is mentioned, secrets are masked."""
    return _bounded(_masked(_map_texts(message, break_mentions)))


def preview(message: Message) -> str:
    """The message as text, for the contract suite and wherever no browser shows it."""
    lines = [message.text] if message.text else []
    if message.priority:
        lines.insert(0, f"({message.priority})")
    for attachment in message.attachments:
        lines += [f"> {line}" for line in _attachment_lines(attachment)]
    if message.buttons:
        lines.append(" ".join(f"[{one.name}]" for one in message.buttons))
    if message.card:
        lines.append(f"[card] {message.card}")
    return "\n".join(lines)


def _worded(context: Mapping[str, JSONValue], wording: Wording, style: Style) -> Message:
    def rendered(template: str) -> str:
        text = render(template, context, language=style.language, zone=style.zone).strip()
        lines = text.splitlines()
        return text if len(lines) == 1 else "\n".join([line.rstrip() for line in lines])

    line = rendered(wording.line)
    if not style.has_card:
        return Message(text=line)
    card: JSONObject = {
        "fallback": markdown_to_text(line),
        "color": COLOURS.get(str(context.get("severity")), COLOURS["info"]),
        "title": rendered(wording.title),
        "title_link": str(context.get("url") or ""),
        "text": rendered(wording.body),
        "fields": _fields(wording.fields, rendered),
    }
    return Message(text=line, attachments=({k: v for k, v in card.items() if v},))


def _fields(template: str, rendered: Callable[[str], str]) -> list[JSONValue]:
    """`Label: template` lines; a field without a value is left out."""
    found: list[JSONValue] = []
    for line in template.splitlines():
        label, separator, value_template = line.partition(":")
        value = rendered(value_template) if separator else ""
        if value:
            short = len(value) <= SHORT_FIELD_CHARS
            found.append({"title": label.strip(), "value": value, "short": short})
    return found


def _plain(context: Mapping[str, JSONValue]) -> Message:
    words = [context.get("reference"), context.get("title") or context.get("kind")]
    text = escape(" ".join(str(word) for word in words if word))
    url = str(context.get("url") or "")
    return Message(text=f"{text} {url}".strip())


def _as_sent(message: Message, style: Style) -> Message:
    """A message made elsewhere: its Markdown stands; mentions only where its token may.

    A bot cannot post under another name, so the sender's stands as the author of the card.
    """
    if not style.may_mention:
        message = _map_texts(message, break_mentions)
    if not message.username and not message.icon_url:
        return message
    author: JSONObject = {"author_name": message.username, "author_icon": message.icon_url}
    author = {key: value for key, value in author.items() if value}
    if message.attachments:
        first = author | message.attachments[0]
        return replace(message, attachments=(first, *message.attachments[1:]))
    if len(message.text) > MAX_ATTACHMENT_CHARS:
        return message
    text = message.text if message.icon_url else f"{message.icon_emoji} {message.text}".strip()
    card: JSONObject = {**author, "fallback": markdown_to_text(message.text), "text": text}
    return replace(message, text="", attachments=(card,))


def _masked(message: Message) -> Message:
    # No sign of a secret has a character that repr would write in another way.
    parts = repr((message.text, message.card, message.attachments, message.buttons))
    return _map_texts(message, mask_secrets) if may_hold_secret(parts) else message


def _map_texts(message: Message, change: Callable[[str], str]) -> Message:
    return replace(
        message,
        text=str(change(message.text)),
        card=str(change(message.card)),
        attachments=tuple(_map_object(one, change) for one in message.attachments),
        buttons=tuple(replace(one, name=str(change(one.name))) for one in message.buttons),
    )


def _map_object(value: JSONObject, change: Callable[[str], str]) -> JSONObject:
    return {
        key: inner if key in ADDRESS_KEYS else _map_value(inner, change)
        for key, inner in value.items()
    }


def _map_value(value: JSONValue, change: Callable[[str], str]) -> JSONValue:
    if isinstance(value, str):
        return str(change(value))
    if isinstance(value, list):
        return [_map_value(inner, change) for inner in value]
    if isinstance(value, dict):
        return _map_object(value, change)
    return value


def _bounded(message: Message) -> Message:
    """Within Mattermost's limits, so that they are never discovered by a 400."""
    attachments = [_bounded_card(card) for card in message.attachments[:MAX_ATTACHMENTS]]
    while _are_too_long(attachments):
        attachments.pop()
    card = shorten(message.card, MAX_PROPS_CHARS // 4)
    return replace(message, attachments=tuple(attachments), card=card)


def _are_too_long(attachments: Sequence[JSONObject]) -> bool:
    if len(repr(attachments)) * 2 <= MAX_PROPS_CHARS:  # JSON doubles a quote at most
        return False
    return len(json.dumps(attachments, ensure_ascii=False)) > MAX_PROPS_CHARS


def _bounded_card(card: JSONObject) -> JSONObject:
    bounded = {
        name: _bounded_text(name, value) if isinstance(value, str) else value
        for name, value in card.items()
    }
    fields = card.get("fields")
    if isinstance(fields, list):
        bounded["fields"] = [_bounded_field(field) for field in fields[:MAX_FIELDS]]
    return bounded


def _bounded_text(name: str, text: str) -> str:
    if name in ADDRESS_KEYS:
        return text if len(text) <= MAX_ADDRESS_CHARS else ""  # the first half leads nowhere
    return shorten(text, MAX_TITLE_CHARS if name in TITLES else MAX_ATTACHMENT_CHARS)


def _bounded_field(field: JSONValue) -> JSONValue:
    if not isinstance(field, dict):
        return field
    title, value = str(field.get("title") or ""), str(field.get("value", ""))
    texts = {"title": shorten(title, MAX_TITLE_CHARS), "value": shorten(value, MAX_FIELD_CHARS)}
    return {**field, **texts}


def _split(message: Message) -> list[Message]:
    """One post, or several: cut at paragraphs, the cards and buttons under the last one."""
    parts = split_text(message.text) if message.text else [""]
    if parts == [message.text]:
        return [message]
    posts = [
        replace(message, text=part, attachments=(), card="", buttons=()) for part in parts[:-1]
    ]
    return [*posts, replace(message, text=parts[-1])]


def _attachment_lines(attachment: JSONObject) -> list[str]:
    title, address = attachment.get("title"), attachment.get("title_link")
    lines = [
        f"colour {attachment['color']}" if attachment.get("color") else "",
        str(attachment.get("author_name") or ""),
        f"**{title}**" + (f" <{address}>" if address else "") if title else "",
        *str(attachment.get("text") or "").splitlines(),
    ]
    fields = attachment.get("fields")
    for field in fields if isinstance(fields, list) else []:
        if isinstance(field, dict):
            lines.append(f"{field.get('title')}: {field.get('value')}")
    return [line for line in lines if line]
