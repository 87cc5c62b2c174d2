"""How the operators of conditions compare: forgiving in type, linear in time."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Final, TypeAlias

import re2

from hub.formats import to_moment, to_number

Test: TypeAlias = Callable[[object], bool]

PATTERN_OPTIONS: Final = re2.Options()
PATTERN_OPTIONS.log_errors = False  # the author is told, not the log


class _Absent:
    """There is nothing at a path, not even null."""


ABSENT: Final = _Absent()


def make_test(operator: str, value: str, *, has_many: bool) -> Test:
    """The comparison with `value`. `has_many`: it gets the list of all that lie at a path with `*`.

    Raises KeyError for an unknown operator and re2.error for a pattern that cannot be used.
    """
    make, is_negated = TESTS[operator]
    test = for_any(make(value)) if has_many else make(value)
    return (lambda actual: not test(actual)) if is_negated else test


def text_of(value: object) -> str:
    """Nothing for null, what is missing, lists and objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else ""


def folded(value: object) -> str:
    """As texts are compared: without regard to case and surrounding space."""
    return text_of(value).strip().casefold()


def split_values(value: str) -> list[str]:
    return [part for part in map(str.strip, value.split(",")) if part]


def for_any(test: Test) -> Test:
    def holds(actual: object) -> bool:
        return any(map(test, actual)) if isinstance(actual, list) else test(actual)

    return holds


def _equals(value: str) -> Test:
    return _is_one_of([value])


def _is_in(value: str) -> Test:
    return _is_one_of(split_values(value))


def _is_one_of(values: Iterable[str]) -> Test:
    texts = frozenset(map(folded, values))
    numbers = frozenset(number for text in texts if (number := to_number(text)) is not None)

    def holds(actual: object) -> bool:
        if not isinstance(actual, dict | list) and folded(actual) in texts:
            return True
        return to_number(actual) in numbers if numbers else False

    return for_any(holds)


def _contains(value: str) -> Test:
    part, equals = folded(value), _equals(value)

    def holds(actual: object) -> bool:
        return equals(actual) if isinstance(actual, list) else part in folded(actual)

    return holds


def _starts_with(value: str) -> Test:
    start = folded(value)
    return for_any(lambda actual: folded(actual).startswith(start))


def _matches(value: str) -> Test:
    pattern = re2.compile(value, PATTERN_OPTIONS)

    def holds(actual: object) -> bool:
        return pattern.search(text_of(actual).encode(errors="replace")) is not None

    return for_any(holds)


def _exists(_value: str) -> Test:
    return lambda actual: actual is not ABSENT and actual not in (None, "", [], {})


def _greater(value: str) -> Test:
    return _ordering(value, 1)


def _less(value: str) -> Test:
    return _ordering(value, -1)


def _ordering(value: str, sign: int) -> Test:
    """Compares with a number, or else with a time."""
    number, moment = to_number(value), _time(value)

    def holds(actual: object) -> bool:
        actual_number = to_number(actual)
        if number is not None:
            return actual_number is not None and (actual_number - number) * sign > 0
        actual_moment = _time(actual)
        if actual_moment is None or moment is None:
            return False
        return actual_moment > moment if sign > 0 else actual_moment < moment

    return for_any(holds)


def _time(value: object) -> datetime | None:
    """A day is its first moment."""
    moment = to_moment(value)
    if isinstance(moment, date) and not isinstance(moment, datetime):
        return datetime.combine(moment, time(), UTC)
    return moment


# How the test of an operator is made, and whether it is the opposite that is asked for.
TESTS: Final[Mapping[str, tuple[Callable[[str], Test], bool]]] = {
    "equals": (_equals, False),
    "not_equals": (_equals, True),
    "in": (_is_in, False),
    "not_in": (_is_in, True),
    "contains": (_contains, False),
    "not_contains": (_contains, True),
    "starts_with": (_starts_with, False),
    "matches": (_matches, False),
    "exists": (_exists, False),
    "missing": (_exists, True),
    "greater": (_greater, False),
    "less": (_less, False),
}
