"""A mapping: an admin's own paths over those of a preset."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from hub.contracts import JSONObject, JSONValue

PRESETS: Final[Mapping[str, JSONObject]] = yaml.safe_load(
    Path(__file__).with_name("presets.yaml").read_text()
)
STEP_END: Final = re.compile(r"(?<!\\)\.")  # `\.` is a dot within a name
PLACE: Final = re.compile(r"-?[0-9]{1,9}")  # in a list; from its end where negative
MAX_DEPTH: Final = 12  # steps of a path
ANY_WORD: Final = "*"


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Where things stand, and what the sender's words mean."""

    paths: Mapping[str, str]
    kinds: Mapping[str, str]
    severities: Mapping[str, str]
    fields: Mapping[str, str]


def read_mapping(options: Mapping[str, JSONValue]) -> FieldMap:
    """Unknown presets and parts of a wrong shape count as empty: the payload then says so."""
    preset = PRESETS.get(str(options.get("preset") or ""), {})

    def part(name: str) -> dict[str, str]:
        own = options.get(name)
        both = {**_texts(preset.get(name)), **_texts(own)}
        return {key: value for key, value in both.items() if value}

    return FieldMap(part("paths"), part("kinds"), part("severities"), part("fields"))


def value_at(content: JSONValue, path: str) -> JSONValue:
    """`alerts.0.labels.severity`; None where it leads nowhere."""
    for escaped in STEP_END.split(path)[:MAX_DEPTH] if path else []:
        step = escaped.replace("\\.", ".")
        if isinstance(content, dict):
            content = content.get(step)
        elif isinstance(content, list) and PLACE.fullmatch(step):
            index = int(step)
            content = content[index] if -len(content) <= index < len(content) else None
        else:
            return None
    return content if path else None


def text_at(content: JSONValue, path: str) -> str:
    """What stands there as text; a list as its elements; objects and nothing as ''."""
    value = value_at(content, path)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value[:20] if isinstance(one, str | int | float))
    return str(value).strip() if isinstance(value, str | int | float) else ""


def meaning(words: Mapping[str, str], word: str, otherwise: str) -> str:
    """The admin's word for theirs, whatever its case."""
    known = {key.lower(): value for key, value in words.items()}
    return known.get(word.lower()) or known.get(ANY_WORD) or otherwise


def _texts(value: JSONValue) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {str(key): str(one) for key, one in value.items() if isinstance(one, str | int)}
