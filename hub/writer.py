"""Turns the values of one rendering into text, within a bound on the work that takes."""

import json
from datetime import date
from typing import Final

from hub.formats import Locale
from hub.markdown import Markdown, escape, shorten

MAX_VALUE_CHARS: Final = 20_000  # a post holds 16,000
MAX_ELEMENTS: Final = 200  # of a list: more than anybody reads
MAX_STEPS: Final = 1_000_000  # of one rendering: about half a second at the very worst
STEPS_OF_OUTPUT: Final = 20
LARGEST_PLAIN_FLOAT: Final = 1e15  # beyond it an integral float may not be exact

JSON_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


class TooMuchWorkError(Exception):
    """A template does more than any message needs."""


class Writer:
    """Writes for the readers of one channel, and counts what that costs."""

    __slots__ = ("_steps_left", "locale")

    def __init__(self, locale: Locale) -> None:
        self.locale = locale
        self._steps_left = MAX_STEPS

    def spend(self, steps: int) -> None:
        """Raises TooMuchWorkError when none are left. A step is well below a microsecond."""
        self._steps_left -= steps
        if self._steps_left < 0:
            raise TooMuchWorkError

    def output(self, value: object) -> str:
        """What `{{ value }}` puts into the message: inert, unless it is Markdown already."""
        if isinstance(value, Markdown):
            self.spend(STEPS_OF_OUTPUT)
            return value
        text = self.text(value)
        self.spend(STEPS_OF_OUTPUT)
        return escape(text) if text else ""

    def text(self, value: object) -> str:
        """`value` as text, empty for what is missing. Markdown stays Markdown."""
        text = value if isinstance(value, str) else self._text_of(value)
        if len(text) > MAX_VALUE_CHARS and not isinstance(text, Markdown):
            text = shorten(text, MAX_VALUE_CHARS)
        self.spend(len(text))
        return text

    def _text_of(self, value: object) -> str:
        match value:
            case bool():
                return self.locale.truth(value)
            case int():
                return str(value)
            case float():
                return _plain_float(value)
            case date():
                return str(self.locale.datetime_of(value))
            case list():
                return ", ".join(self._element_text(one) for one in value[:MAX_ELEMENTS])
            case dict():
                return self._json(value)
            case _:
                return ""

    def _element_text(self, value: object) -> str:
        return self._json(value) if isinstance(value, list | dict) else self.text(value)

    def _json(self, value: object) -> str:
        """The beginning of it: an event can be a megabyte."""
        pieces, length = [], 0
        for piece in JSON_ENCODER.iterencode(value):
            pieces.append(piece)
            length += len(piece)
            if length > MAX_VALUE_CHARS:
                break
        self.spend(length)
        return "".join(pieces)


def _plain_float(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return ""
    is_whole = value.is_integer() and abs(value) < LARGEST_PLAIN_FLOAT
    return str(int(value)) if is_whole else str(value)
