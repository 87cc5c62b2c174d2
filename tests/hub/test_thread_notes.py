"""A plain reply in a ticket's thread becomes a note: which ones, of whom, and the mark on it."""

from typing import Any

import pytest

from hub.contracts import DeliveryError, JSONObject
from hub.destinations import ChatPost
from hub.models import Channel, CommandInvocation, Person
from hub.registry import destination
from hub.thread_notes import accept_thread_reply
from hub.views import server_view
from tests.factories import NOON, make_channel
from tests.hub.thread_stage import Stage, notebook, stage

__all__ = ["notebook", "stage"]

pytestmark = pytest.mark.django_db(transaction=True)

State = CommandInvocation.State


def accept(stage: Stage, post_id: str) -> CommandInvocation | None:
    """As it stands in Mattermost."""
    post = destination().conversations.fetch_post(server_view(stage.server), post_id)
    assert post is not None
    return accept_thread_reply(stage.server, post, "")


def made_up(stage: Stage, **fields: Any) -> ChatPost:
    known: dict[str, Any] = {
        "post_id": "p" * 26,
        "channel_id": stage.channel.channel_id,
        "user_id": stage.standin.user_id("anja"),
        "text": "Looking at it",
        "created_at": NOON,
        "root_id": stage.root_id,
    }
    return ChatPost(**(known | fields))


def test_a_reply_becomes_a_note_and_is_marked(stage: Stage) -> None:
    post_id = stage.say("Looking at it")["id"]

    invocation = accept(stage, post_id)

    assert stage.run() == ["Looking at it"]
    assert stage.marks_on(post_id) == ["white_check_mark"]
    assert invocation is not None
    assert (invocation.username, invocation.reference) == ("anja", "#23")
    assert invocation.person == Person.objects.get(email="anja@example.test")


def test_the_note_is_internal_and_names_its_author(stage: Stage) -> None:
    accept(stage, stage.say("Looking at it")["id"])
    stage.run()

    [(_ticket, note)] = stage.notebook.notes

    assert (note.is_public, note.author_name) == (False, "Anja Voorbeeld")


def test_a_post_that_is_heard_twice_is_one_note(stage: Stage) -> None:
    post_id = stage.say("Looking at it")["id"]

    accepted = [accept(stage, post_id), accept(stage, post_id)]

    assert accepted[1] is None
    assert stage.run() == ["Looking at it"]


@pytest.mark.parametrize("text", ["#24 is the same", "--public for the customer", "Done\n--close"])
def test_a_reply_is_all_text(stage: Stage, text: str) -> None:
    accept(stage, stage.say(text)["id"])

    assert stage.run() == [text]
    assert not stage.notebook.notes[0][1].is_closing


def test_a_note_that_could_not_be_written_is_marked_so(stage: Stage) -> None:
    stage.notebook.refusals = [DeliveryError("403: may not write", permanent=True)]
    post_id = stage.say("Looking at it")["id"]

    accept(stage, post_id)

    assert stage.run() == []
    assert stage.marks_on(post_id) == ["warning"]


def test_a_mark_that_fails_leaves_the_note(stage: Stage) -> None:
    invocation = accept(stage, stage.say("Looking at it")["id"])
    stage.standin.kick("support")

    assert stage.run() == ["Looking at it"]
    assert invocation is not None
    invocation.refresh_from_db()
    assert invocation.state == State.DONE


WEBHOOK: JSONObject = {"from_webhook": "true"}
BOT: JSONObject = {"from_bot": "true"}


@pytest.mark.parametrize(
    "fields",
    [
        {"root_id": ""},
        {"root_id": "x" * 26},
        {"channel_id": "x" * 26},
        {"text": "  "},
        {"kind": "system_join_channel"},
        {"is_deleted": True},
        {"props": WEBHOOK},
        {"props": BOT},
    ],
    ids=lambda fields: str(fields)[:30],
)
def test_what_is_no_plain_reply_in_a_tickets_thread_is_left_alone(
    stage: Stage, fields: dict[str, Any]
) -> None:
    assert accept_thread_reply(stage.server, made_up(stage, **fields), "anja") is None
    assert accept_thread_reply(stage.server, made_up(stage), "anja") is not None


def test_what_the_hub_writes_itself_is_left_alone(stage: Stage) -> None:
    assert accept(stage, stage.say("Status: closed", user="hub")["id"]) is None


def test_replies_stay_in_mattermost_unless_the_channel_wants_notes(stage: Stage) -> None:
    Channel.objects.update(thread_replies=Channel.ThreadReplies.OFF)

    assert accept(stage, stage.say("Looking at it")["id"]) is None


def test_a_system_that_takes_no_notes_is_left_alone(stage: Stage) -> None:
    source = stage.thread.reference.source
    source.integration = "git"
    source.save()

    assert accept(stage, stage.say("Looking at it")["id"]) is None


def test_a_source_that_is_switched_off_is_left_alone(stage: Stage) -> None:
    source = stage.thread.reference.source
    source.is_active = False
    source.save()

    assert accept(stage, stage.say("Looking at it")["id"]) is None


def test_a_guest_writes_where_he_is_a_member(stage: Stage) -> None:
    accept(stage, stage.say("It is broken", user="guest")["id"])

    assert stage.run() == ["It is broken"]


def test_a_guest_does_not_write_to_what_is_private(stage: Stage) -> None:
    reference = stage.thread.reference
    reference.is_private = True
    reference.save()
    post_id = stage.say("It is broken", user="guest")["id"]

    accept(stage, post_id)

    assert stage.run() == []
    assert stage.marks_on(post_id) == ["warning"]


def test_who_is_switched_off_writes_nothing(stage: Stage) -> None:
    accept(stage, stage.say("First")["id"])
    Person.objects.update(is_active=False)
    post_id = stage.say("Second")["id"]

    invocation = accept(stage, post_id)

    assert stage.marks_on(post_id) == ["warning"]
    assert invocation is not None
    assert (invocation.state, invocation.due_at) == (State.REFUSED, None)


def test_a_thread_of_another_server_is_left_alone(stage: Stage) -> None:
    other = make_channel("other", stage.server)
    stage.thread.channel = other
    stage.thread.save()

    assert accept(stage, stage.say("Looking at it")["id"]) is None


def test_that_mattermost_is_down_is_said(stage: Stage) -> None:
    stage.standin.go_offline()

    with pytest.raises(DeliveryError):
        accept_thread_reply(stage.server, made_up(stage), "anja")

    assert CommandInvocation.objects.count() == 0
