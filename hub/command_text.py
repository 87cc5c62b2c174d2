"""What was typed behind a slash command, taken apart. Pure: no database, no calls."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from hub.sentences import sentence as _
from hub.tickets import ReplyOption

FLAGS: dict[str, ReplyOption] = {
    "--public": "public",
    "--private": "private",
    "--close": "close",
    "--status": "status",
    "--assign": "assign",
}
WITH_VALUE = frozenset({"--status", "--assign"})
END_OF_OPTIONS = "--"
WORD = re.compile(r"\s*(\S+)")
VALUE = re.compile(r"""\s*=?\s*(?:"([^"]*)"|“([^”]*)”|'([^']*)'|(\S+))""")
# Looks like a ticket of some system, so that a mistyped one is not written into another.
LIKE_A_REFERENCE = re.compile(r"[A-Za-z]{0,15}#\d+|[A-Z]{2,}[A-Z-]*-\d[\w-]*")
TRAILING = ":,;"


class CommandError(Exception):
    """What is wrong with what was typed; the message is what the person reads."""


@dataclass(frozen=True, slots=True)
class ReplyText:
    """`/reply [options] [reference] [options] text [options]`."""

    reference: str = ""  # as typed; empty: to be found
    text: str = ""
    options: frozenset[ReplyOption] = frozenset()
    status: str = ""
    assignee: str = ""  # a Mattermost username, without @


def parse_reply(typed: str, is_reference: Callable[[str], bool]) -> ReplyText:
    """Options stand before the text or on its last line; `--` ends them.

    Raises CommandError for an unknown option or one that lacks its value.
    """
    options = _Options()
    rest = options.take(typed.strip())
    reference, rest = ("", rest) if options.has_ended else _take_reference(rest, is_reference)
    if reference:
        rest = options.take(rest)
    text = options.take_from_end(rest)
    return ReplyText(
        reference,
        text,
        frozenset(options.found),
        options.values.get("--status", ""),
        options.values.get("--assign", "").removeprefix("@"),
    )


def looks_like_reference(word: str) -> bool:
    return LIKE_A_REFERENCE.fullmatch(word) is not None


def first_word(text: str) -> tuple[str, str]:
    """The first word and what follows it."""
    found = WORD.match(text)
    return (found[1], text[found.end() :].lstrip()) if found else ("", "")


def _take_reference(text: str, is_reference: Callable[[str], bool]) -> tuple[str, str]:
    word, rest = first_word(text)
    bare = word.rstrip(TRAILING)
    is_one = is_reference(bare) or looks_like_reference(bare)
    return (bare, rest) if bare and is_one else ("", text)


class _Options:
    def __init__(self) -> None:
        self.found: set[ReplyOption] = set()
        self.values: dict[str, str] = {}
        self.has_ended = False

    def take(self, text: str) -> str:
        """Take the options in front of `text` and give back the rest."""
        while text.startswith("--") and not self.has_ended:
            word, rest = first_word(text)
            if word == END_OF_OPTIONS:
                self.has_ended = True
                return rest
            text = self._take_one(word, text)
        return text

    def take_from_end(self, text: str) -> str:
        """A last line, or the end of the only one, that holds nothing but options."""
        if self.has_ended:
            return text.strip()
        start = _options_at_end(text)
        if start is not None:
            self.take(text[start:])
            text = text[:start]
        return text.strip()

    def _take_one(self, word: str, text: str) -> str:
        name = word.partition("=")[0].lower()
        if name not in FLAGS:
            known = ", ".join(FLAGS)
            raise CommandError(
                _(
                    "There is no option {name}. Options are {known}; -- ends them.",
                    name=name,
                    known=known,
                )
            )
        self.found.add(FLAGS[name])
        rest = text[len(name) :]
        if name not in WITH_VALUE:
            return rest.lstrip()
        value = VALUE.match(rest)
        given = next((one for one in value.groups() if one), "") if value else ""
        if not value or not given or given.startswith("--"):
            raise CommandError(_('{name} needs a value: {name} "In Progress"', name=name))
        self.values[name] = given
        return rest[value.end() :].lstrip()


AT_END = re.compile(
    r"(?:^|\s)((?:--(?:public|private|close)(?=\s|$)"
    r"|--(?:status|assign)(?:\s*=\s*|\s+)(?:\"[^\"\n]*\"|“[^”\n]*”|'[^'\n]*'|\S+))\s*)+$"
)


def _options_at_end(text: str) -> int | None:
    """Where the options at the end begin; only known ones, so that prose stays prose."""
    found = AT_END.search(text[-300:])
    if found is None:
        return None
    start = max(0, len(text) - 300) + found.start()
    return start + (1 if text[start : start + 1].isspace() else 0)
