"""`/ticket` and `/hub`: what they show, and to whom."""

import pytest

from hub.invocations import State
from hub.models import (
    Channel,
    CommandInvocation,
    Delivery,
    MattermostServer,
    Monitor,
    Reference,
    Silence,
    SlashCommand,
    Source,
)
from tests.commands import Keyboard, make_command
from tests.factories import NOON, make_channel, make_delivery, make_event, make_rule
from tests.notebook import Notebook
from tests.standins.mattermost import MattermostStandin

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def commands(server: MattermostServer, command: SlashCommand) -> None:
    make_command(server, "ticket")
    make_command(server, "hub")


def text_of(row: CommandInvocation) -> str:
    return str(row.answer["text"])


def test_a_ticket_is_shown_as_a_card(keyboard: Keyboard, notebook: Notebook) -> None:
    row = keyboard.run("/ticket #23")

    (card,) = row.answer["attachments"]
    assert card["title"] == "#23 Server down"
    assert card["title_link"] == "https://notebook.example.test/23"
    assert card["fields"] == [{"title": "Status", "value": "open", "short": True}]


def test_a_ticket_is_found_like_that_of_a_reply(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook
) -> None:
    standin.post_as("bart", "support", "wat is #24?")

    row = keyboard.run("/ticket")

    assert row.answer["attachments"][0]["title"] == "#24 Printer on fire"


def test_a_private_ticket_is_shown_in_cleared_channels_only(
    keyboard: Keyboard, notebook: Notebook
) -> None:
    notebook.add("#66", is_private=True)

    row = keyboard.run("/ticket #66")

    assert row.state == State.REFUSED
    assert "cleared" in text_of(row)


def test_in_a_cleared_channel_it_is_shown_to_who_typed(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook, server: MattermostServer
) -> None:
    notebook.add("#66", is_private=True)
    SlashCommand.objects.update(answer=SlashCommand.Answer.IN_CHANNEL)
    channel_id = standin.channel_id("support")
    make_channel("support", server, channel_id=channel_id, is_cleared_for_private=True)

    row = keyboard.run("/ticket #66")

    assert row.answer["response_type"] == "ephemeral"
    assert row.answer["attachments"][0]["title"].startswith("#66")


@pytest.mark.parametrize("typed", ["/hub", "/hub help", "/hub HELP"])
def test_help_names_every_command(keyboard: Keyboard, typed: str) -> None:
    row = keyboard.run(typed)

    assert "`/hub status`" in text_of(row)


def test_an_unknown_word_is_answered_with_the_known_ones(keyboard: Keyboard) -> None:
    row = keyboard.run("/hub dance")

    assert row.state == State.REFUSED
    assert "There is no /hub dance" in text_of(row)


def test_status_says_when_all_is_well(keyboard: Keyboard) -> None:
    row = keyboard.run("/hub status")

    assert "All services answer." in text_of(row)


def test_status_names_what_is_down(keyboard: Keyboard) -> None:
    Monitor.objects.create(
        name="Webshop", url="https://shop.example.test", state="down", problem="502 from a proxy"
    )

    row = keyboard.run("/hub status")

    assert ":red_circle: **Webshop** 502 from a proxy" in text_of(row)


def test_why_tells_what_was_sent_where_and_why_not(
    keyboard: Keyboard, source: Source, server: MattermostServer
) -> None:
    channel = make_channel("support", server)
    reference = Reference.objects.create(
        source=source, external_id="23", display="#23", title="Server down"
    )
    rule = make_rule(channel, name="Urgent tickets")
    event = make_event(source, reference=reference)
    sent = {"event": event, "reference": reference, "rule": rule}
    make_delivery(channel, state=Delivery.State.DELIVERED, delivered_at=NOON, **sent)
    make_delivery(channel, state=Delivery.State.DEAD, reason="403", generation=2, **sent)

    row = keyboard.run("/hub why #23")

    told = text_of(row)
    assert ":white_check_mark: 24 Nov 2026 13:00 ~support (Urgent tickets) delivered" in told
    assert ":x:" in told
    assert "dead letter: 403" in told


def test_why_tells_of_an_event_that_led_to_nothing(keyboard: Keyboard, source: Source) -> None:
    reference = Reference.objects.create(source=source, external_id="23", display="#23")
    make_event(source, reference=reference, kind="page.written", state="unmatched", note="no rule")

    row = keyboard.run("/hub why #23")

    assert "page.written no rule: no rule" in text_of(row)


def test_why_keeps_private_references_to_itself(keyboard: Keyboard, source: Source) -> None:
    Reference.objects.create(source=source, external_id="66", display="#66", is_private=True)

    row = keyboard.run("/hub why #66")

    assert "has received nothing about" in text_of(row)


def test_why_tells_of_private_notes_in_cleared_channels_only(
    keyboard: Keyboard, source: Source, server: MattermostServer, standin: MattermostStandin
) -> None:
    board = make_channel("board", server, is_cleared_for_private=True)
    here = make_channel("support", server, channel_id=standin.channel_id("support"))
    reference = Reference.objects.create(source=source, external_id="23", display="#23")
    about = {"reference": reference, "is_private": True}
    make_delivery(board, event=make_event(source, **about), reference=reference)
    make_event(source, kind="page.written", state="unmatched", note="no rule", **about)

    openly = text_of(keyboard.run("/hub why #23"))
    Channel.objects.filter(pk=here.pk).update(is_cleared_for_private=True)
    cleared = text_of(keyboard.run("/hub why #23"))

    assert "~board" not in openly
    assert "page.written" not in openly
    assert "~board" in cleared
    assert "page.written" in cleared


def test_silence_is_made_from_chat(keyboard: Keyboard, source: Source) -> None:
    row = keyboard.run("/hub silence notebook 2h")

    assert row.state == State.DONE
    assert Silence.objects.get().source == source
    assert Silence.objects.get().created_by == "@anja"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/hub silence notebook", "For how long?"),
        ("/hub silence nonsense 2h", "What is nonsense?"),
        ("/hub silence notebook 30d", "a week at most"),
    ],
)
def test_a_silence_that_is_not_clear_is_not_made(
    keyboard: Keyboard, source: Source, typed: str, told: str
) -> None:
    row = keyboard.run(typed)

    assert told in text_of(row)
    assert not Silence.objects.exists()


def test_silence_alone_lists_what_is_silent(keyboard: Keyboard, source: Source) -> None:
    keyboard.run("/hub silence notebook 2h")

    row = keyboard.run("/hub silence")

    assert "Notebook" in text_of(row)


def test_guests_silence_nothing(keyboard: Keyboard, source: Source) -> None:
    row = keyboard.run("/hub silence notebook 2h", user="guest")

    assert row.state == State.REFUSED
