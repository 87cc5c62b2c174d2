"""A source without code: an admin's mapping of paths."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from hub.contracts import InboundRequest, JSONValue, ParsedEvent, PayloadError, SourceView
from hub.models import Event
from integrations.generic import INTEGRATION
from integrations.generic.mapping import read_mapping, text_at, value_at
from tests.factories import make_source, make_token

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def parse(body: bytes, **options: JSONValue) -> ParsedEvent:
    return INTEGRATION.parse(
        InboundRequest(method="POST", body=body), SourceView("Builds", options=options)
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b", 1),
        ("list.0.c", "x"),
        ("list.-1", "last"),
        ("list.9", None),
        ("a.b.c", None),
        (r"dotted\.name.x", 2),
        ("", None),
    ],
)
def test_a_path_leads_through_objects_and_lists(path: str, value: Any) -> None:
    content: JSONValue = {"a": {"b": 1}, "dotted.name": {"x": 2}, "list": [{"c": "x"}, "last"]}

    assert value_at(content, path) == value


def test_own_paths_lie_over_those_of_the_preset() -> None:
    mapping = read_mapping({"preset": "alertmanager", "paths": {"title": "my.title"}})

    assert mapping.paths["title"] == "my.title"
    assert mapping.paths["kind"] == "status"


def test_the_senders_words_get_the_admins_meaning() -> None:
    event = parse(
        b'{"t": "Disk", "s": "FIRING", "p": "high"}',
        paths={"title": "t", "kind": "s", "severity": "p"},
        kinds={"firing": "alert.opened"},
        severities={"high": "urgent"},
    )

    assert (event.kinds, event.severity) == (("alert.opened",), "urgent")


def test_a_private_mark_is_understood() -> None:
    event = parse(b'{"t": "x", "hidden": true}', paths={"title": "t", "private": "hidden"})

    assert event.is_private


def test_a_payload_without_title_says_where_it_was_looked_for() -> None:
    with pytest.raises(PayloadError) as caught:
        parse(b'{"a": 1}', paths={"title": "build.name"})

    assert caught.value.path == "build.name"


def test_a_mapping_to_an_unknown_kind_is_reported() -> None:
    with pytest.raises(PayloadError, match="unknown kind"):
        parse(b'{"t": "x", "k": "y"}', paths={"title": "t", "kind": "k"}, kinds={"y": "nonsense"})


@pytest.mark.django_db
def test_the_mapped_key_recognises_a_duplicate(client: Client) -> None:
    source = make_source("generic", "Builds", options={"paths": {"title": "t", "dedup": "id"}})
    _row, token = make_token(source)
    client.post(f"/hooks/{token}", {"t": "one", "id": 7}, "application/json")

    response = client.post(f"/hooks/{token}", {"t": "two", "id": 7}, "application/json")

    assert response.status_code == 200
    assert Event.objects.get().dedup_key == "generic:7"


@given(content=json_values, path=st.text(alphabet="ab01.-", max_size=12))
def test_no_value_and_no_path_gives_an_exception(content: JSONValue, path: str) -> None:
    assert isinstance(text_at(content, path), str)


@pytest.mark.parametrize("step", ["--0", "-", "²", "9" * 5_000])
def test_what_is_no_place_in_a_list_leads_nowhere(step: str) -> None:
    assert text_at(["one"], step) == ""


@given(options=st.dictionaries(st.sampled_from(["paths", "kinds", "preset"]), json_values))
def test_no_options_give_an_exception(options: dict[str, JSONValue]) -> None:
    mapping = read_mapping(options)

    assert all(isinstance(value, str) for value in mapping.paths.values())
