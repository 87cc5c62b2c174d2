"""Conditions of rules: typed comparisons that hold or not, and can say why. Nothing is executed."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

import re2
from django.utils.translation import gettext_lazy

from hub.contracts import JSONObject, JSONValue
from hub.formats import to_moment, to_number
from hub.operators import (
    ABSENT,
    PATTERN_OPTIONS,
    TESTS,
    Test,
    folded,
    make_test,
    split_values,
    text_of,
)
from hub.sentences import sentence as _

OPERATOR_CHOICES = [
    ("equals", gettext_lazy("equals")),
    ("not_equals", gettext_lazy("does not equal")),
    ("in", gettext_lazy("is one of")),
    ("not_in", gettext_lazy("is none of")),
    ("contains", gettext_lazy("contains")),
    ("not_contains", gettext_lazy("does not contain")),
    ("starts_with", gettext_lazy("starts with")),
    ("matches", gettext_lazy("matches the pattern")),
    ("exists", gettext_lazy("is filled in")),
    ("missing", gettext_lazy("is missing or empty")),
    ("greater", gettext_lazy("is greater or later than")),
    ("less", gettext_lazy("is less or earlier than")),
    ("changed", gettext_lazy("has changed")),
]
ANY_ELEMENT: Final = "*"
MAX_STARS: Final = 2  # each multiplies the values that are looked at
MAX_ELEMENTS: Final = 500  # of one list
MAX_EXCERPT_CHARS: Final = 200
ORDERINGS: Final = frozenset({"greater", "less"})
ENUMERATIONS: Final = frozenset({"in", "not_in"})
SEARCHES: Final = frozenset({"contains", "not_contains", "starts_with", "matches"})

OBJECTS: Final = (dict, Mapping)  # the first is quick to recognise
JSON_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, default=str)


class Check(NamedTuple):
    """One condition with what was found at its path, in at most 200 characters."""

    path: str
    operator: str
    value: str
    actual: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a set of conditions holds, with the checks up to the one that decided it."""

    holds: bool
    checks: tuple[Check, ...] = ()

    def as_json(self) -> JSONObject:
        checks: list[JSONValue] = [
            {
                "path": check.path,
                "operator": check.operator,
                "value": check.value,
                "actual": check.actual,
                "holds": check.holds,
            }
            for check in self.checks
        ]
        return {"holds": self.holds, "checks": checks}


@dataclass(frozen=True, slots=True)
class _Condition:
    path: str
    operator: str
    value: str
    steps: tuple[str, ...]
    test: Test
    problem: str = ""  # it then never holds

    def check(
        self,
        context: Mapping[str, JSONValue],
        changed: Collection[str],
        previous: Mapping[str, JSONValue] | None,
    ) -> Check:
        actual = _find(context, self.steps)
        if self.operator == "changed":
            holds = self.path in changed or _differs(actual, self.steps, previous)
        else:
            holds = self.test(actual)
        excerpt = self.problem or _excerpt(actual)
        return Check(self.path, self.operator, self.value, excerpt, holds)


@dataclass(frozen=True, slots=True)
class CompiledConditions:
    """A rule's conditions, ready to be asked about many events."""

    conditions: tuple[_Condition, ...]
    grouping: str  # all, any

    def evaluate(
        self,
        context: Mapping[str, JSONValue],
        changed: Collection[str] = (),
        previous: Mapping[str, JSONValue] | None = None,
    ) -> Verdict:
        """Stops at the condition that decides. No conditions hold always.

        Texts are compared without regard to case and surrounding space, numbers as numbers also
        where they are spelled (`"3"` equals 3), `true` equals the boolean. A list equals, is one
        of, starts with or matches when one of its elements does, and contains what equals an
        element. The negations are the exact opposite: they hold for what is missing.
        `changed` is true for a path in `changed`, or when the value differs from the one in
        `previous`; what `previous` knows nothing of has not changed.
        """
        is_decisive = self.grouping == "any"
        checks = []
        for condition in self.conditions:
            checks.append(condition.check(context, changed, previous))
            if checks[-1].holds is is_decisive:
                return Verdict(is_decisive, tuple(checks))
        return Verdict(not is_decisive or not checks, tuple(checks))

    def needed_text(self) -> tuple[str, str] | None:
        """A field and the one text without which these cannot hold; None where there is none.

        For an index of rules. Numbers are left out, for they are equal in several spellings.
        """
        for condition in self.conditions if self.grouping == "all" else ():
            is_exact = condition.operator == "equals" and not condition.problem
            text = folded(condition.value)
            if is_exact and len(condition.steps) == 1 and to_number(text) is None:
                return (condition.path, text) if condition.path != ANY_ELEMENT else None
        return None


