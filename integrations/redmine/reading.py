"""Reads JSON objects by field; what is not as expected is named with its place."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from hub.contracts import JSONObject, JSONValue, PayloadError

MAX_DIGITS = 18  # of an id; a longer number is none


@dataclass(frozen=True, slots=True)
class Node:
    """One object and its place. Missing, null and "" all mean that there is nothing.

    Every method raises PayloadError for a value of another sort.
    """

    value: JSONObject = field(default_factory=dict)
    path: str = ""

    def text(self, name: str) -> str:
        """Numbers count as the text that spells them."""
        value = self.value.get(name)
        if value is None:
            return ""
        if isinstance(value, bool | list | dict):
            raise self.surprise(name, "is not a text")
        return str(value).strip()

    def line(self, name: str, limit: int = 250) -> str:
        """On one line, at most `limit` characters long."""
        return cut(" ".join(self.text(name)[: 4 * limit].split()), limit)

    def id(self, name: str) -> str:
        """A whole number as text; empty when there is none."""
        text = self.text(name)
        if text and not is_number(text):
            raise self.surprise(name, "is not a number")
        return text

    def flag(self, name: str) -> bool | None:
        """None when it does not say."""
        value = self.value.get(name)
        if value is None or isinstance(value, bool):
            return value
        word = self.text(name).lower()
        if word not in ("", "true", "false", "1", "0"):
            raise self.surprise(name, "is neither true nor false")
        return word in ("true", "1") if word else None

    def time(self, name: str) -> datetime | None:
        """In UTC and whole seconds: the plugin sends milliseconds, Redmine itself does not."""
        text = self.text(name)
        if not text:
            return None
        moment = read_time(text)
        if moment is None:
            raise self.surprise(name, "is not a time")
        return moment

    def node(self, name: str) -> "Node":
        """Empty when there is none."""
        value = self.value.get(name)
        if value is None or value == "":
            return Node({}, self.at(name))
        if not isinstance(value, dict):
            raise self.surprise(name, "is not an object")
        return Node(value, self.at(name))

    def nodes(self, name: str, limit: int) -> list["Node"]:
        """The first `limit` objects of a list."""
        value = self.value.get(name)
        if value is None or value == "":
            return []
        if not isinstance(value, list):
            raise self.surprise(name, "is not a list")
        numbered: JSONObject = {str(place): one for place, one in enumerate(value[:limit])}
        inner = Node(numbered, self.at(name))
        return [inner.node(place) for place in numbered]

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def surprise(self, name: str, problem: str) -> PayloadError:
        path = self.at(name)
        return PayloadError(f"{path} {problem}", path)


def read_time(text: str) -> datetime | None:
    """None for what is no time."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return moment.replace(microsecond=0)


def write_time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def as_object(value: JSONValue) -> JSONObject:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}
