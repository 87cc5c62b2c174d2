"""Text from outside made inert for Mattermost: no mention, no formatting, no forged link."""

import html
import re
from typing import Final
from urllib.parse import quote as percent_encode
from urllib.parse import urlsplit

from hub.plaintext import html_to_text
from hub.splitting import MAX_POST_RUNES, shorten, split_text

__all__ = [
    "MAX_POST_RUNES",
    "Markdown",
    "break_mentions",
    "code",
    "escape",
    "fence",
    "html_to_text",
    "link",
    "quote",
    "shorten",
    "split_text",
]

ZWSP: Final = "\u200b"  # zero-width space: unseen, and no part of a mention, channel or hashtag
AT_SIGNS: Final = "@＠﹫"  # the first two mention; the third becomes the first where text is folded
LINK_SCHEMES: Final = frozenset({"http", "https", "mailto"})

# Control characters, surrogates and marks that reverse the direction of what follows.
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
LINE_END = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029\u2424]")
INDENT = re.compile(r"(?m)^[^\S\n]+")  # four spaces would make a code block

# What means something to one of Mattermost's three parsers: of web, mobile and server.
MARKS = re.compile(r"[\\`*|\[\]@＠﹫~#<&$_](?:(?<=_)_++)?")
ENTITY_NAME = re.compile(r"\#?\w+;")
CHANNEL_START = re.compile(r"[\w-]")
HASHTAG_START = re.compile(r"[^\W\d_]")
BLOCK_START = re.compile(
    r"(?m)^(?:(\d+(?=[.)](?:\s|\Z)))|(?=\#{1,6}(?:\s|\Z)|>|[-+](?:\s|\Z)|-(?:[-=]|[^\S\n])*$))"
)
UNDERLINE = re.compile(r"(?m)^(?==[-=]*[^\S\n]*$)")  # makes the line above it a heading

# Brackets only in pairs, so that the one behind an address in brackets is not part of it.
ADDRESS = re.compile(
    r"((?<![A-Za-z0-9])(?:(?i:https?|ftp)://|www\d?\.)"
    r"(?:[\w.~:/?#@!$&'*+,;=%{}^\\`-]++|\([\w.~:/?#@!$&'*+,;=%-]*\)|\[[\w.-]*\])+)"
)
ADDRESS_END: Final = "?!.,:;*_~'`}\\"
ADDRESS_CODES: Final = {ord(mark): percent_encode(mark) for mark in "*[]\\`|${}^" + AT_SIGNS}
ADDRESS_CODES[ord("~")] = "%7E"
ENTITY = re.compile(r"&(\#?\w+);")
# What the web client takes for the start of an address; it then takes our marks for a part of it.
ADDRESS_START = re.compile(
    r"(?<![A-Za-z0-9])(?:(?i:https?|ftp|mailto|tel|mattermost):[\w/%]|(?i:www)\d{0,3}\.)"
    r"|(?<![\w.-])[\w.-]+\.[^\W\d_]{2,4}/"
)
EMOJI_START = re.compile(r":[\w+-]*\Z")  # `:-https:` is as good a name as `:https:`
OUR_MARK = re.compile(r"\\|&(?:lt|amp|\#36);")
WORD = re.compile(r"\S+")

MENTION = re.compile(
    rf"(?P<address>(?i:https?)://[^\s<>\"()\[\]]+)|(?P<at>[{AT_SIGNS}])|(?P<slack><!)"
    rf"|(?P<entity>&(?:\#\w{{1,12}}|commat);)"
)
MENTION_IN_ADDRESS = re.compile(r"(?<![A-Za-z0-9])@|[＠﹫]|&(?:\#\w{1,12}|commat);")
SPACE = re.compile(r"\s+")


class Markdown(str):
    """Text that is safe as it stands: ours, a rule author's, or already escaped."""

    __slots__ = ()


def escape(text: str) -> Markdown:
    """`text` as inert text: it mentions nobody, links nothing but the addresses it shows, and has
    no formatting. What is Markdown already stays. Emoji (`:rocket:`) are shown as such.

    Nobody is mentioned whatever text is put before or behind it. Words that a person chose as
    keywords still notify him: only `code` would stop that.
    """
    if isinstance(text, Markdown):
        return text
    indent = " " if text.startswith((" ", "\t")) else ""
    text = _tidy(text)
    if "://" in text or "www" in text:
        pieces = ADDRESS.split(text)  # the addresses stand at the odd places
        pieces[1::2] = map(_inert_address, pieces[1::2])
        pieces[::2] = [MARKS.sub(_inert_mark, piece) for piece in pieces[::2]]
        pieces[:-1:2] = map(_apart, pieces[:-1:2])
        text = "".join(pieces)
    else:
        text = MARKS.sub(_inert_mark, text)
    text = BLOCK_START.sub(r"\1\\", text)
    text = UNDERLINE.sub(ZWSP, text) if "=" in text else text
    if OUR_MARK.search(text) and ADDRESS_START.search(text):
        text = WORD.sub(lambda found: _parted_from_address(found[0]), text)
    return Markdown(indent + text)


def _apart(before: str) -> str:
    """Of what stands before an address: `:https:` would be read as an emoji, and the rest alone."""
    return before + ZWSP if EMOJI_START.search(before) else before


def break_mentions(text: str) -> Markdown:
    """`text` with its Markdown left standing, but mentioning nobody, not even inside code.

    Links of the form `<address|label>` are Markdown in this sense, and stay.
    """
    return Markdown(MENTION.sub(_broken_mention, text))


