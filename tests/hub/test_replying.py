"""`/reply`: written once, as asked, and told in words; whatever goes wrong, the text comes back."""

from datetime import timedelta
from typing import Any

import pytest

from hub.answering import run_invocation
from hub.choosing import press_choice, press_undo
from hub.contracts import DeliveryError
from hub.invocations import State, claim_invocations
from hub.models import (
    CommandInvocation,
    MattermostServer,
    Reference,
    SlashCommand,
    Source,
    Thread,
)
from hub.pressing import Press
from tests.commands import Keyboard, later, run_due
from tests.factories import make_channel
from tests.notebook import Notebook
from tests.standins.mattermost import MattermostStandin

pytestmark = pytest.mark.django_db


AWAY = DeliveryError("Notebook does not answer", is_fate_unknown=True)


def text_of(row: CommandInvocation) -> str:
    return str(row.answer["text"])


def press(row: CommandInvocation, **payload: Any) -> Press:
    return Press(
        row.user_id, row.username, row.channel_id, "post", payload={"invocation": row.pk} | payload
    )


def test_a_named_ticket_is_written_to_at_once(keyboard: Keyboard, notebook: Notebook) -> None:
    row = keyboard.run("/reply #23 Code review done")

    assert row.state == State.DONE
    assert notebook.texts() == ["Code review done"]
    assert "**[#23](https://notebook.example.test/23)** (Server down)" in text_of(row)
    assert row.answer["response_type"] == "ephemeral"


def test_the_note_knows_who_wrote_it(keyboard: Keyboard, notebook: Notebook) -> None:
    keyboard.run("/reply #23 done", user="bart")

    _display, note = notebook.notes[0]
    assert (note.author_username, note.author_name) == ("bart", "Bart Voorbeeld")


def test_the_answer_may_be_for_everybody(
    keyboard: Keyboard, command: SlashCommand, notebook: Notebook
) -> None:
    SlashCommand.objects.update(answer=SlashCommand.Answer.IN_CHANNEL)

    row = keyboard.run("/reply #23 done")

    assert row.answer["response_type"] == "in_channel"


def test_a_private_ticket_is_never_told_to_everybody(
    keyboard: Keyboard, command: SlashCommand, notebook: Notebook
) -> None:
    SlashCommand.objects.update(answer=SlashCommand.Answer.IN_CHANNEL)
    notebook.add("#66", is_private=True)

    row = keyboard.run("/reply #66 done")

    assert row.answer["response_type"] == "ephemeral"


def test_a_guest_cannot_write_to_a_private_ticket(keyboard: Keyboard, notebook: Notebook) -> None:
    notebook.add("#66", is_private=True)

    row = keyboard.run("/reply #66 done", user="guest")

    assert row.state == State.REFUSED
    assert notebook.notes == []


def test_an_unknown_ticket_gives_the_text_back(keyboard: Keyboard, notebook: Notebook) -> None:
    row = keyboard.run("/reply #999 a long story")

    assert row.state == State.REFUSED
    assert "Notebook has no" in text_of(row)
    assert "/reply #999 a long story" in text_of(row)


def test_a_reference_of_no_system_is_not_taken_for_text(
    keyboard: Keyboard, notebook: Notebook
) -> None:
    row = keyboard.run("/reply OPS-12 restart it")

    assert row.state == State.REFUSED
    assert "No system is known for OPS-12" in text_of(row)


def test_an_option_the_system_lacks_writes_nothing(keyboard: Keyboard, notebook: Notebook) -> None:
    row = keyboard.run("/reply #23 --public hello")

    assert "does not know --public. Nothing was written." in text_of(row)
    assert notebook.notes == []


def test_closing_is_read_back(keyboard: Keyboard, notebook: Notebook) -> None:
    row = keyboard.run("/reply #23 --close fixed")

    assert "Status: closed." in text_of(row)


def test_no_ticket_in_sight_gives_help(keyboard: Keyboard, notebook: Notebook) -> None:
    row = keyboard.run("/reply Goed punt, ik pak dit op")

    assert row.state == State.REFUSED
    assert "Name it: /reply #23" in text_of(row)


def test_a_found_ticket_waits_behind_undo(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook
) -> None:
    standin.post_as("bart", "support", "wie kijkt naar #23?")

    row = keyboard.run("/reply ik")

    assert row.state == State.WAITING
    assert notebook.notes == []
    assert "in 10 seconds" in text_of(row)


def test_what_nobody_undoes_is_written(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook
) -> None:
    standin.post_as("bart", "support", "wie kijkt naar #23?")
    row = keyboard.run("/reply ik")

    run_due(later(seconds=11))

    row.refresh_from_db()
    assert row.state == State.DONE
    assert notebook.texts() == ["ik"]


