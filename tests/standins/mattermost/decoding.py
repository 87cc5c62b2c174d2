"""JSON as Go reads it: strict values, typed fields, nothing after the first value matters."""

import json
import re

from hub.contracts import JSONObject, JSONValue

ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
SURROGATE = re.compile("[\ud800-\udfff]")
LENIENT_STRING = re.compile(
    r'("(?:text|fallback|pretext|author_name|title|value)"\s*:\s*")((?:\\.|[^"\\])*)"', re.DOTALL
)


def _refuse_constant(name: str) -> JSONValue:
    raise ValueError(f"{name} is not JSON")


DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def decode(body: bytes) -> JSONValue:
    """The first JSON value of `body`. Raises ValueError when there is none."""
    text = body.decode("utf-8", "replace")
    value: JSONValue = DECODER.raw_decode(text.lstrip(" \t\r\n"))[0]
    return _without_surrogates(value) if ESCAPED_SURROGATE.search(body) else value


def decode_whole(body: bytes) -> JSONValue:
    """As `decode`, but nothing may follow the value. Raises ValueError."""
    text = body.decode("utf-8", "replace")
    value: JSONValue = DECODER.decode(text)
    return _without_surrogates(value) if ESCAPED_SURROGATE.search(body) else value


def decode_leniently(body: bytes) -> JSONValue:
    """As `decode`; the second try escapes raw line ends and tabs in the texts of a message.

    Raises ValueError.
    """
    try:
        return decode(body)
    except ValueError:
        text = body.decode("utf-8", "replace")
        return decode(LENIENT_STRING.sub(_escape_controls, text).encode())


def encode(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def text_of(source: JSONObject, key: str, default: str = "") -> str:
    """A string field; absent and null give the default. Raises ValueError for another type."""
    value = source.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise ValueError(f"{key} is not a string")  # noqa: TRY004  as all that is wrong with JSON
    return value


def flag_of(source: JSONObject, key: str) -> bool:
    """A boolean field. Raises ValueError for another type."""
    value = source.get(key)
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"{key} is not a boolean")
    return bool(value)


def object_of(source: JSONObject, key: str) -> JSONObject:
    """An object field; absent and null give an empty one. Raises ValueError for another type."""
    return as_object(source.get(key), key)


def as_object(value: JSONValue, name: str) -> JSONObject:
    """Raises ValueError when `value` is neither an object nor null."""
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"{name} is not an object")
    return value or {}


def list_of(source: JSONObject, key: str) -> list[JSONValue]:
    """A list field; absent and null give an empty one. Raises ValueError for another type."""
    value = source.get(key)
    if value is not None and not isinstance(value, list):
        raise ValueError(f"{key} is not a list")
    return value or []


def objects_of(source: JSONObject, key: str) -> list[JSONObject]:
    """A list of objects, nulls dropped. Raises ValueError for another type."""
    return [as_object(one, key) for one in list_of(source, key) if one is not None]


def strings_of(value: JSONValue) -> list[str]:
    """A list of strings. Raises ValueError for anything else."""
    if not isinstance(value, list):
        raise ValueError("not a list")  # noqa: TRY004  as all that is wrong with JSON
    strings = [one for one in value if isinstance(one, str)]
    if len(strings) != len(value):
        raise ValueError("not a list of strings")
    return strings


def _escape_controls(match: re.Match[str]) -> str:
    text = match[2].replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f'{match[1]}{text}"'


def _without_surrogates(value: JSONValue) -> JSONValue:
    if isinstance(value, str):
        return SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [_without_surrogates(one) for one in value]
    if isinstance(value, dict):
        return {key: _without_surrogates(one) for key, one in value.items()}
    return value