def code(text: str) -> Markdown:
    """A code span around one line. Mentions are broken all the same: a stray backtick of the
    template would end the span."""
    content = break_mentions(SPACE.sub(" ", _tidy(text)).strip())
    if not content:
        return Markdown()
    ticks = "`" * (_longest_run(content) + 1)
    padding = " " if content[0] == "`" or content[-1] == "`" else ""
    return Markdown(f"{ticks}{padding}{content}{padding}{ticks}")


def fence(text: str) -> Markdown:
    """A code block; its fence is longer than any run of backticks inside."""
    content = break_mentions(_lines_only(text).strip("\n"))
    if not content.strip():
        return Markdown()
    ticks = "`" * max(3, _longest_run(content) + 1)
    return Markdown(f"{ticks}\n{content}\n{ticks}")


def link(label: str, url: str) -> Markdown:
    """`[label](url)`, or the label alone where the address is none that we link to."""
    target = _link_target(url)
    shown = SPACE.sub(" ", escape(label)).strip()
    if not target:
        return Markdown(shown)
    # The web client counts brackets in a label, escaped or not.
    shown = (shown or escape(target)).replace("\\[", "&#91;").replace("\\]", "&#93;")
    return Markdown(f"[{shown}]({target})")


def quote(text: str) -> Markdown:
    """A block quote, each line of it inert."""
    lines = escape(text).strip().split("\n")
    return Markdown("\n".join(f"> {line}".rstrip() for line in lines) if lines != [""] else "")


def _tidy(text: str) -> str:
    """Lines that end in `\\n`, without indentation and characters that nobody can see."""
    if text.isprintable() and text[:1] != " " and "\u2424" not in text:
        return text
    return INDENT.sub("", _lines_only(text))


def _lines_only(text: str) -> str:
    return UNPRINTABLE.sub("", LINE_END.sub("\n", text))


def _inert_mark(found: re.Match[str]) -> str:
    mark = found[0]
    match mark[0]:
        case "`" | "*" | "|" | "[" | "]":
            return f"\\{mark}"
        case "_":
            return mark if _follows_word(found) and _precedes_word(found) else "\\_" * len(mark)
        case "\\":
            return mark if _precedes_word(found) else "\\\\"
        case "@":
            return mark if _follows_word(found) else mark + ZWSP
        case "~":
            is_inside_word = _follows_word(found) and _precedes_word(found)
            return mark if is_inside_word else "\\~" + _guard(found, CHANNEL_START)
        case "#":
            return mark if _follows_word(found) else mark + _guard(found, HASHTAG_START)
        case "<":
            return "&lt;"
        case "&":
            return "&amp;" if ENTITY_NAME.match(found.string, found.end()) else mark
        case "$":  # without a closing one, none opens a formula
            return mark if _precedes_word(found) else "&#36;"
    return mark + ZWSP  # the other signs that mention


def _follows_word(found: re.Match[str]) -> bool:
    before = found.string[found.start() - 1] if found.start() else ""
    return before.isascii() and before.isalnum()


def _precedes_word(found: re.Match[str]) -> bool:
    after = found.string[found.end() : found.end() + 1]
    return after.isascii() and after.isalnum()


def _guard(found: re.Match[str], dangerous: re.Pattern[str]) -> str:
    """A zero-width space before a dangerous character, and at the end: more text may follow."""
    is_safe = found.end() < len(found.string) and not dangerous.match(found.string, found.end())
    return "" if is_safe else ZWSP


def _inert_address(address: str) -> str:
    """The address with its marks percent-encoded, which leaves it clickable, and its tail."""
    stem = address.rstrip(ADDRESS_END)
    tail = MARKS.sub(_inert_mark, address[len(stem) :])
    stem = ENTITY.sub(r"&\1%3B", stem.translate(ADDRESS_CODES))
    return re.sub("_+", _inert_underscores, stem) + tail


def _inert_underscores(found: re.Match[str]) -> str:
    opens_bracket = found.string[found.end() : found.end() + 1] == "("  # as in Wikipedia's
    is_harmless = _follows_word(found) and (_precedes_word(found) or opens_bracket)
    return found[0] if is_harmless else "%5F" * len(found[0])


def _parted_from_address(word: str) -> str:
    """The word with a space between an address in it and the mark that follows."""
    pieces = []
    while (start := ADDRESS_START.search(word)) and (mark := OUR_MARK.search(word, start.end())):
        pieces.append(word[: mark.start()])
        word = word[mark.start() :]
    return " ".join((*pieces, word))


def _broken_mention(found: re.Match[str]) -> str:
    text = found[0]
    match found.lastgroup:
        case "at":
            return text if text == "@" and _follows_word(found) else text + ZWSP
        case "slack":
            return f"<{ZWSP}!"
        case "entity":
            return f"&{ZWSP}{text[1:]}" if html.unescape(text) in AT_SIGNS else text
        case _:
            return MENTION_IN_ADDRESS.sub(_encoded_at_sign, text)


def _encoded_at_sign(found: re.Match[str]) -> str:
    character = html.unescape(found[0])
    return percent_encode(character) if character in AT_SIGNS else found[0]


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _link_target(url: str) -> str:
    """The address, unable to end the link it stands in; empty for one that is not linked to."""
    address = url.strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    is_complete = parts.path if parts.scheme == "mailto" else parts.netloc
    if parts.scheme not in LINK_SCHEMES or not is_complete or not address.isprintable():
        return ""
    encoded = percent_encode(address, safe="/:?#=&%+,;@!'$").replace("~", "%7E")
    return re.sub("(?<![A-Za-z0-9])@", "%40", ENTITY.sub(r"&\1%3B", encoded))
