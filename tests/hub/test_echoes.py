"""The hub's own note comes back from its system, and is not told again."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.echoes import fingerprints_of
from hub.explaining import recall
from hub.models import CommandInvocation, Event, MattermostServer, Source
from hub.tickets import fingerprint
from tests.factories import NOON, make_channel, make_event, make_rule, make_source
from tests.hub.directory import DIRECTORY, Directory, directory
from tests.pumping import Pump

__all__ = ["directory"]

pytestmark = pytest.mark.django_db(transaction=True)

IGNORED = (Event.State.IGNORED, "written from Mattermost by @anja")
NOTE = ["ticket.commented"]


@pytest.fixture
def tickets(directory: Directory) -> Source:
    make_rule(make_channel(), integration=DIRECTORY, line="News")
    return make_source(DIRECTORY, "Tickets")


def make_invocation(source: Source, text: str = "Looking at it", **fields: Any) -> None:
    known = {
        "server": MattermostServer.objects.get(),
        "dedup_key": f"key {CommandInvocation.objects.count()}",
        "username": "anja",
        "source": source,
        "external_id": "7",
        "reference": "T-7",
        "text": text,
        "note_fingerprint": fingerprint(text),
        "received_at": NOON,
    }
    CommandInvocation.objects.create(**(known | fields))


def told(source: Source, *, received_at: Any = NOON, **body: Any) -> Event:
    event = make_event(source, body=json.dumps(body).encode(), received_at=received_at)
    pump = Pump()
    pump.matcher.match_batch(1)
    pump.close()
    event.refresh_from_db()
    return event


def test_a_note_is_known_by_its_id_however_late(tickets: Source) -> None:
    make_invocation(tickets, note_id="42")

    event = told(tickets, kinds=NOTE, note_id="42", received_at=NOON + timedelta(days=3))

    assert (event.state, event.note) == IGNORED


def test_what_else_has_changed_is_told(tickets: Source) -> None:
    make_invocation(tickets, note_id="42")

    event = told(tickets, kinds=["ticket.closed", "ticket.commented"], note_id="42")

    assert (event.state, event.kinds) == (Event.State.MATCHED, ["ticket.closed"])


def test_a_note_without_a_kind_of_its_own_is_not_told(tickets: Source) -> None:
    make_invocation(tickets, note_id="42")

    event = told(tickets, kinds=["ticket.updated"], note_id="42")

    assert (event.state, event.note) == IGNORED


def test_a_change_that_came_with_the_note_is_told(tickets: Source) -> None:
    make_invocation(tickets, note_id="42")

    event = told(tickets, kinds=["ticket.updated"], note_id="42", changed=["priority"])

    assert event.state == Event.State.MATCHED


def test_a_note_of_somebody_else_is_told(tickets: Source) -> None:
    make_invocation(tickets, note_id="42")

    event = told(tickets, kinds=NOTE, note_id="43", note_text="Looking at it")

    assert event.state == Event.State.MATCHED


def test_an_id_of_another_source_is_another_note(tickets: Source) -> None:
    make_invocation(make_source("zammad", "Other"), note_id="42")

    assert told(tickets, kinds=NOTE, note_id="42").state == Event.State.MATCHED


@pytest.mark.parametrize(
    "text",
    [
        "Looking at it",
        "<p>Looking <b>at</b> it</p>",
        "Anja Voorbeeld via Mattermost:\nLooking at it",
        "<p>Anja Voorbeeld via Mattermost:</p><p>Looking at it</p>",
        "*Anja Voorbeeld via Mattermost:*\n\nLooking at it",
    ],
)
def test_a_note_that_comes_back_before_its_id_is_known_by_its_text(
    tickets: Source, text: str
) -> None:
    make_invocation(tickets)

    event = told(tickets, kinds=NOTE, note_id="42", note_text=text)

    assert (event.state, event.note) == IGNORED


def test_the_same_words_on_another_ticket_are_told(tickets: Source) -> None:
    make_invocation(tickets)

    event = told(tickets, kinds=NOTE, ticket="8", note_text="Looking at it")

    assert event.state == Event.State.MATCHED


def test_the_same_words_an_hour_later_are_told(tickets: Source) -> None:
    make_invocation(tickets)
    later = NOON + timedelta(hours=1)

    event = told(tickets, kinds=NOTE, note_text="Looking at it", received_at=later)

    assert event.state == Event.State.MATCHED


def test_a_note_that_was_written_late_is_known_by_its_text(tickets: Source) -> None:
    later = NOON + timedelta(hours=1)
    make_invocation(tickets, look_since=later)

    event = told(tickets, kinds=NOTE, note_text="Looking at it", received_at=later)

    assert event.state == Event.State.IGNORED


def test_a_ticket_known_by_its_name_only_is_compared_by_it(tickets: Source) -> None:
    make_invocation(tickets, external_id="")

    event = told(tickets, kinds=NOTE, note_text="Looking at it")

    assert event.state == Event.State.IGNORED


def test_emoji_are_no_text_to_know_a_note_by(tickets: Source) -> None:
    make_invocation(tickets, text="\N{THUMBS UP SIGN}")

    event = told(tickets, kinds=NOTE, note_text="!!!")

    assert event.state == Event.State.MATCHED
    assert fingerprints_of("\N{THUMBS UP SIGN}") == []


def test_a_batch_without_notes_asks_for_no_invocations(tickets: Source) -> None:
    make_invocation(tickets, note_id="42")

    with CaptureQueriesContext(connection) as queries:
        told(tickets, kinds=["ticket.closed"])

    assert [one["sql"] for one in queries if "hub_commandinvocation" in one["sql"]] == []


def test_the_admin_says_the_same_of_a_stored_echo(tickets: Source) -> None:
    make_invocation(tickets, note_id="42")
    event = told(tickets, kinds=NOTE, note_id="42")

    recalled = recall(event)

    assert recalled is not None
    assert recalled.parsed.event is not None
    assert recalled.parsed.event.ignored_because == IGNORED[1]
