"""Long text cut where it may be: to what a post can hold, or to a few words."""

import re
import unicodedata
from typing import Final

MAX_POST_RUNES: Final = 16_000  # Mattermost refuses more than 16,383 code points a post
MAX_FENCE_CHARS: Final = 100  # longer ones are cut like text: to close one must fit any post
MAX_STEP_BACK: Final = 16  # characters that a hard cut gives way to keep a letter whole

FENCE = re.compile(
    rf"(?m)^ {{0,3}}(?P<run>`{{3,{MAX_FENCE_CHARS}}}(?!`)|~{{3,{MAX_FENCE_CHARS}}}(?!~))"
    rf"(?P<rest>[^`\n]{{0,{MAX_FENCE_CHARS}}})$"
)
SPACE = re.compile(r"\s+")


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut behind a word where one ends in the last third."""
    if len(text) <= limit:
        return text
    if limit < 1:
        return ""
    head = text[: limit - 1]
    if not text[limit - 1].isspace():
        words = SPACE.split(head[limit // 3 * 2 :])
        head = head[: -len(words[-1])] if len(words) > 1 and words[-1] else head
    return head.rstrip() + "…"


def split_text(text: str, limit: int = MAX_POST_RUNES) -> list[str]:
    """Parts of at most `limit` code points, cut at a paragraph, else a line, a word, or anywhere.

    A code block that is cut is closed and opened again in the next part.
    """
    parts = []
    while len(text) > limit:
        head, text = _cut(text, limit)
        parts.append(head)
    return [part for part in (*parts, text) if part.strip()] or [text]


def _cut(text: str, limit: int) -> tuple[str, str]:
    """The first part and the rest; a code block that lies across the cut is parted in two."""
    position = _cut_position(text, limit)
    opening, closing = _open_fence(text[:position])
    if opening and len(opening) + len(closing) < limit // 4:
        position = _cut_position(text, limit - len(closing) - 1)
        opening, closing = _open_fence(text[:position])
        if opening:
            return _cut_code(text, position, opening, closing)
    return text[:position].rstrip(), text[position:].lstrip()


def _cut_code(text: str, position: int, opening: str, closing: str) -> tuple[str, str]:
    head = text[:position].rstrip("\n") + "\n" + closing
    rest = text[position:].removeprefix("\n")
    remaining = rest.removeprefix(closing)
    if remaining != rest and remaining[:1] in ("", "\n"):
        return head, remaining.lstrip()  # the block ended here of itself
    return head, f"{opening}\n{rest}"


def _cut_position(text: str, limit: int) -> int:
    """Where to cut: at the largest boundary in the second half, else at the largest anywhere."""
    found = FENCE.match(text)
    start = found.end() + 2 if found else 1  # a block that begins here keeps some of its text
    for earliest in (max(start, limit // 2), start):
        for boundary in ("\n\n", "\n", " "):
            position = text.rfind(boundary, earliest, limit + 1)
            if position > 0:
                return position
    position = limit
    while position > limit - MAX_STEP_BACK and position > start and _is_joined(text, position):
        position -= 1
    return position


def _is_joined(text: str, position: int) -> bool:
    """Whether a cut here would part an accent, an emoji or an escaped mark."""
    before, after = text[position - 1], text[position]
    joiners = "\u200b\u200d\\"
    return before in joiners or after in joiners or unicodedata.category(after).startswith("M")


def _open_fence(text: str) -> tuple[str, str]:
    """The opening line and the closing fence of a code block that `text` ends within."""
    opening = closing = ""
    for found in FENCE.finditer(text):
        run, rest = found["run"], found["rest"].strip()
        if not closing:
            opening, closing = found[0].strip(), run
        elif run.startswith(closing) and not rest:
            opening = closing = ""
    return opening, closing
