"""A JSON object read field by field; the first one that is not as it should be is named."""

import re
from dataclasses import dataclass, field

from hub.contracts import JSONObject, PayloadError

MAX_LINE_CHARS = 250  # titles, names and branches; a message shows no more
MAX_TEXT_CHARS = 1_500  # descriptions and comments; Mattermost folds what is longer
MAX_ADDRESS_CHARS = 2_000
MAX_DIGITS = 18
ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
ABSENT = (None, "")


@dataclass(frozen=True, slots=True)
class Node:
    """One JSON object and where it stands. A missing field, null and "" all mean nothing.

    Every method raises PayloadError, with the path, for a value of another sort.
    """

    value: JSONObject = field(default_factory=dict)
    path: str = ""

    def __bool__(self) -> bool:
        return bool(self.value)

    def text(self, name: str, limit: int = MAX_TEXT_CHARS) -> str:
        """Text, or a number as text; cut to `limit` characters."""
        value = self.value.get(name)
        if value is None:
            return ""
        if isinstance(value, bool | list | dict):
            raise self.surprise(name, "is not a text")
        return cut(str(value).strip(), limit)

    def line(self, name: str) -> str:
        """Text on one line."""
        return cut(" ".join(self.text(name).split()), MAX_LINE_CHARS)

    def first_line(self, name: str) -> str:
        """What stands for the whole: the first line of a commit's message."""
        lines = self.text(name).splitlines()
        return cut(" ".join(lines[0].split()), MAX_LINE_CHARS) if lines else ""

    def required(self, name: str) -> str:
        text = self.line(name)
        if not text:
            raise self.surprise(name, "is missing")
        return text

    def address(self, *names: str) -> str:
        """The first of these fields that is a link we would show; empty when none is."""
        found = (self.text(name, MAX_ADDRESS_CHARS) for name in names)
        return next((one for one in found if ADDRESS.fullmatch(one)), "")

    def flag(self, name: str) -> bool:
        value = self.value.get(name)
        if isinstance(value, bool):
            return value
        text = self.text(name).lower()
        if text not in ("", "true", "false"):
            raise self.surprise(name, "is neither true nor false")
        return text == "true"

    def count(self, name: str) -> int:
        """A whole number, also one sent as text; 0 when there is none."""
        text = self.text(name)
        if not text:
            return 0
        if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
            raise self.surprise(name, "is not a whole number")
        return int(text)

    def number(self) -> int:
        """How people call a pull request or an issue: `number`, in GitLab `iid`."""
        name = "iid" if "iid" in self.value else "number"
        number = self.count(name)
        if not number:
            raise self.surprise(name, "is missing")
        return number

    def node(self, name: str) -> "Node":
        """The object in a field, empty when there is none."""
        value = self.value.get(name)
        if value in ABSENT:
            return Node({}, self.at(name))
        if not isinstance(value, dict):
            raise self.surprise(name, "is not an object")
        return Node(value, self.at(name))

    def needed(self, name: str) -> "Node":
        node = self.node(name)
        if not node:
            raise self.surprise(name, "is missing")
        return node

    def nodes(self, name: str) -> list["Node"]:
        value = self.value.get(name)
        if value in ABSENT:
            return []
        if not isinstance(value, list):
            raise self.surprise(name, "is not a list")
        wrapped = Node({str(place): element for place, element in enumerate(value)}, self.at(name))
        return [wrapped.node(place) for place in wrapped.value]

    def names(self, name: str, *fields: str) -> list[str]:
        """Of each object in a list the first of `fields` that says something."""
        lines = [[one.line(each) for each in fields] for one in self.nodes(name)]
        return [found for line in lines if (found := next(filter(None, line), ""))]

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def surprise(self, name: str, problem: str) -> PayloadError:
        path = self.at(name)
        return PayloadError(f"{path} {problem}", path)


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
