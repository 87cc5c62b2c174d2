"""Reads a JSON object field by field and names the first one that is not what it should be."""

import re
from dataclasses import dataclass, field

from hub.contracts import JSONObject, JSONValue, PayloadError

MAX_LINE_CHARS = 250
MAX_ADDRESS_CHARS = 2_000
MAX_DEPTH = 20  # a message has seven levels; deeper ones break whoever walks them
ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fields:
    """One JSON object and where it stands. Missing, null and "" all mean nothing.

    Every method raises PayloadError, with the path, for a value of another sort.
    """

    value: JSONObject = field(default_factory=dict)
    path: str = ""

    def text(self, name: str, limit: int = MAX_LINE_CHARS) -> str:
        """Text; a number or truth value as an expression of n8n writes it."""
        found = self.value.get(name)
        if isinstance(found, list | dict):
            raise self.surprise(name, "is not a text")
        return as_text(found)[:limit]

    def line(self, name: str) -> str:
        """Text on one line, cut to what one can hold."""
        text = " ".join(self.text(name, MAX_LINE_CHARS * 4).split())
        return text if len(text) <= MAX_LINE_CHARS else f"{text[: MAX_LINE_CHARS - 1].rstrip()}…"

    def address(self, name: str) -> str:
        """Only http(s): what else a client might open is left out."""
        text = self.text(name, MAX_ADDRESS_CHARS + 1).strip()
        return text if len(text) <= MAX_ADDRESS_CHARS and ADDRESS.fullmatch(text) else ""

    def inner(self, name: str) -> "Fields":
        """The object in a field, empty when there is none."""
        found = self.value.get(name)
        if found is None or found == "":
            return Fields({}, self.at(name))
        if not isinstance(found, dict):
            raise self.surprise(name, "is not an object")
        return Fields(found, self.at(name))

    def each(self, name: str) -> list["Fields"]:
        """The objects of a list, nulls left out; also one object without its list."""
        found = self.value.get(name)
        if found is None or found == "":
            return []
        if isinstance(found, dict):
            return [Fields(found, self.at(name))]
        if not isinstance(found, list):
            raise self.surprise(name, "is not a list of objects")
        numbered = Fields({str(place): one for place, one in enumerate(found)}, self.at(name))
        return [numbered.inner(place) for place, one in numbered.value.items() if one is not None]

    def words(self, name: str) -> list[str]:
        """A list of short texts, or one text with spaces or commas between them."""
        found = self.value.get(name)
        if not isinstance(found, list):
            return self.text(name).replace(",", " ").split()
        numbered = Fields({str(place): one for place, one in enumerate(found)}, self.at(name))
        words = [" ".join(numbered.text(place).split()) for place in numbered.value]
        return [word for word in words if word]

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def surprise(self, name: str, problem: str) -> PayloadError:
        path = self.at(name)
        return PayloadError(f"{path} {problem}", path)


def read_body(value: JSONValue) -> Fields:
    """Raises PayloadError."""
    if not isinstance(value, dict):
        raise PayloadError("the body must be one JSON object: send each item in its own request")
    for name, inner in value.items():
        if _is_deeper_than(MAX_DEPTH, inner):
            raise PayloadError(f"{name[:60]} is nested too deeply", name)
    return Fields(value)


def as_text(value: JSONValue) -> str:
    if value is None or isinstance(value, list | dict):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _is_deeper_than(levels: int, value: JSONValue) -> bool:
    if not isinstance(value, list | dict):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper_than(levels - 1, one) for one in inner)
