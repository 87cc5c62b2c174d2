"""Reads a JSON object field by field and names the first one that is not what it should be."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from hub.contracts import JSONObject, JSONValue, PayloadError

NULL = "None"  # what a template makes of an empty field
TRUE_WORDS = frozenset(("1", "true", "yes"))
FALSE_WORDS = frozenset(("", "0", "false", "no"))
NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")
DATE_CHARS = len("2026-11-24")
SECOND_CHARS = len("2026-11-24 09:15:00")
MAX_MOMENT_CHARS = 40
LARGEST = 10**15  # beyond it, it is no sum of money
MAX_LINE_CHARS = 250
MAX_ADDRESSES = 20


@dataclass(frozen=True, slots=True)
class Node:
    """One JSON object and where it stands. Missing, null, "" and "None" all mean nothing.

    `keys` says under which other key the sender put a field. Every method raises PayloadError,
    with the path, for a value of another sort.
    """

    value: JSONObject = field(default_factory=dict)
    path: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)

    def raw(self, name: str) -> JSONValue:
        return self.value.get(self.keys.get(name, name))

    def text(self, name: str, limit: int | None = None) -> str:
        """Text or a number: field tables send numbers, templates send them as text."""
        value = self.raw(name)
        if value is None:
            return ""
        if isinstance(value, bool | list | dict):
            raise self.surprise(name, "is not a text")
        text = str(value).strip()
        return "" if text == NULL else text[:limit]

    def line(self, name: str) -> str:
        """Text on one line, cut to what one can hold."""
        text = " ".join(self.text(name, MAX_LINE_CHARS * 4).split())
        return text if len(text) <= MAX_LINE_CHARS else f"{text[: MAX_LINE_CHARS - 1]}…"

    def flag(self, name: str) -> bool | None:
        """A check box: 0 or 1, as text `"0"`, `"False"` or `"Yes"`; None when it is not said."""
        value = self.raw(name)
        text = str(value).lower() if isinstance(value, bool) else self.text(name).lower()
        if text in TRUE_WORDS:
            return True
        if text not in FALSE_WORDS:
            raise self.surprise(name, "is neither yes nor no")
        return False if text else None

    def number(self, name: str) -> int | float | str:
        """A number, also one written as text; `"€ 1.210,00"` stays the text it is, "" is none."""
        value = self.raw(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST:
            return value
        text = self.line(name)
        return float(text) if NUMBER.fullmatch(text) else text

    def moment(self, name: str, zone: tzinfo) -> str:
        """A day as it is; a time of the site in UTC, ISO 8601. What is neither stays as it came."""
        text = self.text(name, MAX_MOMENT_CHARS)
        if len(text) <= DATE_CHARS:
            return text
        try:
            moment = datetime.fromisoformat(text)
            local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
            return f"{local.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        except (ValueError, OverflowError):
            return text

    def second(self, name: str) -> str:
        """A time as the site writes it, without the fraction that is left out when it is zero."""
        return self.text(name, SECOND_CHARS).replace("T", " ")

    def addresses(self, name: str) -> list[str]:
        """A list of e-mail addresses, or one written as JSON (`_assign`)."""
        value = self.raw(name)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                return []
        if not isinstance(value, list):
            return []
        found = [one[:MAX_LINE_CHARS] for one in value if isinstance(one, str) and one]
        return found[:MAX_ADDRESSES]

    def node(self, name: str) -> "Node":
        """The object in a field, empty when there is none."""
        value = self.raw(name)
        if value is None:
            return Node({}, self.at(name))
        if not isinstance(value, dict):
            raise self.surprise(name, "is not an object")
        return Node(value, self.at(name))

    def rows(self, name: str) -> list["Node"]:
        """The rows of a child table."""
        value = self.raw(name)
        if value is None or value == "":
            return []
        if not isinstance(value, list):
            raise self.surprise(name, "is not a list of rows")
        rows = Node({str(place): one for place, one in enumerate(value)}, self.at(name))
        return [rows.node(place) for place in rows.value]

    def at(self, name: str) -> str:
        key = self.keys.get(name, name)
        return f"{self.path}.{key}" if self.path else key

    def surprise(self, name: str, problem: str) -> PayloadError:
        path = self.at(name)
        return PayloadError(f"{path} {problem}", path)


def zone_of(options: Mapping[str, JSONValue]) -> tzinfo:
    """The option `zone`, else UTC; the probe complains of one that does not exist."""
    return find_zone(str(options.get("zone") or "UTC")) or UTC


def find_zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return None


def day_in(zone: tzinfo, now: datetime) -> date:
    return now.astimezone(zone).date()
