"""How Mattermost reads a message, as far as tests need it: the server that notifies, the web client
that highlights, and what is formatting."""

import html
import re

from markdown_it import MarkdownIt

SLACK_MENTION = re.compile("<!(channel|here|all)>")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^`]*$")
TOKEN = re.compile(
    r"(?P<ticks>`+)"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<entity>&(?:\#\w{1,8}|[A-Za-z]\w*);)"
    r"|(?P<address>(?<![A-Za-z0-9])(?:(?i:https?|ftp)://|www\d?\.)[^\s<>]+)"
    r"|(?P<emoji>:[a-z0-9_+-]+:\B)"
    r"|(?P<bracket>\[)"
    r"|(?P<character>.)",
    re.DOTALL,
)
ADDRESS_END = "?!.,:*_~'\")"
WORD_BREAK = re.compile(r"[^\w:.@-]")
HIGHLIGHT = re.compile(r"(?:\B|\b_+)@[a-z0-9.\-_]+", re.IGNORECASE | re.ASCII)
HASHTAG = re.compile(r"(?:^|(?<![A-Za-z0-9_]))#[^\W\d_][\w.-]*[^\W_]")
CHANNEL_LINK = re.compile(r"(?<![A-Za-z0-9_])~[A-Za-z0-9_-]+")
PLAIN_TOKENS = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak"}
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def notified(markdown: str) -> set[str]:
    """Every `@word` that the server would look up, as a post through a webhook."""
    found: set[str] = set()
    for paragraph in _paragraphs(SLACK_MENTION.sub(r"@\1", markdown)):
        for text in _texts(paragraph, is_server=True):
            found |= _looked_up(text.replace("＠", "@"))
    return found


def highlighted(markdown: str) -> set[str]:
    """Every `@word` that the web client shows as a mention."""
    found: set[str] = set()
    for paragraph in _paragraphs(SLACK_MENTION.sub(r"@\1", markdown)):
        for text in _texts(paragraph, is_server=False):
            found |= {mention.strip("_.-") for mention in HIGHLIGHT.findall(text)}
    return found


def linked(markdown: str) -> set[str]:
    """Hashtags and channel links outside of addresses."""
    texts = [t for p in _paragraphs(markdown) for t in _texts(p, is_server=False)]
    tags = {tag for text in texts for tag in HASHTAG.findall(text)}
    return tags | {channel for text in texts for channel in CHANNEL_LINK.findall(text)}


def formatting(markdown: str) -> set[str]:
    """The kinds of Markdown in it, other than plain paragraphs, by a CommonMark parser."""
    blocks = PARSER.parse(markdown)
    tokens = [token for block in blocks for token in (block, *(block.children or []))]
    return {token.type for token in tokens} - PLAIN_TOKENS


def _paragraphs(markdown: str) -> list[str]:
    """The text without fenced and indented code, in pieces that no code span crosses."""
    pieces, fence, is_new = [""], "", True
    for line in markdown.split("\n"):
        found = FENCE.match(line)
        if fence:
            fence = "" if found and found[1].startswith(fence) else fence
        elif found:
            fence = found[1]
        elif not line.strip():
            pieces.append("")
        elif not (is_new and line.startswith(("    ", "\t"))):
            pieces[-1] += line + "\n"
        is_new = not line.strip()
    return pieces


def _texts(paragraph: str, *, is_server: bool) -> list[str]:
    """Its text without code spans, addresses and emoji; the server also decodes."""
    texts, position, has_bracket = [""], 0, False
    while position < len(paragraph):
        found = TOKEN.match(paragraph, position)
        assert found
        position, text = found.end(), found[0]
        closing = _closing(paragraph, position, text) if found["ticks"] else None
        if closing:
            position = closing
            texts.append("")
        elif found["address"] and not (is_server and has_bracket):
            position = found.start() + len(text.rstrip(ADDRESS_END))
            texts.append("")
        elif found["emoji"]:
            texts.append("")
        elif is_server:
            texts[-1] += found["escaped"] or html.unescape(text)
        else:
            is_escape = found["escaped"] and found["escaped"] in "\\`*{}[]()#+-.!_>|~"
            texts[-1] += found["escaped"] if is_escape else text
        has_bracket |= text == "["
    return texts


def _closing(paragraph: str, start: int, ticks: str) -> int | None:
    found = re.compile(f"(?<!`){ticks}(?!`)").search(paragraph, start)
    return found.end() if found else None


def _looked_up(text: str) -> set[str]:
    candidates: set[str] = set()
    for raw in filter(None, WORD_BREAK.split(text)):
        word = raw.lstrip(":.-_")
        is_emoji = raw.startswith(":") and raw.endswith(":")
        peeled = [word[:end] for end in range(len(word.rstrip(".-:_")), len(word) + 1)]
        parts = [] if word.startswith("@") else re.split("[.:-]", word)
        candidates |= set() if is_emoji else {*peeled, *parts}
    return {one for one in candidates if re.fullmatch(r"@[\w.-]*\w", one)}
