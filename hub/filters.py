"""The filters and operators of templates: bounded, and content with whatever value they get."""

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, TypeAlias

from hub import markdown
from hub.formats import LARGEST, Locale, to_number
from hub.markdown import Markdown
from hub.plaintext import html_to_text
from hub.writer import MAX_ELEMENTS, MAX_VALUE_CHARS, Writer

MAX_HTML_CHARS: Final = 200_000  # mail programs put long style sheets before the text
MAX_DIGITS: Final = 10
DEFAULT_LIMIT: Final = 255
DEFAULT_LINES: Final = 5
PAIR_LENGTH: Final = 2
STEPS_OF_COMPARING_CONTAINERS: Final = 5_000

Filter: TypeAlias = Callable[..., object]  # (writer, value, *arguments)


def default(_writer: Writer, value: object, fallback: object = "", _always: object = 0) -> object:
    """The fallback for what is missing, null or empty; 0 and “no” are values."""
    return fallback if value in (None, "", [], {}) else value


def length(writer: Writer, value: object) -> int:
    return len(value if isinstance(value, list | dict) else writer.text(value))


def first(_writer: Writer, value: object) -> object:
    return next(iter(value), "") if isinstance(value, list | str) else value


def last(_writer: Writer, value: object) -> object:
    return next(reversed(value), "") if isinstance(value, list | str) else value


def join(writer: Writer, value: object, separator: object = ", ", attribute: object = "") -> str:
    """The elements in one line; with `attribute`, that field of each (`author.name`)."""
    texts = (writer.text(_field(one, attribute)) for one in _elements(value))
    return writer.text(writer.text(separator).join(text for text in texts if text))


def sort(writer: Writer, value: object, attribute: object = "", reverse: object = 0) -> object:
    """Numbers by size, before texts by letter."""

    def key(element: object) -> tuple[bool, Decimal, str]:
        field = _field(element, attribute)
        number = to_number(field)
        return number is None, number or Decimal(), writer.text(field).casefold()

    return sorted(_elements(value), key=key, reverse=bool(reverse))


def unique(writer: Writer, value: object) -> object:
    kept: dict[str, object] = {}
    for element in _elements(value):
        kept.setdefault(writer.text(element).casefold(), element)
    return list(kept.values())


def round_number(writer: Writer, value: object, precision: object = 0) -> object:
    number = to_number(value)
    if number is None or abs(number) >= LARGEST:
        return value
    digits = min(MAX_DIGITS, _count(precision, 0))
    rounded = number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return int(rounded) if digits == 0 else float(rounded)


def whole_number(_writer: Writer, value: object) -> object:
    number = to_number(value)
    return value if number is None or abs(number) >= LARGEST else int(number)


def upper(writer: Writer, value: object) -> str:
    return writer.text(value).upper()


def lower(writer: Writer, value: object) -> str:
    return writer.text(value).lower()


def capitalize(writer: Writer, value: object) -> str:
    """The first letter upper-case; the rest stays, for it may hold names."""
    text = writer.text(value)
    return text[:1].upper() + text[1:]


def trim(writer: Writer, value: object) -> str:
    text = writer.text(value)
    return Markdown(text.strip()) if isinstance(text, Markdown) else text.strip()


def shorten(writer: Writer, value: object, limit: object = DEFAULT_LIMIT) -> str:
    return markdown.shorten(writer.text(value), _count(limit, DEFAULT_LIMIT))


def replace(writer: Writer, value: object, old: object, new: object = "") -> str:
    text, old_text, new_text = writer.text(value), writer.text(old), writer.text(new)
    if not old_text:
        return text
    largest_count = MAX_VALUE_CHARS // max(1, len(new_text))
    return writer.text(text.replace(old_text, new_text, largest_count))


def lines(writer: Writer, value: object, count: object = DEFAULT_LINES) -> str:
    """The first lines, with `…` where more were left out."""
    text = writer.text(value).strip()
    kept = text.split("\n", limit := max(1, _count(count, DEFAULT_LINES)))
    return "\n".join(kept[:limit]).rstrip() + (" …" if len(kept) > limit else "")


def plain(writer: Writer, value: object) -> str:
    """The text of an HTML article."""
    if not isinstance(value, str):
        return writer.text(value)
    source = value[:MAX_HTML_CHARS]
    writer.spend(len(source))
    return html_to_text(source)


def code(writer: Writer, value: object) -> str:
    return markdown.code(writer.text(value))


def fence(writer: Writer, value: object) -> str:
    return _block(markdown.fence(writer.text(value)))


def quote(writer: Writer, value: object) -> str:
    return _block(markdown.quote(writer.text(value)))


def link(writer: Writer, value: object, url: object) -> str:
    return markdown.link(writer.text(value), writer.text(url))