def test_undo_writes_nothing_and_gives_the_text_back(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook
) -> None:
    standin.post_as("bart", "support", "wie kijkt naar #23?")
    row = keyboard.run("/reply ik")

    pressed = press_undo(press(row))

    run_due(later(seconds=11))
    row.refresh_from_db()
    assert row.state == State.UNDONE
    assert notebook.notes == []
    assert "/reply ik" in str((pressed.update or {})["message"])


def test_undo_comes_too_late_once_it_is_written(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook
) -> None:
    standin.post_as("bart", "support", "wie kijkt naar #23?")
    row = keyboard.run("/reply ik")
    run_due(later(seconds=11))

    pressed = press_undo(press(row))

    assert pressed.ephemeral_text.startswith("Too late")


def test_zero_seconds_switch_undo_off(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook
) -> None:
    SlashCommand.objects.update(undo_seconds=0)
    standin.post_as("bart", "support", "wie kijkt naar #23?")

    keyboard.run("/reply ik")

    assert notebook.texts() == ["ik"]


def test_in_a_ticket_thread_its_ticket_is_meant(
    keyboard: Keyboard, standin: MattermostStandin, source: Source, server: MattermostServer
) -> None:
    standin.post_as("bart", "support", "over #24")
    root = standin.post_as("bart", "support", "card").body["id"]
    reference = Reference.objects.create(source=source, external_id="23", display="#23")
    channel = make_channel("support", server)
    Thread.objects.create(channel=channel, reference=reference, root_post_id=root)

    row = keyboard.run("/reply ik", root_id=root)

    assert (row.reference, row.found_by) == ("#23", "thread")


def test_several_candidates_are_asked_about(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook
) -> None:
    standin.post_as("bart", "support", "#23 of #24?")

    row = keyboard.run("/reply de tweede")

    assert row.state == State.ASKING
    actions = row.answer["attachments"][0]["actions"]
    assert [action["name"] for action in actions] == ["#23", "#24", "None of these"]


def test_the_chosen_one_is_written_to(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook
) -> None:
    standin.post_as("bart", "support", "#23 of #24?")
    row = keyboard.run("/reply de tweede")

    press_choice(press(row, place=1))
    run_due()

    assert [display for display, _note in notebook.notes] == ["#24"]


def test_the_result_of_a_choice_may_be_for_everybody(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook
) -> None:
    SlashCommand.objects.update(answer=SlashCommand.Answer.IN_CHANNEL)
    standin.post_as("bart", "support", "#23 of #24?")
    row = keyboard.run("/reply de tweede")

    pressed = press_choice(press(row, place=1))
    run_due()

    row.refresh_from_db()
    assert "Busy with it" in str((pressed.update or {})["message"])
    assert row.answer["response_type"] == "in_channel"


def test_a_question_is_answered_once(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook
) -> None:
    standin.post_as("bart", "support", "#23 of #24?")
    row = keyboard.run("/reply de tweede")
    press_choice(press(row, place=1))

    second = press_choice(press(row, place=0))
    run_due()

    assert second.ephemeral_text == "It was answered already."
    assert len(notebook.notes) == 1


def test_none_of_these_writes_nothing(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook
) -> None:
    standin.post_as("bart", "support", "#23 of #24?")
    row = keyboard.run("/reply de tweede")

    press_choice(press(row, place=-1))

    row.refresh_from_db()
    assert row.state == State.REFUSED
    assert run_due() == 0


def test_only_who_typed_may_choose(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook
) -> None:
    standin.post_as("bart", "support", "#23 of #24?")
    row = keyboard.run("/reply de tweede")
    row.user_id = standin.user_id("bart")

    pressed = press_choice(press(row, place=0))

    assert pressed.ephemeral_text == "Only @anja can answer this."


def test_the_same_press_of_enter_is_one_note(keyboard: Keyboard, notebook: Notebook) -> None:
    keyboard.type("/reply #23 done", trigger_id="same")
    keyboard.type("/reply #23 done", trigger_id="same")

    run_due()

    assert len(notebook.notes) == 1


def test_the_same_words_typed_twice_are_two_notes(keyboard: Keyboard, notebook: Notebook) -> None:
    keyboard.run("/reply #23 +1")
    keyboard.run("/reply #23 +1")

    assert len(notebook.notes) == 2


def test_a_note_that_arrived_before_the_time_out_is_not_repeated(
    keyboard: Keyboard, notebook: Notebook
) -> None:
    notebook.refusals, notebook.stores_before_refusing = [AWAY], True
    row = keyboard.run("/reply #23 done")

    run_due(later(seconds=6))

    row.refresh_from_db()
    assert row.state == State.DONE
    assert len(notebook.notes) == 1


