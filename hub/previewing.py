"""A message as HTML, much as Mattermost shows it. Safe whatever the message holds."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

import nh3
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from hub.contracts import JSONObject, JSONValue, Message
from hub.markdown import shorten

MAX_TEXT_CHARS: Final = 16_383  # Mattermost posts.message, PostgreSQL
MAX_VALUE_CHARS: Final = 2_000  # a field, a title: more is folded away there too
MAX_CARDS: Final = 20
MAX_FIELDS: Final = 50
MAX_BUTTONS: Final = 20

COLOUR = re.compile(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?")
NAMED_COLOURS: Final = {"good": "#00c100", "warning": "#dede01", "danger": "#e40303"}
DEFAULT_COLOUR: Final = "#8a8f99"
BUTTON_STYLES: Final = frozenset({"default", "primary", "success", "good", "warning", "danger"})

# What the web client takes for a mention, a link to a channel and an emoji.
MARKED = re.compile(
    r"(?P<mention>(?:\B|\b_+)@[a-z0-9.\-_]*[a-z0-9])"
    r"|(?P<channel>\B~[a-z0-9][a-z0-9.\-_]*)"
    r"|:(?P<emoji>[a-z0-9_+\-]{1,64}):",
    re.IGNORECASE,
)
EMOJI: Final = {
    "+1": "👍",
    "-1": "👎",
    "bell": "🔔",
    "boom": "💥",
    "bug": "🐛",
    "chart_with_upwards_trend": "📈",
    "eyes": "👀",
    "fire": "🔥",
    "hourglass": "⌛",
    "information_source": "ℹ️",
    "moneybag": "💰",
    "no_entry": "⛔",
    "package": "📦",
    "question": "❓",
    "robot": "🤖",
    "rocket": "🚀",
    "rotating_light": "🚨",
    "tada": "🎉",
    "ticket": "🎫",
    "warning": "⚠️",
    "white_check_mark": "✅",
    "wrench": "🔧",
    "x": "❌",
}

# Of what markdown-it can make, the second fence: nothing else passes, whatever made it.
TAGS: Final = frozenset(
    {"a", "blockquote", "br", "code", "del", "em", "hr", "li", "ol", "p", "pre", "s", "span"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "strong", "ul"}
    | {"table", "tbody", "td", "th", "thead", "tr"}
)
CLASSES: Final = {"span": {"hub-mention", "hub-channel", "hub-emoji", "hub-image"}}
DOCUMENT_SCHEMES: Final = frozenset({"http", "https", "mailto"})


class _Renderer(RendererHTML):
    """Marks mentions, channels and emoji; loads no picture from elsewhere."""

    def text(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return _marked(tokens[idx].content)

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        alt = self.renderInlineAsText(tokens[idx].children, options, env)
        return f'<span class="hub-image">{escape(alt or _("picture"))}</span>'


def _make_parser(*, breaks: bool) -> MarkdownIt:
    options = {"html": False, "linkify": True, "breaks": breaks}
    return MarkdownIt("gfm-like", options, renderer_cls=_Renderer)


MESSAGES: Final = _make_parser(breaks=True)
DOCUMENTS: Final = _make_parser(breaks=False)


def message_html(message: Message) -> SafeString:
    """The text, its cards and its side panel; neither author nor time, which the page knows."""
    parts = [
        _priority(message.priority),
        format_html('<div class="hub-text">{}</div>', text_html(message.text))
        if message.text
        else "",
        *(_card(card) for card in message.attachments[:MAX_CARDS]),
        _buttons([{"name": one.name, "style": one.style} for one in message.buttons]),
        _side_panel(message.card),
    ]
    return format_html_join("", "{}", ((part,) for part in parts if part))


def text_html(text: str) -> SafeString:
    """Markdown as Mattermost reads it: a line end is a new line."""
    return _clean(MESSAGES.render(shorten(text, MAX_TEXT_CHARS)))


def document_html(text: str) -> SafeString:
    """Markdown as in files: a README of an integration."""
    return _clean(DOCUMENTS.render(text))


def stored_message_html(message: JSONObject) -> SafeString:
    """The message of a Delivery row; a reaction has only its emoji."""
    reaction = message.get("reaction")
    if isinstance(reaction, str) and reaction:
        return format_html('<div class="hub-text">{}</div>', _clean(_marked(f":{reaction}:")))
    return message_html(_from_row(message))


def _from_row(message: Mapping[str, JSONValue]) -> Message:
    cards = message.get("attachments")
    return Message(
        text=_text(message, "text"),
        attachments=tuple(_objects(cards)),
        card=_text(message, "card"),
        priority=_text(message, "priority"),
    )


def _clean(html: str) -> SafeString:
    cleaned = nh3.clean(
        html,
        tags=set(TAGS),
        attributes={"a": {"href", "title"}},
        allowed_classes=CLASSES,
        url_schemes=set(DOCUMENT_SCHEMES),
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(cleaned)  # noqa: S308  # nh3 has let through TAGS and CLASSES only


def _inline(text: str) -> SafeString:
    """One line of Markdown: a title, a label."""
    return _clean(MESSAGES.renderInline(shorten(text, MAX_VALUE_CHARS)))


def _marked(text: str) -> str:
    """Escaped text with a span around each mention, channel and emoji."""
    pieces, end = [], 0
    for found in MARKED.finditer(text):
        pieces += [escape(text[end : found.start()]), _span(found)]
        end = found.end()
    return "".join((*pieces, escape(text[end:])))


def _span(found: re.Match[str]) -> str:
    kind = found.lastgroup or "mention"
    shown = EMOJI.get(found["emoji"].lower(), found[0]) if kind == "emoji" else found[0]
    return f'<span class="hub-{kind}">{escape(shown)}</span>'


def _priority(priority: str) -> SafeString | str:
    labels = {"urgent": _("Urgent"), "important": _("Important")}
    if priority not in labels:
        return ""
    return format_html('<span class="hub-priority hub-{}">{}</span>', priority, labels[priority])


def _side_panel(card: str) -> SafeString | str:
    if not card:
        return ""
    label = _("Shown beside the message, behind its ⓘ")
    html = (
        '<details class="hub-panel"><summary>{}</summary><div class="hub-text">{}</div></details>'
    )
    return format_html(html, label, text_html(card))


def _card(card: JSONObject) -> SafeString:
    """One attachment, framed in its colour as in Mattermost."""
    parts = [
        _line("hub-author", escape(_text(card, "author_name"))),
        _line("hub-title", _linked(_inline(_text(card, "title")), _text(card, "title_link"))),
        _line("hub-text", text_html(_text(card, "text")) if card.get("text") else ""),
        _fields(card.get("fields")),
        _line("hub-picture", _picture(_text(card, "image_url"))),
        _buttons(card.get("actions")),
        _line("hub-footer", escape(_text(card, "footer"))),
    ]
    pretext = _text(card, "pretext")
    return format_html(
        '{}<div class="hub-card" style="border-left-color: {}">{}</div>',
        _line("hub-text", text_html(pretext) if pretext else ""),
        _colour(card.get("color")),
        format_html_join("", "{}", ((part,) for part in parts if part)),
    )


def _fields(fields: JSONValue) -> SafeString | str:
    rows = [
        (
            "hub-short" if field.get("short") else "hub-long",
            _inline(_text(field, "title")),
            text_html(shorten(_text(field, "value"), MAX_VALUE_CHARS)),
        )
        for field in _objects(fields)[:MAX_FIELDS]
    ]
    cells = format_html_join("", '<div class="{}"><dt>{}</dt><dd>{}</dd></div>', rows)
    return format_html('<dl class="hub-fields">{}</dl>', cells) if rows else ""


def _buttons(actions: JSONValue) -> SafeString | str:
    rows = [
        (_button_style(action.get("style")), shorten(_text(action, "name"), MAX_VALUE_CHARS))
        for action in _objects(actions)[:MAX_BUTTONS]
        if action.get("name")
    ]
    buttons = format_html_join("", '<span class="hub-button hub-button-{}">{}</span>', rows)
    return format_html('<div class="hub-buttons">{}</div>', buttons) if rows else ""


def _button_style(style: JSONValue) -> str:
    return style if isinstance(style, str) and style in BUTTON_STYLES else "default"


def _line(css_class: str, content: str) -> SafeString | str:
    return format_html('<div class="{}">{}</div>', css_class, content) if content else ""


def _linked(label: SafeString, address: str) -> SafeString:
    if not _is_web_address(address):
        return label
    html = '<a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>'
    return format_html(html, address, label)


def _picture(address: str) -> SafeString | str:
    """A link only: loading it would tell its owner who looks at this page."""
    return _linked(escape(_("picture")), address) if _is_web_address(address) else ""


def _is_web_address(address: str) -> bool:
    try:
        return urlsplit(address).scheme in ("http", "https")
    except ValueError:
        return False


def _colour(colour: JSONValue) -> str:
    text = colour if isinstance(colour, str) else ""
    return text if COLOUR.fullmatch(text) else NAMED_COLOURS.get(text, DEFAULT_COLOUR)


def _text(source: Mapping[str, JSONValue], name: str) -> str:
    value = source.get(name)
    return value if isinstance(value, str) else "" if value is None else str(value)


def _objects(value: JSONValue) -> list[JSONObject]:
    if not isinstance(value, Iterable) or isinstance(value, str | Mapping):
        return []
    return [one for one in value if isinstance(one, dict)]