def _local(method: Callable[[Locale, object], object]) -> Filter:
    def written(writer: Writer, value: object) -> object:
        return method(writer.locale, value)

    return written


def money(writer: Writer, value: object, currency: object = "") -> object:
    return writer.locale.money(value, writer.text(currency))


FILTERS: Final[Mapping[str, Filter]] = {
    "amount": _local(Locale.amount),
    "capitalize": capitalize,
    "code": code,
    "date": _local(Locale.date_of),
    "datetime": _local(Locale.datetime_of),
    "default": default,
    "duration": _local(Locale.duration),
    "fence": fence,
    "first": first,
    "int": whole_number,
    "join": join,
    "last": last,
    "length": length,
    "lines": lines,
    "link": link,
    "lower": lower,
    "money": money,
    "plain": plain,
    "quote": quote,
    "replace": replace,
    "round": round_number,
    "shorten": shorten,
    "sort": sort,
    "time": _local(Locale.time_of),
    "trim": trim,
    "truncate": shorten,
    "unique": unique,
    "upper": upper,
    "utc_time": _local(Locale.utc_time_of),
}


def is_equal(writer: Writer, value: object, other: object) -> bool:
    """Also a number and the text that spells it."""
    if isinstance(value, list | dict) and isinstance(other, list | dict):
        writer.spend(STEPS_OF_COMPARING_CONTAINERS)
    if isinstance(value, str) != isinstance(other, str):
        number = to_number(value)
        return number is not None and number == to_number(other)
    return value == other


def is_less(writer: Writer, value: object, other: object) -> bool:
    """As numbers if both spell one, else as texts; false where one is missing or a container."""
    numbers = to_number(value), to_number(other)
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0] < numbers[1]
    return isinstance(value, str) and isinstance(other, str) and value < other


def is_in(writer: Writer, value: object, container: object) -> bool:
    """Part of a text, element of a list or field of an object."""
    if isinstance(container, list | tuple):
        return any(is_equal(writer, value, one) for one in container[:MAX_ELEMENTS])
    if isinstance(container, dict):
        return isinstance(value, str) and value in container
    part = writer.text(value)
    return bool(part) and part in writer.text(container)


def concatenate(writer: Writer, values: list[object]) -> str:
    """`a ~ b`: one text; Markdown as soon as one of them is."""
    pieces: list[str] = []
    length_so_far = 0
    for value in values:
        pieces.append(writer.text(value))
        length_so_far += len(pieces[-1])
        if length_so_far > MAX_VALUE_CHARS:
            break
    if any(isinstance(piece, Markdown) for piece in pieces):
        return Markdown("".join(markdown.escape(piece) for piece in pieces))
    return writer.text("".join(pieces))


def each(writer: Writer, value: object, weight: int) -> list[object]:
    """What `for` runs over; `weight` is the size of the loop's body."""
    elements = _elements(value)
    writer.spend(len(elements) * weight)
    return elements


def each_pair(writer: Writer, value: object, weight: int) -> list[object]:
    """What `for name, field in …` runs over."""
    pairs = [list(pair) for pair in value.items()] if isinstance(value, dict) else _elements(value)
    return each(writer, [pair for pair in pairs if _is_pair(pair)], weight)


OPERATORS: Final[Mapping[str, Filter]] = {  # names that nobody can write in a template
    "operator eq": is_equal,
    "operator ne": lambda writer, value, other: not is_equal(writer, value, other),
    "operator lt": is_less,
    "operator gt": lambda writer, value, other: is_less(writer, other, value),
    "operator lteq": lambda writer, value, other: (
        is_less(writer, value, other) or is_equal(writer, value, other)
    ),
    "operator gteq": lambda writer, value, other: (
        is_less(writer, other, value) or is_equal(writer, value, other)
    ),
    "operator in": is_in,
    "operator notin": lambda writer, value, container: not is_in(writer, value, container),
    "operator ~": concatenate,
    "operator each": each,
    "operator each_pair": each_pair,
}


def _elements(value: object) -> list[object]:
    """The elements of a list, the names in an object, else the value itself, if there is any."""
    if isinstance(value, list | dict | tuple):
        return [one for _place, one in zip(range(MAX_ELEMENTS), value, strict=False)]
    return [] if value in (None, "") else [value]


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == PAIR_LENGTH


def _field(value: object, path: object) -> object:
    for name in str(path).split(".") if path else ():
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _count(value: object, fallback: int) -> int:
    """A number of things, from zero up to what any value can have."""
    number = to_number(value)
    return fallback if number is None else max(0, int(min(number, Decimal(MAX_VALUE_CHARS))))


def _block(text: Markdown) -> Markdown:
    """On lines of its own, wherever in a line the author put it."""
    return Markdown(f"\n{text}\n") if text else text
