"""Conditions on what has changed: an event beside the one before it, through the matcher."""

import json
from datetime import timedelta
from typing import Any

import pytest

from hub.models import Event, Source
from hub.redelivering import replay
from tests.factories import NOON, make_channel, make_event, make_rule, make_source, zammad_body
from tests.pumping import Pump

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Source:
    return make_source()


def store(source: Source, second: int, **ticket: Any) -> Event:
    """News of one ticket, as if received."""
    changed_at = NOON + timedelta(seconds=second)
    body = zammad_body(updated_at=changed_at.isoformat(), **ticket)
    hint = "ticket.updated" if second else "ticket.created"
    return make_event(source, body=json.dumps(body).encode(), event_hint=hint)


def make_change_rule(path: str) -> None:
    make_rule(make_channel(is_paused=True), conditions=((path, "changed", ""),))


def told(*events: Event) -> list[bool]:
    rows = {row.pk: row for row in Event.objects.all()}
    return [rows[event.pk].state == Event.State.MATCHED for event in events]


def test_a_title_that_changed_is_seen_within_a_batch(source: Source, pump: Pump) -> None:
    make_change_rule("title")
    events = [store(source, 0), store(source, 1), store(source, 2, title="Webshop slow")]

    pump.run()

    assert told(*events) == [False, False, True]


def test_a_title_that_changed_is_seen_against_what_is_stored(source: Source, pump: Pump) -> None:
    make_change_rule("title")
    store(source, 0)
    pump.run()
    same, other = store(source, 1), store(source, 2, title="Webshop slow")

    pump.run()

    assert told(same, other) == [False, True]


def test_a_kind_and_a_severity_that_changed_are_seen(source: Source, pump: Pump) -> None:
    make_change_rule("severity")
    make_rule(name="kind", conditions=(("kind", "changed", ""),), order=1)
    store(source, 0, priority={"id": 3, "name": "3 high"})
    pump.run()
    closed = store(source, 1, state="closed")

    pump.run()

    row = Event.objects.get(pk=closed.pk)
    assert {one["name"]: one["holds"] for one in row.trace} == {
        "kind": True,
        "rule": True,
    }


def test_a_title_too_long_to_be_stored_whole_has_not_changed(source: Source, pump: Pump) -> None:
    make_change_rule("title")
    store(source, 0, title="x" * 400)
    pump.run()
    same = store(source, 1, title="x" * 400)

    pump.run()

    assert told(same) == [False]


def test_a_replayed_event_is_compared_with_the_one_before_it(source: Source, pump: Pump) -> None:
    first, second = store(source, 0), store(source, 1)
    store(source, 2, title="Webshop slow")
    pump.run()
    make_change_rule("title")
    replay(Event.objects.filter(pk__in=[first.pk, second.pk]), user=None)

    pump.run()

    assert told(first, second) == [False, False]


def test_a_replay_beside_news_leaves_the_news_to_its_own_past(source: Source, pump: Pump) -> None:
    first = store(source, 0, title="Webshop slow")
    store(source, 1)
    pump.run()
    make_change_rule("title")
    replay(Event.objects.filter(pk=first.pk), user=None)
    news = store(source, 2)

    pump.run()

    assert told(first, news) == [False, False]