def texts_at(context: Mapping[str, JSONValue], field: str) -> set[str]:
    """The texts that `equals` would find in a field: one, or one for each element of a list."""
    value: object = context.get(field, ABSENT)
    values = value if isinstance(value, list) else [value]
    return {folded(one) for one in values if not isinstance(one, dict | list)}


def compile_conditions(
    rows: Iterable[tuple[str, str, str]], grouping: str = "all"
) -> CompiledConditions:
    """Never raises: a row that `find_problem` objects to never holds, and its check says why."""
    return CompiledConditions(tuple(_compile(*row) for row in rows), grouping)


def find_problem(path: str, operator: str, value: str) -> str:
    """What is wrong with a condition, in one sentence; empty if nothing is."""
    return (
        _find_path_problem(path)
        or _find_operator_problem(operator, value.strip())
        or (_find_pattern_problem(value) if operator == "matches" else "")
    )


def _find_path_problem(path: str) -> str:
    steps = path.strip().split(".")
    if steps == [""]:
        return _("Name a field, such as priority or customer.email.")
    if "[" in path:
        return _("Write labels.0 or labels.* for elements of a list, without brackets.")
    if not all(step.strip() for step in steps):
        return _("The field has a dot too many.")
    if steps.count(ANY_ELEMENT) > MAX_STARS:
        return _("The field can have * twice at most.")
    return ""


def _find_operator_problem(operator: str, value: str) -> str:
    if operator not in TESTS and operator != "changed":
        return _("There is no operator “{operator}”.", operator=operator)
    if operator in ORDERINGS and to_number(value) is None and to_moment(value) is None:
        return _("Compare with a number, or with a time such as 2026-11-24 or 2026-11-24T14:32Z.")
    if operator in ENUMERATIONS and not split_values(value):
        return _("Give the values, split by commas.")
    return _("Give a value to look for.") if operator in SEARCHES and not value else ""


def _find_pattern_problem(pattern: str) -> str:
    try:
        re2.compile(pattern, PATTERN_OPTIONS)
    except re2.error as error:
        reason = error.args[0] if error.args else b""
        return _(
            "The pattern cannot be used: {reason}. Looking ahead or behind and referring back are "
            "not available.",
            reason=reason.decode(errors="replace") if isinstance(reason, bytes) else reason,
        )
    return ""


def _compile(path: str, operator: str, value: str) -> _Condition:
    path = path.strip()
    steps = tuple(path.split("."))
    problem = find_problem(path, operator, value)
    if problem or operator == "changed":
        return _Condition(path, operator, value, steps, lambda _actual: False, problem)
    test = make_test(operator, value, has_many=ANY_ELEMENT in steps)
    return _Condition(path, operator, value, steps, test)


def _find(value: object, steps: tuple[str, ...]) -> object:
    """What lies at the path; a list of all that lie there if it has a `*`."""
    for place, step in enumerate(steps):
        if step == ANY_ELEMENT:
            return _find_all(value, steps[place + 1 :])
        if isinstance(value, OBJECTS):
            value = value.get(step, ABSENT)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return ABSENT
    return value


def _find_all(value: object, steps: tuple[str, ...]) -> list[object]:
    elements = list(value.values()) if isinstance(value, OBJECTS) else value
    if not isinstance(elements, list):
        return []
    found = [_find(element, steps) for element in elements[:MAX_ELEMENTS]]
    if ANY_ELEMENT in steps:
        return [one for inner in found if isinstance(inner, list) for one in inner]
    return [one for one in found if one is not ABSENT]


def _differs(
    actual: object, steps: tuple[str, ...], previous: Mapping[str, JSONValue] | None
) -> bool:
    return previous is not None and steps[0] in previous and _find(previous, steps) != actual


def _excerpt(value: object) -> str:
    if isinstance(value, dict | list):
        value = "".join(islice(JSON_ENCODER.iterencode(value), MAX_EXCERPT_CHARS + 1))
    text = text_of(value)
    return text if len(text) <= MAX_EXCERPT_CHARS else text[: MAX_EXCERPT_CHARS - 1] + "…"
