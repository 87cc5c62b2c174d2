"""Conditions: what holds, what is told about it, and what an author can get wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.conditions import OPERATOR_CHOICES, compile_conditions, find_problem
from hub.contracts import JSONValue

EVENT: dict[str, JSONValue] = {
    "title": "Server down",
    "priority": {"name": "High", "id": 3},
    "labels": [{"title": "bug"}, {"title": "Mattermost"}],
    "tags": ["bug", "urgent"],
    "nested": [{"rows": [{"n": 1}, {"n": 2}]}, {"rows": [{"n": 3}]}],
    "by_name": {"a": {"v": "x"}, "b": {"v": "y"}},
    "amount": "50000.00",
    "ratio": 0.1,
    "is_private": True,
    "created_at": "2026-11-24T14:32:00Z",
    "due_on": "2026-11-25",
    "empty": "",
    "nothing": None,
    "no_tags": [],
    "zero": 0,
}
OPERATORS = [operator for operator, _label in OPERATOR_CHOICES]
ANY_JSON: st.SearchStrategy[JSONValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def holds(path: str, operator: str, value: str) -> bool:
    return compile_conditions([(path, operator, value)]).evaluate(EVENT).holds


@pytest.mark.parametrize(
    ("path", "operator", "value"),
    [
        ("priority.name", "equals", " HIGH "),
        ("priority.id", "equals", "3"),
        ("priority.id", "equals", "3.0"),
        ("amount", "equals", "50000"),
        ("ratio", "equals", "0.10"),
        ("is_private", "equals", "True"),
        ("nope", "equals", ""),
        ("tags", "equals", "urgent"),
        ("labels.*.title", "equals", "mattermost"),
        ("labels.1.title", "equals", "mattermost"),
        ("nested.*.rows.*.n", "equals", "3"),
        ("by_name.*.v", "equals", "y"),
        ("title", "not_equals", "Server up"),
        ("nope.deeper", "not_equals", "x"),
        ("priority.name", "in", "low, high"),
        ("zero", "in", "1,0"),
        ("priority.name", "not_in", "low,normal"),
        ("title", "contains", "DOWN"),
        ("tags", "contains", "Bug"),
        ("labels.*.title", "contains", "matter"),
        ("tags", "not_contains", "bu"),
        ("title", "starts_with", "server"),
        ("title", "matches", r"^Server (up|down)$"),
        ("tags", "matches", "^urg"),
        ("priority.id", "matches", r"^\d$"),
        ("title", "exists", ""),
        ("zero", "exists", ""),
        ("empty", "missing", ""),
        ("nothing", "missing", ""),
        ("no_tags", "missing", ""),
        ("nope", "missing", ""),
        ("labels.*.nope", "missing", ""),
        ("amount", "greater", "49999.99"),
        ("priority.id", "less", "4"),
        ("created_at", "greater", "2026-11-24"),
        ("created_at", "less", "2026-11-24 15:33 +0100"),
        ("due_on", "greater", "2026-11-24T23:59:59Z"),
        ("nested.*.rows.*.n", "greater", "2"),
    ],
)
def test_condition_holds(path: str, operator: str, value: str) -> None:
    assert find_problem(path, operator, value) == ""
    assert holds(path, operator, value)


@pytest.mark.parametrize(
    ("path", "operator", "value"),
    [
        ("priority", "equals", "High"),
        ("tags", "not_equals", "bug"),
        ("labels.*.title", "not_equals", "bug"),
        ("labels.9.title", "equals", "bug"),
        ("title.length", "exists", ""),
        ("tags", "contains", "bu"),
        ("title", "matches", "server"),
        ("is_private", "equals", "1"),
        ("nothing", "exists", ""),
        ("labels.*.nope", "exists", ""),
        ("title.*", "exists", ""),
        ("zero", "missing", ""),
        ("title", "greater", "3"),
        ("nope", "less", "3"),
        ("created_at", "less", "3"),
        ("is_private", "greater", "0"),
        ("title", "changed", ""),
    ],
)
def test_condition_does_not_hold(path: str, operator: str, value: str) -> None:
    assert not holds(path, operator, value)


@pytest.mark.parametrize(
    ("path", "changed", "previous", "expected"),
    [
        ("title", ["title"], None, True),
        ("title", [], None, False),
        ("title", [], {"title": "Server up"}, True),
        ("title", [], {"title": "Server down"}, False),
        ("priority.name", [], {"priority": {"name": "Low"}}, True),
        ("priority.name", [], {"priority": None}, True),
        ("labels.*.title", [], {"labels": [{"title": "bug"}]}, True),
        ("nothing", [], {"nothing": "x"}, True),
        ("title", [], {}, False),
    ],
)
def test_change_is_said_by_the_payload_or_seen(
    path: str, changed: list[str], previous: dict[str, JSONValue] | None, expected: bool
) -> None:
    conditions = compile_conditions([(path, "changed", "")])

    assert conditions.evaluate(EVENT, changed, previous).holds is expected


def test_all_conditions_must_hold_until_one_does_not() -> None:
    rows = [("title", "exists", ""), ("zero", "equals", "1"), ("tags", "exists", "")]

    verdict = compile_conditions(rows, "all").evaluate(EVENT)

    assert not verdict.holds
    assert [check.holds for check in verdict.checks] == [True, False]


def test_any_condition_is_enough() -> None:
    rows = [("zero", "equals", "1"), ("title", "exists", ""), ("tags", "exists", "")]

    verdict = compile_conditions(rows, "any").evaluate(EVENT)

    assert verdict.holds
    assert [check.holds for check in verdict.checks] == [False, True]


@pytest.mark.parametrize("grouping", ["all", "any"])
def test_no_conditions_hold(grouping: str) -> None:
    verdict = compile_conditions([], grouping).evaluate(EVENT)

    assert verdict.holds
    assert verdict.as_json() == {"holds": True, "checks": []}


def test_verdict_tells_what_was_found() -> None:
    verdict = compile_conditions([("priority.id", "equals", "4")]).evaluate(EVENT)

    assert verdict.as_json() == {
        "holds": False,
        "checks": [
            {
                "path": "priority.id",
                "operator": "equals",
                "value": "4",
                "actual": "3",
                "holds": False,
            }
        ],
    }


@pytest.mark.parametrize(
    ("path", "actual"),
    [
        ("title", "Server down"),
        ("is_private", "true"),
        ("nothing", ""),
        ("nope", ""),
        ("tags", '["bug", "urgent"]'),
        ("labels.*.title", '["bug", "Mattermost"]'),
        ("priority", '{"name": "High", "id": 3}'),
    ],
)
def test_what_was_found_is_written_as_text(path: str, actual: str) -> None:
    verdict = compile_conditions([(path, "exists", "")]).evaluate(EVENT)

    assert verdict.checks[0].actual == actual


@pytest.mark.parametrize("value", ["x" * 1000, ["x" * 150] * 1000, {"a": list(range(1000))}])
def test_what_was_found_is_shortened(value: JSONValue) -> None:
    verdict = compile_conditions([("field", "exists", "")]).evaluate({"field": value})

    assert len(verdict.checks[0].actual) == 200
    assert verdict.checks[0].actual.endswith("…")


@pytest.mark.parametrize(
    ("path", "operator", "value", "problem"),
    [
        ("", "equals", "x", "Name a field"),
        ("a..b", "equals", "x", "The field has a dot too many."),
        ("labels[0]", "equals", "x", "Write labels.0"),
        ("a.*.b.*.c.*", "equals", "x", "The field can have * twice at most."),
        ("title", "resembles", "x", "There is no operator “resembles”."),
        ("title", "contains", " ", "Give a value to look for."),
        ("title", "in", " , ", "Give the values, split by commas."),
        ("count", "greater", "many", "Compare with a number, or with a time"),
        (
            "title",
            "matches",
            "(?=x)",
            "The pattern cannot be used: invalid perl operator: (?=. Look",
        ),
        ("title", "matches", r"(a)\1", r"The pattern cannot be used: invalid escape sequence: \1."),
        ("title", "matches", "(", "The pattern cannot be used: missing ): (."),
    ],
)
def test_problem_is_told(path: str, operator: str, value: str, problem: str) -> None:
    assert find_problem(path, operator, value).startswith(problem)


@pytest.mark.parametrize("operator", ["matches", "resembles", "greater", "not_contains"])
def test_broken_condition_never_holds_and_says_why(operator: str) -> None:
    verdict = compile_conditions([("title", operator, "")]).evaluate(EVENT)

    assert not verdict.holds
    assert verdict.checks[0].actual == find_problem("title", operator, "")


def test_hostile_pattern_and_text_end() -> None:
    conditions = compile_conditions([("text", "matches", "^(a+)+$")])

    assert not conditions.evaluate({"text": "a" * 100_000 + "b"}).holds


@given(
    st.dictionaries(st.sampled_from(["a", "b"]), ANY_JSON), st.sampled_from(OPERATORS), st.text()
)
@settings(max_examples=300, deadline=None)
def test_any_event_can_be_asked(event: dict[str, JSONValue], operator: str, value: str) -> None:
    rows = [("a", operator, value), ("a.*.b", operator, value), ("a.0.b", operator, value)]

    verdict = compile_conditions(rows, "any").evaluate(event, (), {"a": None})

    assert verdict.holds is verdict.checks[-1].holds
