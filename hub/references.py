"""How people write references, and which source is meant: the admin's table of patterns."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import re2

from hub import registry
from hub.models import ReferencePattern, Source
from hub.operators import PATTERN_OPTIONS

MAX_SEARCHED_CHARS = 20_000
URL = re.compile(r"https?://\S+")
WORD = re.compile(r"[\w#][\w#./-]*")
EDGES = "./-_"


@dataclass(frozen=True, slots=True)
class Named:
    """A ticket that was named: how its source writes it."""

    source_id: int
    display: str


class Patterns:
    """The patterns of all active sources, compiled."""

    def __init__(self, rows: tuple[tuple[int, str, str, int], ...]) -> None:
        """Of (source id, pattern, display, order); one that does not compile is left out."""
        self._compiled = [
            (source_id, compiled, display, order)
            for source_id, pattern, display, order in rows
            if (compiled := _compile(pattern)) is not None
        ]

    def find(self, word: str) -> tuple[Named, ...]:
        """What one word names, also in small letters. Several: patterns of the same order."""
        return self._find(word) or self._find(word.upper())

    def _find(self, word: str) -> tuple[Named, ...]:
        found = [
            (order, Named(source_id, _display(match, display)))
            for source_id, pattern, display, order in self._compiled
            if (match := pattern.fullmatch(word)) is not None
        ]
        lowest = min((order for order, _named in found), default=0)
        return tuple(dict.fromkeys(named for order, named in found if order == lowest))

    def search(self, text: str) -> Iterator[tuple[Named, ...]]:
        """What the words of a message name, in order; addresses are no words."""
        plain = URL.sub(" ", text[:MAX_SEARCHED_CHARS].replace("\\", "").replace("\u200b", ""))
        for word in WORD.findall(plain):
            found = self.find(word.strip(EDGES))
            if found:
                yield found


def load_patterns() -> Patterns:
    """Read and compiled for each command: a few rows, and people type slowly."""
    rows = ReferencePattern.objects.filter(source__in=answerable_sources())
    return Patterns(tuple(rows.values_list("source_id", "pattern", "display", "order")))


def answerable_sources() -> set[int]:
    """Ids of the sources whose tickets can be looked up and written to from chat."""
    rows = Source.objects.filter(is_active=True).values_list("pk", "integration")
    return {pk for pk, name in rows if (one := registry.get(name)) and one.find_ticket}


def _compile(pattern: str) -> Any:
    try:
        return re2.compile(pattern, PATTERN_OPTIONS)
    except re2.error:
        return None


def _display(match: Any, display: str) -> str:
    caught = next((one for one in match.groups() if one is not None), match.group())
    return display.replace("{}", caught) if display else str(match.group())
