"""The surprises that every integration must bear, from the request to the rendered message."""

import contextlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker

from hub.contracts import InboundRequest, Integration, JSONValue, PayloadError
from hub.cross_references import link_references
from hub.echoes import drop_echoes
from hub.matching import Match, Received, match_event, parse_event
from hub.models import Event
from hub.rendering import preview
from hub.rules import RuleIndex, load_rules
from hub.starting import load_starter_set
from tests.factories import make_channel, make_rule
from tests.recorded import Recording, recordings

pytestmark = pytest.mark.django_db

MEGABYTE = 1_000_000
DEEP: Any = json.loads('{"a":' * 90 + "1" + "}" * 90)
Change = Callable[[JSONValue], JSONValue]


def number_as_text(value: JSONValue) -> JSONValue:
    return str(value) if isinstance(value, int | float) else value


def text_as_number(value: JSONValue) -> JSONValue:
    return 4711 if isinstance(value, str) else value


ANYWHERE: Mapping[str, Change] = {
    "null": lambda _value: None,
    "a number as text": number_as_text,
    "a text as number": text_as_number,
    "emoji, right to left": lambda _value: "🚀👩‍👩‍👧 \u202eמשרד مرحبا",
}
IN_ONE_PLACE: Mapping[str, Change] = {
    "an empty text": lambda _value: "",
    "an empty list": lambda _value: [],
    "a boolean": lambda _value: True,
    "a fraction": lambda _value: 1e300,
    "a negative number": lambda _value: -(10**30),
    "a megabyte": lambda _value: "x" * MEGABYTE,
    "a megabyte of lines": lambda _value: "> *a* `b`\n" * (MEGABYTE // 10),
    "deep nesting": lambda _value: DEEP,
    "a long list": lambda value: [value] * 1_000,
}
JSON_RECORDINGS = defaultdict(list)
for _one in recordings():
    with contextlib.suppress(ValueError):  # forms, and line breaks within a text
        json.loads(_one.request().body)
        JSON_RECORDINGS[_one.integration.name].append(_one)

each_integration = pytest.mark.parametrize("name", sorted(JSON_RECORDINGS))
lenient = settings(suppress_health_check=[HealthCheck.too_slow], max_examples=100)


@pytest.fixture(scope="session")
def index(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> RuleIndex:
    """The starter rules, and one for each integration that tells everything in default words."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_starter_set()
        everything = make_channel("everything", is_cleared_for_private=True)
        for name in JSON_RECORDINGS:
            make_rule(everything, name=f"everything of {name}", integration=name)
        compiled = load_rules(version=1)
        transaction.set_rollback(True)
    return compiled


@each_integration
@pytest.mark.parametrize("surprise", ANYWHERE)
def test_a_surprise_in_every_place_is_no_accident(
    name: str, surprise: str, index: RuleIndex
) -> None:
    outcomes = [
        outcome(one, everywhere(body_of(one), ANYWHERE[surprise]), index)
        for one in JSON_RECORDINGS[name]
    ]

    assert accidents(outcomes) == []


@each_integration
@lenient
@given(data=st.data())
def test_a_surprise_in_one_place_is_no_accident(
    name: str, index: RuleIndex, data: st.DataObject
) -> None:
    recording = data.draw(st.sampled_from(JSON_RECORDINGS[name]))
    below = [partial(everywhere, change=change) for change in ANYWHERE.values()]
    change = data.draw(st.sampled_from([*below, *ANYWHERE.values(), *IN_ONE_PLACE.values()]))
    body = body_of(recording)
    place = data.draw(st.sampled_from(places(body)))

    found = outcome(recording, changed(body, place, change), index)

    assert accidents([found]) == []


def body_of(recording: Recording) -> JSONValue:
    return json.loads(recording.request().body)


def everywhere(value: JSONValue, change: Change) -> JSONValue:
    """At every value that holds no others."""
    if isinstance(value, dict):
        return {name: everywhere(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [everywhere(inner, change) for inner in value]
    return change(value)


def places(value: JSONValue, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Of every value in a body."""
    pairs: Any = value.items() if isinstance(value, dict) else ()
    pairs = enumerate(value) if isinstance(value, list) else pairs
    return [path, *(one for key, inner in pairs for one in places(inner, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], change: Change) -> Any:
    if not path:
        return change(value)
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], change)
    return copy


def outcome(recording: Recording, body: JSONValue, index: RuleIndex) -> str:
    """What is wrong with what the hub makes of it; empty if nothing is."""
    request = replace(recording.request(), body=json.dumps(body).encode())
    integration = recording.integration
    try:
        integration.identify(request)
    except PayloadError as error:  # who answers in a format of its own may refuse
        return "" if integration.answer is not None else f"refused: {error}"
    if integration.sign is not None and integration.verify is not None:
        headers = {**request.headers, **integration.sign(request, "secret")}
        integration.verify(replace(request, headers=headers), "secret")
    parsed = parse_event(_received(recording, request))
    if parsed.note.startswith("parsing failed"):
        return parsed.note
    [parsed] = link_references(drop_echoes([parsed]))
    return _find_fault(match_event(parsed, index), integration)


def _received(recording: Recording, request: InboundRequest) -> Received:
    integration, view = recording.integration, recording.source
    return Received(1, 1, view.name, integration, view, request)


def _find_fault(match: Match, integration: Integration) -> str:
    event = match.parsed.event
    if match.state == Event.State.FAILED:
        return match.note
    if event is None or event.ignored_because:
        return "" if match.note else "nobody is told why"
    if not set(event.kinds) <= set(integration.kinds):
        return f"kinds nobody has declared: {event.kinds}"
    json.dumps([event.data, event.title, event.url], allow_nan=False, ensure_ascii=False).encode()
    errors = [planned.error for planned in match.planned if planned.error]
    said = "\n".join(preview(one) for planned in match.planned for one in planned.messages)
    if re.search(r"\bNone\b", said) or not said.strip():
        return f"half a message: {said[:500]}"
    return "; ".join(errors)


def accidents(outcomes: list[str]) -> list[str]:
    return [one for one in outcomes if one]
