"""Matching that meets another matcher, or a database that refuses one event."""

import json
from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction

from hub.matcher import write_one_by_one
from hub.matching import Match, Parsed, Received, match_event, parse_event
from hub.models import Channel, Delivery, Event
from hub.planning import mark_failed, write_matches
from hub.registry import get
from hub.rules import load_rules
from hub.views import source_view
from tests.factories import (
    make_channel,
    make_event,
    make_request,
    make_rule,
    make_source,
    zammad_body,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def support() -> Channel:
    channel = make_channel("support")
    make_source()
    make_rule(channel, line="{{ title }}")
    return channel


def test_what_another_matcher_wrote_meanwhile_stays_as_it_is(support: Channel) -> None:
    theirs, mine = match_of(74001), match_of(74002)
    write_matches([theirs], {})
    with pytest.raises(IntegrityError), transaction.atomic():
        write_matches([theirs, mine], {})

    write_one_by_one([theirs, mine])

    assert list(Event.objects.values_list("state", "note")) == [("matched", ""), ("matched", "")]
    assert list(Delivery.objects.order_by("pk").values_list("event_id", "generation")) == [
        (theirs.parsed.received.event_id, 1),
        (mine.parsed.received.event_id, 1),
    ]


def test_what_was_withheld_is_recorded_once_by_two_matchers(support: Channel) -> None:
    withheld = match_of(74001)
    planned = tuple(replace(one, reason="silenced") for one in withheld.planned)
    withheld = replace(withheld, planned=planned)
    write_matches([withheld], {})

    with pytest.raises(IntegrityError), transaction.atomic():
        write_matches([withheld], {})

    assert Delivery.objects.get().state == Delivery.State.SUPPRESSED


def test_an_event_that_the_database_refuses_stops_no_other(support: Channel) -> None:
    refused, other = match_of(74001), match_of(74002)
    twice = Match(refused.parsed, refused.state, planned=refused.planned * 2)

    write_one_by_one([twice, other])

    states = list(Event.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["failed", "matched"]
    assert Event.objects.order_by("pk")[0].note.startswith("could not be written: ")


def test_only_what_is_still_received_is_marked_as_failed(support: Channel) -> None:
    match = match_of(74001)
    write_matches([match], {})

    mark_failed([match.parsed.received.event_id], "too late")

    assert Event.objects.get().state == Event.State.MATCHED


def match_of(number: int) -> Match:
    """Of a ticket that was received, and is not written yet."""
    event = make_event(body=json.dumps(zammad_body(number)).encode())
    return match_event(_parsed(event), load_rules(0))


def _parsed(event: Event) -> Parsed:
    source, integration = event.source, get("zammad")
    assert integration is not None
    request = make_request(bytes(event.body))
    return parse_event(
        Received(event.pk, source.pk, source.name, integration, source_view(source), request)
    )
