"""A post as the page shows it: author, text, cards, reactions, replies."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2s
from operator import attrgetter
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hub.contracts import JSONObject, JSONValue
from tests.standins.mattermost.buttons import actions_of, attachments_of
from tests.standins.mattermost.page.emoji import find_emoji
from tests.standins.mattermost.page.markdown import render_inline, render_markdown
from tests.standins.mattermost.records import PUBLIC, Post
from tests.standins.mattermost.state import State

ASSETS = Path(__file__).parent / "assets"
TINT_COUNT = 6  # avatar colours in chat.css
NAMED_COLORS = {"good": "#2f9e63", "warning": "#d97d0d", "danger": "#d2382e"}
HEX_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
WEB_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
PRIORITIES = {"urgent": "Urgent", "important": "Important"}
BUTTON_STYLES = {"primary", "success", "good", "warning", "danger"}

TEMPLATES = Environment(
    loader=FileSystemLoader(ASSETS),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    tint: int
    badge: str  # "bot" or ""
    picture: str  # an emoji or initials

    @property
    def is_emoji(self) -> bool:
        return not self.picture.isalnum()


@dataclass(frozen=True, slots=True)
class Field:
    title: Markup
    value: Markup
    is_short: bool


@dataclass(frozen=True, slots=True)
class Button:
    """A select has options, each a text and its value."""

    id: str
    name: str
    style: str
    tooltip: str
    is_dead: bool  # disabled, or its integration was lost by an edit
    options: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Card:
    """One attachment."""

    color: str
    pretext: Markup
    author: str
    author_link: str
    title: Markup
    title_link: str
    text: Markup
    fields: list[Field]
    pictures: list[str]
    footer: Markup
    at: str
    buttons: list[Button]


@dataclass(frozen=True, slots=True)
class ReactionView:
    emoji: str
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class PostView:
    id: str
    author: Author
    at: str
    is_edited: bool
    is_pinned: bool
    priority: str
    body: Markup
    cards: list[Card]
    details: Markup  # props.card
    reactions: list[ReactionView]
    is_ephemeral: bool = False

    @property
    def is_plain(self) -> bool:
        """It may go without a headline below another message of its author."""
        has_more = self.cards or self.priority or self.details or self.is_pinned
        return not (has_more or self.is_ephemeral)


def render_post(state: State, post: Post, ephemerals: Sequence[Post] = ()) -> str:
    """The root with its replies folded under it, and what only the viewer sees among them."""
    replies = [one for one in state.replies.get(post.id, ()) if not one.deleted_at]
    told = sorted([*replies, *ephemerals], key=attrgetter("created_at"))
    shown = [view_of(state, one, is_ephemeral=one in ephemerals) for one in told]
    template = TEMPLATES.get_template("post.html")
    return template.render(post=view_of(state, post), replies=shown)


def render_ephemeral(state: State, post: Post) -> str:
    """An ephemeral post that stands in no thread."""
    template = TEMPLATES.get_template("post.html")
    return template.render(post=view_of(state, post, is_ephemeral=True), replies=[])


def view_of(state: State, post: Post, *, is_ephemeral: bool = False) -> PostView:
    priority = _text(post.priority, "priority") if post.priority else ""
    details = post.props.get("card")
    return PostView(
        post.id,
        _author_of(state, post),
        iso_time(post.created_at),
        bool(post.edited_at),
        post.is_pinned,
        priority if priority in PRIORITIES else "",
        render_markdown(post.message),
        [_card_of(state, attachment) for attachment in attachments_of(post.props)],
        render_markdown(details) if isinstance(details, str) else Markup(),
        _reactions_of(state, post),
        is_ephemeral,
    )


def iso_time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")


def _author_of(state: State, post: Post) -> Author:
    """Names and icons of webhooks count only where the server let them through."""
    user = state.users[post.user_id]
    is_webhook = post.props.get("from_webhook") == "true"
    name = _text(post.props, "override_username") if is_webhook else ""
    icon = _text(post.props, "override_icon_emoji") if is_webhook else ""
    shown = name or user.username
    picture = find_emoji(icon.strip(":")) or (shown[:1].upper() if shown[:1].isalnum() else "H")
    tint = blake2s(shown.encode(), digest_size=2).digest()[0] % TINT_COUNT
    return Author(shown, tint, "bot" if user.is_bot or is_webhook else "", picture)


def _card_of(state: State, attachment: JSONObject) -> Card:
    pictures = [_address(attachment, name) for name in ("image_url", "thumb_url")]
    return Card(
        _color(_text(attachment, "color")),
        render_markdown(_text(attachment, "pretext")),
        _text(attachment, "author_name"),
        _address(attachment, "author_link"),
        render_inline(_text(attachment, "title")),
        _address(attachment, "title_link"),
        render_markdown(_text(attachment, "text")),
        _fields_of(attachment),
        [address for address in pictures if address],
        render_inline(_text(attachment, "footer")),
        _time_of(attachment.get("ts")),
        [_button_of(state, action) for action in actions_of(attachment) if action.get("name")],
    )


def _fields_of(attachment: JSONObject) -> list[Field]:
    fields = attachment.get("fields")
    wanted = [one for one in fields if isinstance(one, dict)] if isinstance(fields, list) else []
    return [
        Field(
            render_inline(_text(one, "title")),
            render_markdown(_text(one, "value")),
            bool(one.get("short")),
        )
        for one in wanted
    ]


def _button_of(state: State, action: JSONObject) -> Button:
    style = _text(action, "style")
    integration = action.get("integration")
    has_target = isinstance(integration, dict) and bool(integration.get("url"))
    return Button(
        _text(action, "id"),
        _text(action, "name"),
        style if style in BUTTON_STYLES else "default",
        _text(action, "tooltip") if has_target else "It leads nowhere",
        not has_target or bool(action.get("disabled")),
        _options_of(state, action),
    )


def _options_of(state: State, action: JSONObject) -> list[tuple[str, str]]:
    """What a select offers; for a button nothing."""
    if action.get("type") != "select":
        return []
    if action.get("data_source") == "users":
        return [(f"@{user.username}", user.id) for user in state.users.values()]
    if action.get("data_source") == "channels":
        public = (one for one in state.channels.values() if one.type == PUBLIC)
        return [(channel.display_name, channel.id) for channel in public]
    options = action.get("options")
    wanted = [one for one in options if isinstance(one, dict)] if isinstance(options, list) else []
    return [(_text(one, "text"), _text(one, "value")) for one in wanted]


def _reactions_of(state: State, post: Post) -> list[ReactionView]:
    names: dict[str, list[str]] = {}
    for reaction in post.reactions:
        username = state.users[reaction.user_id].username
        names.setdefault(reaction.emoji_name, []).append(username)
    return [
        ReactionView(find_emoji(name) or f":{name}:", f":{name}: {', '.join(who)}", len(who))
        for name, who in names.items()
    ]


def _text(source: JSONObject, key: str) -> str:
    """Any value as text; numbers may stand where texts are expected."""
    value = source.get(key)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else ""


def _address(source: JSONObject, key: str) -> str:
    """A link's target, or nothing when it is not one of the web."""
    address = _text(source, key)
    return address if WEB_ADDRESS.match(address) else ""


def _color(color: str) -> str:
    named = NAMED_COLORS.get(color, color)
    return named if HEX_COLOR.fullmatch(named) else ""


def _time_of(value: JSONValue) -> str:
    """Slack's `ts`, in seconds as number or text; anything else is left out."""
    text = str(value) if isinstance(value, str | int | float) else ""
    try:
        return iso_time(int(float(text) * 1000)) if text else ""
    except (ValueError, OverflowError, OSError):
        return ""