def test_a_system_that_is_away_is_tried_again_and_told_about(
    keyboard: Keyboard, notebook: Notebook
) -> None:
    notebook.refusals = [AWAY]

    row = keyboard.run("/reply #23 done")

    assert row.state == State.RETRYING
    assert "Notebook does not answer" in text_of(row)
    assert "/reply #23 done" in text_of(row)


def test_in_the_end_a_system_that_stays_away_is_a_failure(
    keyboard: Keyboard, notebook: Notebook
) -> None:
    notebook.refusals = [AWAY] * 4
    row = keyboard.run("/reply #23 done")

    run_due(later(seconds=6))
    run_due(later(minutes=1))
    run_due(later(minutes=3))

    row.refresh_from_db()
    assert row.state == State.FAILED
    assert row.outcome == "Notebook does not answer"
    assert "look before you type it again" in text_of(row)


def test_what_is_refused_for_good_is_not_tried_again(
    keyboard: Keyboard, notebook: Notebook
) -> None:
    notebook.refusals = [DeliveryError("The key may not write notes", permanent=True)]

    row = keyboard.run("/reply #23 done")

    assert row.state == State.FAILED
    assert "The key may not write notes" in text_of(row)
    assert "look before you type it again" not in text_of(row)
    assert "/reply #23 done" in text_of(row)


def test_what_a_dead_worker_held_is_taken_over(keyboard: Keyboard, notebook: Notebook) -> None:
    row = keyboard.type("/reply #23 done")
    claim_invocations(row.due_at, 10)

    run_due(later(seconds=31))

    assert len(notebook.notes) == 1


def test_a_claim_that_was_lost_writes_no_more(keyboard: Keyboard, notebook: Notebook) -> None:
    row = keyboard.type("/reply #23 done")
    (stale,) = claim_invocations(row.due_at, 10)
    run_due(later(seconds=31))

    run_invocation(stale)

    assert len(notebook.notes) == 1


def test_the_command_can_be_bound_to_channels(
    keyboard: Keyboard, command: SlashCommand, server: MattermostServer, standin: MattermostStandin
) -> None:
    elsewhere = make_channel("development", server, channel_id=standin.channel_id("development"))
    command.channels.add(elsewhere)

    row = keyboard.run("/reply #23 done")

    assert "works in ~development only" in text_of(row)


@pytest.mark.parametrize(
    ("audience", "user", "state"),
    [
        ("everybody", "guest", State.DONE),
        ("members", "guest", State.REFUSED),
        ("members", "anja", State.DONE),
        ("channel_admins", "anja", State.REFUSED),
        ("channel_admins", "admin", State.DONE),
        ("system_admins", "anja", State.REFUSED),
        ("system_admins", "admin", State.DONE),
    ],
)
def test_who_may_use_it(keyboard: Keyboard, audience: str, user: str, state: str) -> None:
    SlashCommand.objects.update(audience=audience)

    assert keyboard.run("/reply #23 done", user=user).state == state


def test_the_answer_speaks_the_language_of_the_command(keyboard: Keyboard) -> None:
    SlashCommand.objects.update(language="nl")

    row = keyboard.run("/reply #999 tekst")

    assert "Wat je typte:" in text_of(row)


def test_a_late_answer_goes_to_the_response_url(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook
) -> None:
    row = keyboard.type("/reply #23 done")
    CommandInvocation.objects.filter(pk=row.pk).update(
        is_answered_late=True, response_url="https://elsewhere.example.test/hooks/commands/x"
    )

    run_due()

    row.refresh_from_db()
    assert "the answer did not arrive" in row.outcome
    assert len(notebook.notes) == 1


def test_no_address_of_an_answer_is_kept(keyboard: Keyboard, notebook: Notebook) -> None:
    row = keyboard.run("/reply #23 done", response_url="https://x.example.test/hooks/commands/x")

    assert row.response_url == ""


def test_what_waited_for_too_long_is_not_done_any_more(
    keyboard: Keyboard, notebook: Notebook
) -> None:
    row = keyboard.type("/reply #23 done")
    CommandInvocation.objects.update(received_at=later(minutes=-31))

    run_due()

    row.refresh_from_db()
    assert row.state == State.FAILED
    assert notebook.notes == []


def test_it_is_known_how_long_it_took(keyboard: Keyboard, notebook: Notebook) -> None:
    row = keyboard.run("/reply #23 done")

    assert row.duration_ms is not None
    assert timedelta(milliseconds=row.duration_ms) < timedelta(minutes=1)
