"""Templates: what authors can write, what they cannot, and that no value does any harm."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.contracts import JSONValue
from hub.markdown import Markdown
from hub.templating import TemplateProblem, find_problem, render
from tests.hub.mention_model import formatting, highlighted, linked, notified

TICKET: dict[str, JSONValue] = {
    "title": "Server down",
    "reference": "ZD#74001",
    "url": "https://zammad.example.test/#ticket/zoom/1",
    "priority": "3",
    "count": 3,
    "customer": {"name": "Acme Corp", "_assign": "ann", "items": ["a", "b"]},
    "labels": ["bug", "*urgent*"],
    "commits": [{"author": {"name": "Ann"}}, {"author": {"name": "Bob"}}],
    "nothing": None,
    "is_private": True,
}
OUTSIDE_TEXT = st.text(max_size=30) | st.text(alphabet="@＠#~<>!&;:*_`[]()|\\-+=.$ \n\tabé1")
OUTSIDE_VALUE: st.SearchStrategy[JSONValue] = st.recursive(
    OUTSIDE_TEXT | st.none() | st.booleans() | st.integers() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("**{{ title }}** _by hand_", "**Server down** _by hand_"),
        ("{{ customer.name.first }}{{ nope.a.b[0] }}{{ nothing }}{{ nothing.x }}", ""),
        (
            "{{ customer.name }} {{ customer['name'] }} {{ labels.0 }} {{ labels[-2] }}",
            "Acme Corp Acme Corp bug bug",
        ),
        ("{{ customer.items }} {{ customer._assign }}", "a, b ann"),
        ("{{ labels }}", r"bug, \*urgent\*"),
        ("{{ commits }}", r'{"author": {"name": "Ann"}}, {"author": {"name": "Bob"}}'),
        ("{{ is_private }} {{ count }}", "yes 3"),
        ("{% if count > '2' and priority <= 3 %}yes{% endif %}", "yes"),
        ("{% if nothing > 2 or nope < 1 or nope in title or title > 3 %}no{% endif %}", ""),
        ("{% if priority == 3 and 'bug' in labels and 'down' in title %}yes{% endif %}", "yes"),
        ("{% if title != 'x' and 'name' in customer and 4 not in [1, 2] %}yes{% endif %}", "yes"),
        ("{% if count >= 3 and not count < 3 and labels == labels %}yes{% endif %}", "yes"),
        ("{{ 'a' if nope is defined else 'b' }}{{ 'c' if nothing is none }}", "bc"),
        (
            "{% for l in labels %}{{ loop.index }} {{ l }}{{ ', ' if not loop.last }}{% endfor %}",
            r"1 bug, 2 \*urgent\*",
        ),
        ("{% for name, value in customer %}{{ name }} {% endfor %}", r"name \_assign items "),
        ("{% for x in nothing %}no{% else %}none{% endfor %}", "none"),
        ("{% for x in title %}[{{ x }}]{% endfor %}", "[Server down]"),
        ("{{ count ~ ' ' ~ title ~ nothing }}", "3 Server down"),
        ("{{ title | code ~ ' *x*' }}", r"`Server down` \*x\*"),
        ("{{ nope or title }}", "Server down"),
        ("a\n{% if count %}\nb\n{% endif %}\nc{# said #}", "a\nb\nc"),
        ("{% raw %}{{ x }}{% endraw %} {{ '{{' }}", "{{ x }} {{"),
        ("{{ -3 }}", "-3"),
    ],
)
def test_template_is_rendered(source: str, text: str) -> None:
    assert render(source, TICKET) == text


@pytest.mark.parametrize(
    ("value", "english", "dutch"),
    [
        (True, "yes", "ja"),
        (False, "no", "nee"),
        (None, "", ""),
        (7, "7", "7"),
        (7.0, "7", "7"),
        (12.5, "12.5", "12.5"),
        (-1, "-1", "-1"),
        (float("nan"), "", ""),
        (float("inf"), "", ""),
        ([1, None, "a"], "1, , a", "1, , a"),
        (Markdown("*a*"), "*a*", "*a*"),
    ],
)
def test_values_are_written_for_the_reader(value: JSONValue, english: str, dutch: str) -> None:
    assert render("{{ x }}", {"x": value}) == english
    assert render("{{ x }}", {"x": value}, language="nl") == dutch


@given(OUTSIDE_VALUE)
@settings(max_examples=400, deadline=None)
def test_no_value_mentions_or_formats(value: JSONValue) -> None:
    message = render("{{ x }}", {"x": value})

    assert notified(message) | highlighted(message) | linked(message) == set()
    assert formatting(message) == set()


@given(OUTSIDE_VALUE, OUTSIDE_VALUE)
@settings(max_examples=300, deadline=None)
def test_no_value_mentions_through_a_filter(value: JSONValue, other: JSONValue) -> None:
    source = (
        "{{ x | code }} {{ x | quote }} {{ x | fence }} {{ x | link(y) }} {{ x ~ y }}"
        "{{ x | shorten(9) }} {{ x | lines(1) }} {{ x | replace('a', y) }} {{ [] | default(x) }}"
        "{{ x | upper | lower | capitalize | trim }} {{ x | join(y) }} {{ x | plain }}"
        "{{ x | first }}{{ y | last }}"
    )

    message = render(source, {"x": value, "y": other})

    assert notified(message) == set()


ATTACKS = [
    "{{ ''.__class__.__mro__ }}",
    "{{ title.__class__ }}",
    "{{ title['__class__']() }}",
    "{{ title.format(1) }}",
    "{{ '%9999999d' % 1 }}",
    "{{ 'a' * 10**9 }}",
    "{{ 2 ** 99 }}",
    "{{ title + title }}",
    "{{ -title }}",
    "{{ title[0:9] }}",
    "{{ {'a': 1} }}",
    "{{ [[1], [2]] }}",
    "{{ range(10**9) }}",
    "{{ lipsum() }}",
    "{{ self }}",
    "{{ caller() }}",
    "{{ [1, 2] | map('upper') }}",
    "{{ title | format(1) }}",
    "{{ title | safe }}",
    "{{ title | attr('__class__') }}",
    "{{ title | link(*labels) }}",
    "{{ title is divisibleby 3 }}",
    "{{ '%999999999d' is even }}",
    "{{ 1 < 2 < 3 }}",
    "{% set x = 1 %}",
    "{% set x %}a{% endset %}",
    "{% macro m() %}{% endmacro %}",
    "{% call m() %}{% endcall %}",
    "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% extends 'x' %}",
    "{% block b %}{% endblock %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with a = 1 %}{% endwith %}",
    "{% autoescape true %}{% endautoescape %}",
    "{% trans %}x{% endtrans %}",
    "{% do x %}",
    "{% for a in labels recursive %}{{ loop(a) }}{% endfor %}",
    "{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a, b, c in x %}{% endfor %}",
    "{{ x",
    "{# never closed",
    "{{ " + "(" * 300 + "1" + ")" * 300 + " }}",
    "{{ " + "not " * 300 + "x }}",
    "{{ x" + " | upper" * 300 + " }}",
    "{{ x" + ".a" * 300 + " }}",
    "{% if x %}" * 60 + "{% endif %}" * 60,
    "{{ " + "9" * 5000 + " }}",
    "{{ '" + "a" * 9000 + "' }}",
]


@pytest.mark.parametrize("source", ATTACKS)
def test_what_is_dangerous_is_refused(source: str) -> None:
    with pytest.raises(TemplateProblem):
        render(source, TICKET)

    assert find_problem(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ title.format }}{{ labels.append }}{{ customer.keys }}{{ range }}{{ namespace }}",
        "{{ loop }}{{ loop.index }}",
        "{% for a in [1] %}{{ loop.cycle }}{{ loop._iterator }}{{ loop }}{% endfor %}",
        "{{ ('' ~ title).mro }}",
    ],
)
def test_nothing_of_python_is_reached(source: str) -> None:
    assert render(source, TICKET) == ""


BOMBS = [
    "{% for a in n %}{% for b in n %}{{ text }}{% endfor %}{% endfor %}",
    "{% for a in n %}{% for b in n %}" + "{{ '' }}" * 900 + "{% endfor %}{% endfor %}",
    "{% for a in n %}{% for b in n %}{% if text == other %}{% endif %}{% endfor %}{% endfor %}",
    "{% for a in n %}{% for b in n %}" + "{% if a %}{% endif %}" * 380 + "{% endfor %}{% endfor %}",
    "{% for a in n %}" + "{% if n == m %}{% endif %}" * 9 + "{% endfor %}",
    "{% for a in n %}{% if text | upper | replace('a', 'bbbbb') %}{% endif %}{% endfor %}",
    "{% for a in n %}{% if text | quote | length %}{% endif %}{% endfor %}",
    "{% for a in n %}{% if html | plain | length %}{% endif %}{% endfor %}",
    "{% for a in n %}{% if n | join(text) | length %}{% endif %}{% endfor %}",
    "{% for a in n %}{% if text in text %}{% endif %}{{ text | unique | sort }}{% endfor %}",
    "{{ text }}{{ text }}{{ text }}{{ text }}",
]


def test_a_long_text_in_two_loops_is_not_written_to_its_end() -> None:
    source = "{% for a in n %}{% for b in n %}" + "x" * 8_000 + "{% endfor %}{% endfor %}"
    tracemalloc.start()

    with pytest.raises(TemplateProblem, match="64 KB"):
        render(source, {"n": list(range(200))})
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 5_000_000  # all of it would be 320 MB


@pytest.mark.parametrize("source", BOMBS)
def test_too_much_work_is_refused(source: str) -> None:
    context: dict[str, JSONValue] = {
        "n": list(range(1000)),
        "m": list(range(1001)),
        "text": "ab" * 50_000,
        "other": "ab" * 50_000,
        "html": "<b></b>" * 50_000,
    }

    with pytest.raises(TemplateProblem):
        render(source, context)


@pytest.mark.parametrize(
    "source",
    [
        "{{ text ~ text" + " ~ text" * 900 + " }}",
        "{{ n | join(text) }}",
        "{{ text | replace('a', text) }}",
        "{{ text | replace('', text) }}",
        "{{ n }}",
        "{{ payload }}",
    ],
)
def test_one_value_is_cut_to_what_a_post_holds(source: str) -> None:
    context: dict[str, JSONValue] = {
        "n": list(range(100_000)),
        "text": "ab" * 50_000,
        "payload": {"a": ["x" * 100] * 5000},
    }

    message = render(source, context)

    assert len(message) <= 30_000


def test_loop_runs_over_two_hundred_elements() -> None:
    message = render("{% for a in n %}x{% endfor %}", {"n": list(range(1000))})

    assert message == "x" * 200


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{{ title }}", ""),
        ("", ""),
        ("a\n{{ x | lenght }}", "Line 2: there is no filter “lenght”. Perhaps: length."),
        ("{{ x | link }}", "Line 1: the filter “link”: missing a required argument: 'url'."),
        ("{% set x = 1 %}", "Line 1: “set” cannot be used in a template."),
        ("{{ x is odd }}", "Line 1: “is odd” cannot be used; these can: boolean, defined, "),
        ("\n\n{% if x %}", "Line 3: Unexpected end of template."),
        ("{{ 1 < x < 3 }}", "Line 1: compare two values at a time, with “and” between."),
        ("{% for a in x %}{% for b in a %}{{ a }}{% endfor %}{% endfor %}", ""),
        ("x" * 8193, "The template is longer than 8 KB."),
    ],
)
def test_problem_is_told_in_one_sentence(source: str, problem: str) -> None:
    assert find_problem(source).startswith(problem)
    assert bool(find_problem(source)) == bool(problem)


def test_runtime_error_names_its_line() -> None:
    with pytest.raises(TemplateProblem, match=r"^Line 2: .*digits"):
        render("a\n{{ x }}", {"x": 10**5000})


def test_language_and_zone_do_not_stick_to_a_cached_template() -> None:
    source = "{{ at | datetime }} {{ x }}"
    context: dict[str, JSONValue] = {"at": "2026-10-24T14:32:00Z", "x": True}

    english = render(source, context)
    dutch = render(source, context, language="nl", zone="Europe/Amsterdam")

    assert english == "24 Oct 2026 14:32 yes"
    assert dutch == "24 okt 2026 16:32 ja"
    assert render(source, context) == english
