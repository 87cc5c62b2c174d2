"""Plain text of an article: Zammad sends its sanitised HTML."""

import re
from html.parser import HTMLParser

MAX_HTML_CHARS = 20_000  # what a message shows is in the first screen; the rest is not parsed
MAX_TEXT_CHARS = 600
BLOCKS = frozenset(("blockquote", "br", "div", "hr", "li", "ol", "p", "pre", "table", "tr", "ul"))
HEADINGS = frozenset(f"h{rank}" for rank in range(1, 7))
UNSEEN = frozenset(("script", "style", "title"))
NO_TAG = re.compile(r"<(?!/?[a-zA-Z][^<>]*>)")  # html.parser would look to the end for each one
# Comments, and declarations, over some of which html.parser trips.
UNSHOWN = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^<>]*>", re.DOTALL)
WHOLE_WORDS = re.compile(r".*\S(?=\s)", re.DOTALL)
ADDRESS = re.compile(r"(?:https?://|mailto:)\S+")


class _TextCollector(HTMLParser):
    """Collects what a reader sees; blocks become lines and links keep their address."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen_count = 0
        self._links: list[tuple[str, int]] = []  # address, and where its label begins

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self._unseen_count += 1
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.pieces)))
        elif tag == "li":
            self.pieces.append("\n- ")
        elif tag in ("td", "th"):
            self.pieces.append(" ")
        elif tag in BLOCKS | HEADINGS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen_count = max(0, self._unseen_count - 1)
        elif tag == "a" and self._links:
            self._close_link(*self._links.pop())
        elif tag in BLOCKS | HEADINGS and tag not in ("br", "li"):
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen_count:
            self.pieces.append(re.sub(r"\s+", " ", data))

    def _close_link(self, address: str, start: int) -> None:
        label = "".join(self.pieces[start:]).strip()
        bare = address.removeprefix("mailto:")
        if ADDRESS.fullmatch(address) and label.rstrip("/") != bare.rstrip("/"):
            self.pieces.append(f" ({bare})")


def html_to_text(html: str) -> str:
    """What a reader sees of `html`, cut after MAX_HTML_CHARS of it."""
    collector = _TextCollector()
    collector.feed(NO_TAG.sub("&lt;", UNSHOWN.sub(" ", html[:MAX_HTML_CHARS])))
    collector.close()
    return tidy("".join(collector.pieces))


def tidy(text: str) -> str:
    """Lines without outer blanks, and no two empty ones in a row."""
    lines = (" ".join(line.split()) for line in text[:MAX_HTML_CHARS].splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def shorten(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    """`text`, or its beginning up to a word and `…`."""
    if len(text) <= limit:
        return text
    whole_words = WHOLE_WORDS.match(text[:limit])
    is_enough = whole_words is not None and whole_words.end() > limit // 2
    return f"{whole_words[0] if whole_words and is_enough else text[: limit - 1]}…"
