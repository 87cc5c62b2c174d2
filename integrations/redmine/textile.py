"""Markdown as Textile, which Redmine renders up to 5.0 unless it is set otherwise."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Final

from markdown_it.token import Token

from hub.markup import parse_markdown

ISSUE_NUMBER = re.compile(r"(?<![\w&!/#])#(?=\d)")
PHRASES: Mapping[str, str] = {"strong": "*", "em": "_", "s": "-"}
CELLS: Mapping[str, str] = {"th": "|_. ", "td": "| "}
LIST_SIGNS: Mapping[str, str] = {"bullet_list": "*", "ordered_list": "#"}
# A sign begins a phrase where the same one ends it in the same line; quotes may end a link.
TRAPS = re.compile(
    r"(?<!\w)(?P<phrase>[*_+\-^~%@?!])(?=\S[^\n]{0,500}?(?P=phrase))"
    r"|[<>|]|\"(?=:)|=(?==)|\[(?=\[)|\{(?=\{)|&(?=#?\w{1,30};)"
)
BLOCK = re.compile(
    r"^(\s*(?:h[1-6]|bq|p|pre|fn\d+|table|notextile)[^\s.]{0,50})\.(?=[.:\s])", re.MULTILINE
)
LIST_START = re.compile(r"^(\s*)([*#])(?=[*#]* )", re.MULTILINE)
CODE_END = re.compile(r"<(?=/)")  # in code, where nothing can be escaped, a tag must not end it
ADDRESS_AT_END = re.compile(r"(?:https?://|mailto:)\S+\Z")
READ = re.compile(r"</?(?:pre|code)>|^h[1-6]\. |\u200b", re.MULTILINE)
NO_WIDTH: Final = "\u200b"


def to_textile(text: str, *, has_prefix: bool = False) -> str:
    """Whatever was typed, it is text in Textile. `has_prefix`: bare numbers are no issues here."""
    writer = _Writer(has_prefix)
    writer.write(parse_markdown(text))
    return re.sub(r"\n{3,}", "\n\n", "".join(writer.pieces)).strip("\n")


def escape_textile(text: str) -> str:
    escaped = TRAPS.sub(_escaped, text)
    return LIST_START.sub(_list_sign, BLOCK.sub(r"\1&#46;", escaped))


def read_textile(text: str) -> str:
    """The plain text of what `to_textile` made."""
    return unescape(READ.sub("", text))


@dataclass
class _Writer:
    """The Textile so far, and the lists and quotes that are open."""

    has_prefix: bool
    pieces: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    quote_depth: int = 0

    def write(self, tokens: Iterable[Token]) -> None:
        for token in tokens:
            name, _, end = token.type.rpartition("_")
            if end == "open":
                self._open(name, token)
            elif end == "close":
                self._close(name)
            elif token.type == "inline":
                self._add(self._inline(token.children or ()))
            elif token.type in ("fence", "code_block"):
                code = CODE_END.sub(f"<{NO_WIDTH}", token.content.rstrip("\n"))
                self._add(f"<pre>\n{code}\n</pre>\n\n")
            elif token.type == "hr":
                self._add("---\n\n")

    def _add(self, text: str) -> None:
        """A quoted line begins with its sign; a line end within an item would end its list."""
        if self.lists:
            text = " ".join(text.split("\n")) if "<pre>" not in text else f"\n{text}"
        if self.quote_depth:
            text = text.rstrip("\n").replace("\n", "\n" + "> " * self.quote_depth)
        self.pieces.append(text)

    def _open(self, name: str, token: Token) -> None:
        if name in LIST_SIGNS:
            self.pieces.append("" if self.quote_depth else "\n")
            self.lists.append(LIST_SIGNS[name])
        elif name == "list_item":
            self.pieces.append(f"{'> ' * self.quote_depth}{''.join(self.lists)} ")
        elif name == "blockquote":
            self.quote_depth += 1
        elif name == "heading":
            self.pieces.append(f"{self._quote()}{token.tag}. ")
        elif name == "paragraph" and not self.lists:
            self.pieces.append(self._quote())
        elif name in CELLS:
            self.pieces.append(CELLS[name])

    def _close(self, name: str) -> None:
        if name in LIST_SIGNS:
            self.lists.pop()
            self.pieces.append("" if self.lists else "\n")
        elif name == "list_item":
            self.pieces.append("\n")
        elif name == "blockquote":
            last = self.pieces.pop() if self.pieces else ""
            self.pieces += [last.removesuffix(f"{self._quote()}\n"), "\n"]
            self.quote_depth -= 1
        elif name == "tr":
            self.pieces.append("|\n")
        elif name in CELLS or (name == "paragraph" and self.lists):
            self.pieces.append(" ")
        elif name in ("paragraph", "heading", "table"):
            self.pieces.append("\n\n" if not self.quote_depth else f"\n{self._quote()}\n")

    def _quote(self) -> str:
        return "> " * self.quote_depth if not self.lists else ""

    def _inline(self, tokens: Sequence[Token]) -> str:
        pieces: list[str] = []
        links: list[tuple[str, int]] = []
        for token in tokens:
            if token.type == "text" and pieces and _is_address_going_on(pieces[-1], token.content):
                pieces.append(" ")
            if token.type == "link_open":
                links.append((str(token.attrs.get("href", "")), len(pieces)))
            elif token.type == "link_close":
                address, start = links.pop()
                pieces[start:] = [_link("".join(pieces[start:]), address)]
            else:
                pieces.append(self._piece(token))
        return "".join(pieces)

    def _piece(self, token: Token) -> str:
        name = token.type.rpartition("_")[0]
        if name in PHRASES:
            return PHRASES[name]
        if token.type == "image":
            words = "".join(self._piece(one) for one in token.children or ())
            return _link(words, str(token.attrs.get("src", "")))
        if token.type in ("softbreak", "hardbreak"):
            return "\n"
        if token.type == "code_inline":
            return _code(token.content)
        escaped = escape_textile(token.content)
        return ISSUE_NUMBER.sub("!#", escaped) if self.has_prefix else escaped


def _is_address_going_on(before: str, text: str) -> bool:
    """What stands right behind an address would become part of it."""
    return ADDRESS_AT_END.search(before) is not None and text[:1].isalnum()


def _link(words: str, address: str) -> str:
    if not words or words == address or "\n" in words:
        return f"{words} {address}".strip() if words != address else address
    return f'"{words.replace(chr(34), "&#34;")}":{address}'


def _code(content: str) -> str:
    if "@" not in content and content.strip() == content:
        return f"@{content}@"
    return f"<code>{CODE_END.sub(f'<{NO_WIDTH}', content)}</code>"


def _escaped(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"


def _list_sign(found: re.Match[str]) -> str:
    return f"{found[1]}&#{ord(found[2])};"
