"""Recorded requests with anything in them: never an accident, and never half a message."""

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.context import build_context
from hub.contracts import InboundRequest, JSONValue, ParsedEvent, PayloadError
from hub.rendering import Style, render_message
from hub.wording import default_wording
from integrations.git import INTEGRATION
from tests.recorded import Recording

MEGABYTE = 1_000_000
RECORDINGS = [
    Recording(INTEGRATION, path)
    for path in sorted((INTEGRATION.folder / "payloads").glob("*.json"))
    if "form" not in path.stem
]
KNOWN = [recording for recording in RECORDINGS if recording.kind != "unknown"]
WORDY = {  # a body of many texts from each forge
    "git.push__github_many",
    "issue.opened__gitea",
    "pipeline.failed__forgejo",
    "pipeline.failed__gitlab",
    "pull_request.opened__gitlab",
}
TEXTS = st.sampled_from(
    ["", "0", "58", "-1", "🔥" * 9, "\u202eתירבע", "@channel", "refs/tags/", "https://[", "None"]
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=5,
)


def places(value: JSONValue, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
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


def with_body(recording: Recording, body: JSONValue) -> InboundRequest:
    return replace(recording.request(), body=json.dumps(body).encode())


def said(event: ParsedEvent, request: InboundRequest, language: str) -> str:
    wording = default_wording(INTEGRATION, event.kinds[0], language)
    context = build_context(event, request, "Git")
    rendered = render_message(context, wording=wording, style=Style(language=language))
    assert rendered.error == ""
    return rendered.messages[0].text


@given(st.data())
def test_no_shape_of_body_is_an_accident(data: st.DataObject) -> None:
    recording = data.draw(st.sampled_from(RECORDINGS))
    body = json.loads(recording.path.read_bytes())
    place = data.draw(st.sampled_from(places(body)))
    request = with_body(recording, changed(body, place, data.draw(ANY_JSON)))
    INTEGRATION.identify(request)

    with contextlib.suppress(PayloadError):
        event = INTEGRATION.parse(request, recording.source)
        assert set(event.kinds) <= set(INTEGRATION.kinds)
        assert event.ignored_because or "  " not in said(event, request, "nl")


@pytest.mark.parametrize(
    "recording", [one for one in KNOWN if one.path.stem in WORDY], ids=lambda one: one.name
)
def test_a_megabyte_in_every_text_is_cut(recording: Recording) -> None:
    text = "Ж" * MEGABYTE
    body = json.loads(recording.path.read_bytes(), object_hook=lambda one: _lengthened(one, text))

    event = INTEGRATION.parse(with_body(recording, body), recording.source)

    assert len(json.dumps(event.data, ensure_ascii=False)) < 20_000
    assert max(map(len, (event.title, event.url, *event.state_keys))) <= 2_000


@pytest.mark.parametrize("recording", KNOWN, ids=lambda one: one.name)
def test_who_did_it_may_be_missing(recording: Recording) -> None:
    body = json.loads(recording.path.read_bytes())
    nobody = dict.fromkeys(("sender", "pusher", "user", "user_name", "user_username"))
    request = with_body(recording, body | nobody)

    text = said(INTEGRATION.parse(request, recording.source), request, "nl")

    assert not text.startswith((" ", "None"))
    assert "  " not in text


def _lengthened(value: dict[str, Any], text: str) -> dict[str, Any]:
    titles = ("title", "message", "body", "description", "note", "name", "head_branch", "content")
    return value | {name: text for name in titles if isinstance(value.get(name), str)}
