"""What people type in Mattermost as Redmine shows it: Markdown made harmless, or Textile."""

import re
from collections.abc import Callable
from typing import Final

from hub.contracts import SourceView
from hub.markup import author_line, plain_text, storable, without_author_line
from integrations.redmine.textile import ISSUE_NUMBER, escape_textile, read_textile, to_textile

TEXTILE: Final = "textile"
CODE = re.compile(
    r"^ {0,3}(?P<fence>`{3,}|~{3,}).*?(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z)"
    r"|(?P<ticks>`++).+?(?<!`)(?P=ticks)(?!`)",
    re.MULTILINE | re.DOTALL,
)
# Of HTML Redmine shows nothing, or what it means; of macros what they make.
TRAPS = re.compile(
    r"\\.|<https?://[^\s<>]++>|(?P<tag><)(?=[A-Za-z/!?])|(?P<macro>\{\{)(?=\w)", re.DOTALL
)
NAME_TRAPS = re.compile(r"([\\`*_\[\]<>#!|~])")


def note_body(source: SourceView, text: str, author_name: str = "") -> str:
    """`text` for this Redmine, below a line with its author where one is given.

    Where the source has a prefix, a bare number means an issue of another Redmine.
    """
    line = author_line(author_name) if author_name else ""
    has_prefix = bool(source.options.get("prefix"))
    if is_textile(source):
        line, body = escape_textile(line), to_textile(text, has_prefix=has_prefix)
    else:
        line, body = NAME_TRAPS.sub(r"\\\1", line), safe_markdown(text, has_prefix=has_prefix)
    return f"{line}\n\n{body}" if line else body


def note_plain(source: SourceView, notes: str) -> str:
    """The text of a note as `hub.markup.plain_text` has it of what was typed, without its author.

    In Textile the items of a numbered list have no numbers.
    """
    return without_author_line(read_textile(notes) if is_textile(source) else plain_text(notes))


def is_textile(source: SourceView) -> bool:
    return str(source.options.get("markup") or "").strip().lower() == TEXTILE


def safe_markdown(text: str, *, has_prefix: bool = False) -> str:
    """Markdown in which HTML and macros stay what was typed; code is left as it is."""

    def defused(part: str) -> str:
        safe = TRAPS.sub(_defused, part)
        return ISSUE_NUMBER.sub("!#", safe) if has_prefix else safe

    return _outside_code(storable(text), defused)


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    pieces, end = [], 0
    for found in CODE.finditer(text):
        pieces += [change(text[end : found.start()]), found[0]]
        end = found.end()
    return "".join((*pieces, change(text[end:])))


def _defused(found: re.Match[str]) -> str:
    if found["tag"]:
        return "\\<"
    return "!{{" if found["macro"] else found[0]
