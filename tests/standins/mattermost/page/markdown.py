"""Markdown as the chat shows it: GitHub's dialect without HTML, mentions and emoji marked."""

import re
from collections.abc import Iterator, Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

from tests.standins.mattermost.page.emoji import find_emoji

MAX_CHARS = 40_000  # beyond two full posts nobody reads on, and rendering time grows
SPECIAL = re.compile(
    r"(?P<mention>\B@[a-z0-9.\-_]+)"
    r"|(?P<channel>\B~[a-z0-9][a-z0-9\-_]*)"
    r"|(?P<hashtag>(?<!\w)#[^\W\d_][\w.\-]*[^\W_])"
    r"|:(?P<emoji>[a-z0-9_+\-]+):",
    re.IGNORECASE,
)
TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr"),
    *("li", "ol", "p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead"),
    *("tr", "ul"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "code": {"class"},
    "ol": {"start"},
    "span": {"class", "title"},
    "td": {"style"},
    "th": {"style"},
}


def _mark_specials(core: StateCore) -> None:
    """Turn mentions, channel links, hashtags and emoji in texts into spans; links stay."""
    for block in core.tokens:
        if block.type == "inline" and block.children:
            block.children = list(_with_specials(block.children))


def _with_specials(tokens: Sequence[Token]) -> Iterator[Token]:
    depth = 0
    for token in tokens:
        depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type == "text" and depth == 0:
            yield from _split_text(token.content)
        else:
            yield token


def _split_text(text: str) -> Iterator[Token]:
    at = 0
    for match in SPECIAL.finditer(text):
        special = _special_token(match)
        if special is not None:
            yield Token("text", "", 0, content=text[at : match.start()])
            yield special
            at = match.end()
    yield Token("text", "", 0, content=text[at:])


def _special_token(match: re.Match[str]) -> Token | None:
    kind, written = str(match.lastgroup), match[0]
    if kind == "emoji":
        emoji = find_emoji(match["emoji"].lower())
        return None if emoji is None else _span("emoji", emoji, title=written)
    return _span(kind, written)


def _span(kind: str, text: str, title: str = "") -> Token:
    """`html_inline` is written as it is: everything in it is escaped here."""
    title_attribute = f' title="{escape(title)}"' if title else ""
    content = f'<span class="{kind}"{title_attribute}>{escape(text)}</span>'
    return Token("html_inline", "", 0, content=content)


def _link_to_image(
    _renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: EnvType
) -> str:
    """Pictures would make the browser ask other hosts: they are shown as links."""
    address = escape(str(tokens[at].attrs.get("src", "")))
    label = escape(tokens[at].content or "picture")
    return f'<a href="{address}">{label}</a>'


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("gfm-like", {"html": False, "breaks": True, "linkify": True})
    parser.core.ruler.push("specials", _mark_specials)
    parser.add_render_rule("image", _link_to_image)
    return parser


PARSER = _make_parser()


def render_markdown(text: str) -> Markup:
    html = PARSER.render(text[:MAX_CHARS])
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return Markup(clean)  # noqa: S704  cleaned in the line above


def render_inline(text: str) -> Markup:
    """Without the paragraph around it: for titles and short values."""
    html = str(render_markdown(text)).strip()
    if html.count("<p>") == 1 and html.startswith("<p>") and html.endswith("</p>"):
        html = html[3:-4]
    return Markup(html)  # noqa: S704  cleaned by render_markdown
