"""What people type in Mattermost, as the HTML and the plain text of other systems.

Pure functions; integrations may import them.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from hub.contracts import UNSTORABLE
from hub.plaintext import html_to_text
from hub.tickets import Note, fingerprint

MAX_NAME_CHARS: Final = 100
MAX_NESTING: Final = 20  # of markdown-it, which drops what lies deeper; more is slow: 100 kB of [
ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+\Z", re.IGNORECASE)
LANGUAGE = re.compile(r"[\w+#.-]{0,20}")
AUTHOR_LINE = re.compile(rf"\A\s*+[^\n]{{1,{2 * MAX_NAME_CHARS}}} via Mattermost:[ \t]*+\n\s*+")


class _Renderer(RendererHTML):
    """Links to pictures instead of showing them: nothing is loaded from elsewhere."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        address = str(token.attrs.get("src", ""))
        words = self.renderInlineAsText(token.children, options, env) or address
        return f'<a href="{escape(address)}">{escape(words)}</a>'


def _is_address(url: str) -> bool:
    return ADDRESS.match(url) is not None


def _make_parser() -> MarkdownIt:
    """Mattermost's reading: a line end is a new line; `&copy;` and HTML are what was typed.

    Addresses are links only where they say so: `node.js` is none.
    """
    options = {"html": False, "linkify": True, "breaks": True, "maxNesting": MAX_NESTING}
    parser = MarkdownIt("gfm-like", options, renderer_cls=_Renderer)
    parser.disable(["entity", "reference"])
    parser.validateLink = _is_address  # type: ignore[method-assign]  # as markdown-it wants it
    if parser.linkify is not None:
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    return parser


PARSER: Final = _make_parser()


def parse_markdown(text: str) -> list[Token]:
    """The tokens of `text`. What is nested too deep to be understood is code, as it was typed."""
    tokens = [_with_its_words(token) for token in PARSER.parse(storable(text))]
    if any(token.level >= MAX_NESTING - 2 for token in tokens):
        return [Token("code_block", "code", 0, content=storable(text))]
    return tokens


def _with_its_words(token: Token) -> Token:
    """Behind the marks of a code block stands its language; what else stands there was typed."""
    if token.type == "fence" and not LANGUAGE.fullmatch(token.info.strip()):
        token.content, token.info = f"{token.info.strip()}\n{token.content}", ""
    return token


def to_html(text: str) -> str:
    """Markdown as HTML. Whatever was typed, nothing but markdown-it's own tags comes out."""
    return str(PARSER.renderer.render(parse_markdown(text), PARSER.options, {})).strip()


def plain_text(text: str) -> str:
    """What a reader sees of Markdown: equal for the typed text and for what was made of it."""
    return html_to_text(to_html(text))


def text_of_html(source: str) -> str:
    return html_to_text(source)


def author_line(name: str) -> str:
    """Who wrote a note that stands under another name; read the same in English and Dutch."""
    return f"{' '.join(name.split())[:MAX_NAME_CHARS]} via Mattermost:"


def without_author_line(text: str) -> str:
    """Plain text of a note without the line that `author_line` made."""
    return AUTHOR_LINE.sub("", text, count=1)


def note_fingerprints(note: Note) -> frozenset[str]:
    """Of what may stand in the ticket: the text alone, or below the line that names its author."""
    text = plain_text(note.text)
    return frozenset((fingerprint(text), fingerprint(f"{author_line(note.author_name)}{text}")))


def storable(text: str) -> str:
    return UNSTORABLE.sub("�", text).replace("\r\n", "\n")
