"""The plain text of HTML, for messages that quote it, and of Markdown, where none is shown."""

import html
import re
from dataclasses import dataclass, field
from typing import Final

MAX_LIST_DEPTH: Final = 20  # deeper lists are numbered as their parent

DROPPED = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|head|title|template)\b[^<>]*>.*?(?:</\1\b[^<>]*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
# A tag never runs past the next `<`, so that garbage is looked at once. The standard library's
# parser takes seconds for 20 kB of `<a `.
TAG = re.compile(
    r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9:-]*+)"
    r"(?P<attributes>(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+|[^<>]*+)>|<[!?/][^<>]*>"
)
ATTRIBUTE = re.compile(
    r"\b(href|alt)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))", re.IGNORECASE
)
PARAGRAPHS: Final = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "dl", "table"}
    | {"section", "article", "header", "footer", "form"}
)
LINES: Final = frozenset(
    {"div", "li", "tr", "hr", "dt", "dd", "address", "figure", "figcaption", "caption"}
)
ADDRESSES = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)
SPACES = re.compile(r"\s+")
SPACES_AT_LINE_END = re.compile(r"(?<! ) +\n")
EMPTY_LINES = re.compile(r"\n{3,}")

# Each alternative stops at the next mark of its own sort, so that garbage is looked at once.
MARKDOWN = re.compile(
    r"(?<!`)(?P<ticks>`{1,3})(?P<code>[^`]++)(?P=ticks)(?!`)"
    r"|\[(?P<label>(?:\\.|[^\[\]\\])*+)\]\([^()\s]*+\)"
    r"|\\(?P<mark>[!-/:-@\[-`{-~])"
    r"|(?P<entity>&\#?\w{1,12};)"
    r"|(?:\*{1,3}|~~)(?=\S)|(?<=\S)(?:\*{1,3}|~~)"
)


@dataclass
class _Article:
    """The text so far, and what the tags that are still open mean for the next piece."""

    pieces: list[str] = field(default_factory=list)
    lists: list[int | None] = field(default_factory=list)  # the next number; None has bullets
    line_ends: int = 0  # owed before the next piece
    bullet: str = ""  # likewise
    address: str = ""
    link_start: int = 0
    preformatted_depth: int = 0

    def add_text(self, raw: str) -> None:
        text = html.unescape(raw).replace("\x00", "")
        self._add(text if self.preformatted_depth else SPACES.sub(" ", text))

    def add_tag(self, found: re.Match[str]) -> None:
        name = (found["name"] or "").lower()
        if found["end"]:
            self._close(name)
            self._end_line(name)
        else:
            self._end_line(name)
            self._open(name, found["attributes"] or "")

    def _end_line(self, name: str) -> None:
        if name == "br":
            self.line_ends += 1
        elif name in PARAGRAPHS:
            self.line_ends = max(self.line_ends, 1 if self.lists else 2)
        elif name in LINES:
            self.line_ends = max(self.line_ends, 1)

    def _open(self, name: str, attributes: str) -> None:
        match name:
            case "a":
                self.address, self.link_start = _attribute(attributes, "href"), len(self.pieces)
            case "img":
                self._add(_attribute(attributes, "alt"))
            case "pre":
                self.preformatted_depth += 1
            case "td" | "th":
                self._add(" ")
            case "ul" | "ol" if len(self.lists) < MAX_LIST_DEPTH:
                self.lists.append(1 if name == "ol" else None)
            case "li":
                self.bullet = self._next_bullet()

    def _close(self, name: str) -> None:
        match name:
            case "a":
                self._close_link()
            case "pre":
                self.preformatted_depth = max(0, self.preformatted_depth - 1)
            case "ul" | "ol" if self.lists:
                self.lists.pop()

    def _add(self, text: str) -> None:
        """`text` on the line it belongs to, without the space that a browser would not show."""
        before = self.pieces[-1] if self.pieces and not self.line_ends else "\n"
        if not self.preformatted_depth and before.endswith((" ", "\n")):
            text = text.lstrip(" ")
        if not text:
            return
        owed = "\n" * min(self.line_ends, 2) if self.pieces else ""
        self.pieces.append(f"{owed}{self.bullet}{text}")
        self.line_ends, self.bullet = 0, ""

    def _next_bullet(self) -> str:
        number = self.lists[-1] if self.lists else None
        if number is None:
            return "• "
        self.lists[-1] = number + 1
        return f"{number}. "

    def _close_link(self) -> None:
        """Behind the words of a link comes its address, unless the words are the address."""
        address, self.address = self.address, ""
        words = "".join(self.pieces[self.link_start :]).strip()
        if ADDRESSES.match(address) and not words:
            self._add(address)
        elif ADDRESSES.match(address) and words.rstrip("/") not in address:
            self._add(f" ({address})")


def html_to_text(source: str) -> str:
    """What a reader would see of `source`: links keep their address, lists their bullets.

    Takes any text in linear time; it is not made safe for any place.
    """
    article, position = _Article(), 0
    source = DROPPED.sub(" ", source)
    for found in TAG.finditer(source):
        if found.start() > position:
            article.add_text(source[position : found.start()])
        article.add_tag(found)
        position = found.end()
    article.add_text(source[position:])
    text = SPACES_AT_LINE_END.sub("\n", "".join(article.pieces))
    return EMPTY_LINES.sub("\n\n", text).strip()


def markdown_to_text(source: str) -> str:
    """What a reader would see of one line of Markdown: links by their words, no marks.

    Zero-width spaces stay: what mentions nobody goes on mentioning nobody.
    """
    return MARKDOWN.sub(_without_marks, source)


def _without_marks(found: re.Match[str]) -> str:
    if found["label"] is not None:
        return markdown_to_text(found["label"])
    if found["entity"] is not None:
        return html.unescape(found["entity"])
    return found["code"] or found["mark"] or ""


def _attribute(attributes: str, name: str) -> str:
    for found in ATTRIBUTE.finditer(attributes):
        if found[1].lower() == name:
            return html.unescape(found[2] or found[3] or found[4] or "").strip()
    return ""
