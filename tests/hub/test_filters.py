"""Each filter of templates: what it writes, and that no value upsets it."""

import pytest

from hub.contracts import JSONValue
from hub.filters import FILTERS
from hub.templating import render

AT = "2026-11-24T14:32:00Z"
NONSENSE: list[JSONValue] = [
    None,
    "",
    "x",
    "NaN",
    "1e999",
    [],
    [None, {}],
    {},
    True,
    1e300,
    -(10**40),
]


@pytest.mark.parametrize(
    ("source", "english", "dutch"),
    [
        ("{{ 1234567 | amount }}", "1.2M", "1,2M"),
        ("{{ '50000' | amount }}", "50K", "50K"),
        ("{{ 999950 | amount }}", "1M", "1M"),
        ("{{ 999949 | amount }}", "999.9K", "999,9K"),
        ("{{ 2500000000 | amount }}", "2.5B", "2,5B"),
        ("{{ 9999.5 | amount }}", "9,999.5", "9.999,5"),
        ("{{ 0 | amount }}", "0", "0"),
        ("{{ -12500 | amount }}", "-12.5K", "-12,5K"),
        ("{{ 10000000000000000 | amount }}", "10000000000000000", "10000000000000000"),
        ("{{ 1234.5 | money('eur') }}", "€1,234.50", "€ 1.234,50"),
        ("{{ -1234.5 | money('EUR') }}", "-€1,234.50", "-€ 1.234,50"),
        ("{{ '99' | money('CHF') }}", "99.00 CHF", "99,00 CHF"),
        ("{{ 1234.5 | money('JPY') }}", "¥1,235", "¥ 1.235"),
        ("{{ 5 | money }}", "5.00", "5,00"),
        ("{{ 1200 | duration }}", "20 min", "20 min"),
        ("{{ '3900' | duration }}", "1 h 5 min", "1 u 5 min"),
        ("{{ 90061 | duration }}", "1 d 1 h", "1 d 1 u"),
        ("{{ 3605 | duration }}", "1 h", "1 u"),
        ("{{ 0.4 | duration }}", "0 s", "0 s"),
        ("{{ -90 | duration }}", "-1 min 30 s", "-1 min 30 s"),
        ("{{ true | upper }}", "YES", "JA"),
    ],
)
def test_numbers_are_written_in_the_language(source: str, english: str, dutch: str) -> None:
    assert render(source, {}) == english
    assert render(source, {}, language="nl") == dutch


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-11-24T14:32:00Z", "24 nov 2026 15:32"),
        ("2026-11-24T14:32:00.123+00:00", "24 nov 2026 15:32"),
        ("2026-11-24 14:32:05 UTC", "24 nov 2026 15:32"),
        ("2026-11-24 14:32:05", "24 nov 2026 15:32"),
        ("2026-11-24 23:32:05 -0500", "25 nov 2026 05:32"),
        ("2026-07-01T12:00:00Z", "1 jul 2026 14:00"),
        ("1795530720", "24 nov 2026 15:32"),
        (1795530720000, "24 nov 2026 15:32"),
        ("2026-11-24", "24 nov 2026"),
        ("24 november", "24 november"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        (7, "7"),
    ],
)
def test_times_are_written_in_the_zone(value: JSONValue, text: str) -> None:
    written = render("{{ at | datetime }}", {"at": value}, language="nl", zone="Europe/Amsterdam")

    assert written == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ at | date }}", "24 Nov 2026"),
        ("{{ at | time }}", "23:32"),
        ("{{ at | utc_time }}", "14:32 UTC"),
        ("{{ '2026-11-24' | time }}", ""),
        ("{{ 'later' | utc_time }}", "later"),
    ],
)
def test_parts_of_a_time(source: str, text: str) -> None:
    assert render(source, {"at": AT}, zone="Asia/Tokyo") == text


def test_unknown_zone_is_utc() -> None:
    assert render("{{ at | time }}", {"at": AT}, zone="Mars/Base") == "14:32"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "{{ nope | default('none') }}|{{ '' | default('none') }}|{{ 0 | default('none') }}",
            "none|none|0",
        ),
        (
            "{{ 'abc' | upper }} {{ 'ABC' | lower }} {{ 'de Klant BV' | capitalize }}",
            "ABC abc De Klant BV",
        ),
        (
            "{{ '  a ' | trim }}|{{ 'one two three' | shorten(9) }}|{{ 'abc' | truncate(2) }}",
            "a|one two…|a…",
        ),
        ("{{ list | join }}|{{ list | join('; ') }}|{{ 'x' | join }}", "b, a, B|b; a; B|x"),
        ("{{ people | join(' and ', 'name.first') }}", "Ann and Bob"),
        (
            "{{ list | first }}{{ list | last }}{{ 'xyz' | first }}{{ [] | first }}{{ 7 | last }}",
            "bBx7",
        ),
        ("{{ list | length }} {{ 'abc' | length }} {{ nope | length }}", "3 3 0"),
        ("{{ 'a-b-a' | replace('a', 'c') }} {{ 1234 | replace(2, '') }}", "c-b-c 134"),
        (
            "{{ 2.5 | round }} {{ '2.345' | round(2) }} {{ '2.9' | int }} {{ 'x' | round }}",
            "3 2.35 2 x",
        ),
        (
            "{{ [10, '9', 'b', 'A'] | sort }} {{ people | sort('age', true) | first }}",
            '9, 10, A, b {"name": {"first": "Ann"}, "age": 40}',
        ),
        ("{{ list | unique }} {{ 'x' | unique }}", "b, a x"),
        ("{{ 'a\nb\nc' | lines(2) }}|{{ 'a' | lines }}", "a\nb …|a"),
        ("{{ '<p>Hi <b>you</b></p>' | plain }}", "Hi you"),
        ("{{ '#1' | link('https://e.test') }} {{ '#1' | link(nope) }}", "[#1](https://e.test) #1"),
        ("{{ 'a`b' | code }}{{ nope | code }}", "``a`b``"),
        ("Said: {{ '*a*\nb' | quote }}x", "Said: \n> \\*a\\*\n> b\nx"),
        ("Log: {{ 'a\nb' | fence }}{{ nope | fence }}", "Log: \n```\na\nb\n```\n"),
    ],
)
def test_filter_writes(source: str, text: str) -> None:
    context: dict[str, JSONValue] = {
        "list": ["b", "a", "B"],
        "people": [{"name": {"first": "Ann"}, "age": 40}, {"name": {"first": "Bob"}, "age": 9}],
    }

    assert render(source, context) == text


@pytest.mark.parametrize("name", sorted(FILTERS))
@pytest.mark.parametrize("value", NONSENSE, ids=repr)
@pytest.mark.parametrize("argument", ["", "(y)", "(y, y)"])
def test_no_value_upsets_a_filter(name: str, value: JSONValue, argument: str) -> None:
    arguments = {"link": "(y)", "replace": "(y, y)", "join": argument}.get(name, "")

    text = render(f"{{{{ x | {name}{arguments} }}}}", {"x": value, "y": value})

    assert "None" not in text


@pytest.mark.parametrize("value", NONSENSE, ids=repr)
def test_no_argument_upsets_a_filter(value: JSONValue) -> None:
    source = (
        "{{ 'a' | shorten(y) }}{{ 'a' | lines(y) }}{{ 1 | round(y) }}{{ 1 | money(y) }}"
        "{{ [1] | sort(y, y) }}{{ 'a' | default(y) }}{{ 'a' | link(y) }}{{ 'a' | replace(y, y) }}"
    )

    text = render(source, {"y": value})

    assert "None" not in text
