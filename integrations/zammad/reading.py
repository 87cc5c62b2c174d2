"""Reads a JSON object field by field and names the first one that is not what it should be."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hub.contracts import JSONObject, PayloadError

# What Zammad sends for a variable it does not know: #{ticket.foo / no such method}
UNKNOWN_VARIABLE = re.compile(r"#\{([^{}]{1,200}?) / (?:no such \w{1,20}|not allowed)\}")


@dataclass(frozen=True, slots=True)
class Node:
    """One JSON object and where it stands. A missing field, null and "" all mean nothing.

    Every method raises PayloadError, with the path, for a value of another sort.
    """

    value: JSONObject = field(default_factory=dict)
    path: str = ""

    def text(self, name: str) -> str:
        """Text or a number: custom payloads send one as the other, depending on the version."""
        value = self.value.get(name)
        if value is None:
            return ""
        if isinstance(value, bool | list | dict):
            raise self.surprise(name, "is not a text")
        text = str(value)
        return (UNKNOWN_VARIABLE.sub("", text) if "#{" in text else text).strip()

    def line(self, name: str) -> str:
        """Text on one line."""
        return " ".join(self.text(name).split())

    def flag(self, name: str) -> bool:
        value = self.value.get(name)
        if isinstance(value, bool):
            return value
        text = self.text(name).lower()
        if text not in ("", "true", "false"):
            raise self.surprise(name, "is neither true nor false")
        return text == "true"

    def count(self, name: str) -> int | None:
        text = self.text(name)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise self.surprise(name, "is not a whole number")
        return int(text)

    def time(self, name: str) -> datetime | None:
        """`2026-11-24T08:11:56.000Z`, and in custom payloads `2026-11-24 08:11:56 UTC`."""
        text = self.text(name)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError) as error:
            raise self.surprise(name, "is not a time") from error

    def node(self, name: str) -> "Node":
        """The object in a field, empty when there is none."""
        value = self.value.get(name)
        if value is None or value == "":
            return Node({}, self.at(name))
        if not isinstance(value, dict):
            raise self.surprise(name, "is not an object")
        return Node(value, self.at(name))

    def nodes(self, name: str) -> list["Node"]:
        value = self.value.get(name)
        if value is None or value == "":
            return []
        if not isinstance(value, list):
            raise self.surprise(name, "is not a list")
        wrapped = Node({str(place): element for place, element in enumerate(value)}, self.at(name))
        return [wrapped.node(place) for place in wrapped.value]

    def name_of(self, name: str) -> str:
        """`"3 high"` in a custom payload, `{"name": "3 high"}` in the default one."""
        if isinstance(self.value.get(name), dict):
            return self.node(name).line("name")
        return self.line(name)

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def surprise(self, name: str, problem: str) -> PayloadError:
        path = self.at(name)
        return PayloadError(f"{path} {problem}", path)
