"""What n8n sends: known again, proven, told apart, and never an accident."""

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.context import build_context
from hub.contracts import InboundRequest, JSONValue, PayloadError, SourceView, VerificationError
from hub.rendering import Style, render_message
from hub.wording import default_wording
from integrations.n8n import INTEGRATION
from tests.integrations.n8n_requests import (
    FAILURE,
    RECORDINGS,
    SOURCE,
    failure,
    key_of,
    parse,
    request_of,
)
from tests.recorded import Recording

MEGABYTE = 1_000_000
KNOWN = [recording for recording in RECORDINGS if recording.kind != "unknown"]
TEXTS = st.sampled_from(
    ["", "0", "231", "-1", "🔥" * 9, "\u202eתירבע", "@channel", "https://[", "None", "{", "`x`"]
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Of every value in a body."""
    pairs: Any = value.items() if isinstance(value, dict) else ()
    pairs = enumerate(value) if isinstance(value, list) else pairs
    return [path, *(one for key, inner in pairs for one in places(inner, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: JSONValue) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def lengthened(value: Any, text: str) -> Any:
    if isinstance(value, dict):
        return {key: lengthened(inner, text) for key, inner in value.items()}
    if isinstance(value, list):
        return [lengthened(inner, text) for inner in value]
    return text if isinstance(value, str) else value


def said(request: InboundRequest, source: SourceView = SOURCE) -> str:
    """Every word of the posts it leads to."""
    event = INTEGRATION.parse(request, source)
    assert INTEGRATION.compose is not None
    rendered = render_message(
        build_context(event, request, "n8n"),
        wording=default_wording(INTEGRATION, event.kinds[0], "nl"),
        style=Style(language="nl"),
        composed=INTEGRATION.compose(event),
    )
    assert rendered.error == ""
    return "".join(f"{one.text}{one.attachments}{one.card}{one.props}" for one in rendered.messages)


@given(st.data())
def test_no_shape_of_body_is_an_accident(data: st.DataObject) -> None:
    body = json.loads(data.draw(st.sampled_from(RECORDINGS)).path.read_bytes())
    place = data.draw(st.sampled_from(places(body)))
    request = request_of(changed(body, place, data.draw(ANY_JSON)))
    INTEGRATION.identify(request)

    with contextlib.suppress(PayloadError):
        assert set(INTEGRATION.parse(request, SOURCE).kinds) <= set(INTEGRATION.kinds)
        assert said(request)


@pytest.mark.parametrize("recording", KNOWN, ids=lambda one: one.name)
def test_long_texts_are_cut_wherever_they_stand(recording: Recording) -> None:
    body = lengthened(json.loads(recording.path.read_bytes()), "Ж" * 50_000)
    request = replace(recording.request(), body=json.dumps(body).encode())

    assert len(said(request)) < 400_000


def test_a_megabyte_is_cut() -> None:
    text = "Ж" * MEGABYTE

    assert len(said(request_of({"title": text, "text": text, "mentions": text}))) < 100_000
    assert len(said(request_of({"text": text, "props": {"card": text}}))) < 200_000


def test_a_secret_in_the_header_proves_the_sender() -> None:
    verify = INTEGRATION.verify
    assert verify is not None

    verify(request_of({}, x_hub_token="secret"), "secret")

    with pytest.raises(VerificationError, match="wrong"):
        verify(request_of({}, x_hub_token="other"), "secret")
    with pytest.raises(VerificationError, match="missing"):
        verify(request_of({}), "secret")
    with pytest.raises(VerificationError):
        verify(request_of({}, x_hub_token=""), "")


@pytest.mark.parametrize(
    ("body", "headers", "key"),
    [
        ({"text": "a"}, {}, None),
        ({"text": "a", "id": "812-0"}, {}, "812-0"),
        ({"text": "a", "id": 812}, {}, "812"),
        ({"text": "a", "id": "812-0"}, {"idempotency_key": "k"}, "k"),
        ({"text": "a", "event": "x"}, {"idempotency_key": "k"}, "k:x"),
        ({"text": "a", "event": "x"}, {}, None),
        ({"text": "a", "id": {}, "event": []}, {}, None),
        (FAILURE, {}, "execution:231"),
        (failure(id=231), {"idempotency_key": "99-0"}, "execution:231"),
        (failure(id=None), {}, None),
        (failure(id=231, mode="manual"), {}, None),
        ([], {}, None),
    ],
)
def test_a_repetition_is_known_by_its_key(
    body: JSONValue, headers: dict[str, str], key: str | None
) -> None:
    assert key_of(body, **headers) == key


def test_the_door_knows_channel_and_thread() -> None:
    identity = INTEGRATION.identify(request_of({"channel": " #Finance", "thread_key": "INV-7"}))

    assert (identity.channel, identity.reference) == ("finance", "INV-7")


def test_what_is_not_json_is_refused_at_the_door() -> None:
    with pytest.raises(PayloadError, match="not JSON"):
        INTEGRATION.identify(InboundRequest("POST", b"{"))


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ([{"json": {}}], ""),
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": ["a"]}, "text"),
        ({"text": "a", "props": "card"}, "props"),
        ({"text": "a", "mentions": [["x"]]}, "mentions.0"),
        ({"text": "a", "attachments": "b"}, "attachments"),
        ({"text": "a", "attachments": [{}, {"fields": [7]}]}, "attachments.1.fields.0"),
        ({"text": "a", "actions": [{"integration": "x"}]}, "actions.0.integration"),
        ({"workflow": {}, "execution": {}}, "workflow"),
        ({"workflow": "w", "execution": {}}, "workflow"),
        ({"workflow": {"id": 7}, "execution": "x"}, "execution"),
        (failure(error={"message": {}}), "execution.error.message"),
        (failure(error="kapot"), "execution.error"),
    ],
)
def test_the_place_of_a_surprise_is_named(body: JSONValue, path: str) -> None:
    with pytest.raises(PayloadError) as raised:
        parse(body)

    assert raised.value.path == path


def test_what_is_nested_too_deeply_is_unknown() -> None:
    deep = json.loads("[" * 400 + "]" * 400)

    with pytest.raises(PayloadError, match="context is nested too deeply"):
        parse({"text": "a", "context": deep})


def test_a_failure_is_told_without_stack_and_context() -> None:
    words = said(request_of(FAILURE))

    assert "Workflow mislukt: Facturen goedkeuren" in words
    assert "kapot" in words
    assert "secret" not in words
    assert "secret" not in json.dumps(parse(FAILURE).data)


def test_failures_of_one_day_share_a_thread_and_those_of_the_next_do_not() -> None:
    today = request_of(FAILURE)
    tomorrow = replace(today, received_at=today.received_at.replace(day=25))

    first, again = parse(FAILURE), parse(failure(id="232"))
    later = INTEGRATION.parse(tomorrow, SOURCE)

    assert first.reference == again.reference != later.reference
    assert later.reference is not None
    assert later.reference.display == "Facturen goedkeuren"


@pytest.mark.parametrize(
    ("given", "base_url", "url"),
    [
        ("https://flow.example.test/workflow/w1", "https://n8n.example.test", "https://flow."),
        ("http://localhost:5678/w", "https://n8n.example.test", "https://n8n.example.test/work"),
        ("http://localhost:5678/w", "", "http://localhost:5678/w"),
        ("javascript:alert(1)", "", ""),
        ("https://[", "https://n8n.example.test", "https://n8n.example.test/work"),
        (None, "https://n8n.example.test", "https://n8n.example.test/workflow/w1/executions/231"),
    ],
)
def test_a_failure_links_to_where_people_reach_it(
    given: JSONValue, base_url: str, url: str
) -> None:
    event = parse(failure(url=given), SourceView("n8n", base_url))

    assert event.url.startswith(url)
    assert bool(event.url) == bool(url)


def test_a_failure_in_a_node_says_which_even_without_the_last_one() -> None:
    error: JSONValue = {"message": "kapot", "description": "kapot", "node": {"name": "Postgres"}}

    event = parse(failure(lastNodeExecuted=None, error=error))

    assert (event.data["node"], event.data["description"]) == ("Postgres", "")


def test_a_trigger_that_does_not_start_has_a_kind_of_its_own() -> None:
    event = parse({"trigger": {"error": {"message": "IMAP"}}, "workflow": {"id": "w7"}})

    assert event.kinds == ("workflow.start_failed",)
    assert event.title == "workflow w7"
    assert event.url == "https://n8n.example.test/workflow/w7"
