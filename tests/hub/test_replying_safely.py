"""`/reply` where it could go wrong quietly: a dead worker, a private ticket, somebody else's id."""

import pytest

from hub.contracts import DeliveryError
from hub.invocations import State, claim_invocations
from hub.models import (
    CommandInvocation,
    MattermostServer,
    Reference,
    SlashCommand,
    Source,
)
from tests.commands import Keyboard, later, run_due
from tests.notebook import Notebook
from tests.standins.mattermost import MattermostStandin

pytestmark = pytest.mark.django_db

NOBODY_LISTENS = "http://127.0.0.1:9"
AWAY = DeliveryError("Notebook does not answer", is_fate_unknown=True)


def text_of(row: CommandInvocation) -> str:
    return str(row.answer["text"])


def test_writing_to_a_private_ticket_does_not_tell_its_title(
    keyboard: Keyboard, notebook: Notebook
) -> None:
    notebook.add("#66", "Reorganisation", is_private=True)

    row = keyboard.run("/reply #66 done")

    assert row.state == State.DONE
    assert "Reorganisation" not in str(row.answer)


@pytest.mark.parametrize("said", ["#66?", "#66 of #23?"])
def test_neither_undo_nor_a_question_tells_the_title_of_a_private_ticket(
    keyboard: Keyboard, standin: MattermostStandin, source: Source, said: str
) -> None:
    private = {"title": "Reorganisation", "is_private": True}
    Reference.objects.create(source=source, external_id="66", display="#66", **private)
    standin.post_as("bart", "support", said)

    row = keyboard.run("/reply ik")

    assert "#66" in str(row.answer)
    assert "Reorganisation" not in str(row.answer)


def test_an_id_that_is_another_tickets_by_now_is_not_followed(
    keyboard: Keyboard, source: Source, notebook: Notebook
) -> None:
    Reference.objects.create(source=source, external_id="24", display="#23")

    keyboard.run("/reply #23 done")

    assert [display for display, _note in notebook.notes] == ["#23"]


def test_a_member_is_no_guest_while_mattermost_cannot_say_so(
    keyboard: Keyboard, notebook: Notebook
) -> None:
    SlashCommand.objects.update(audience=SlashCommand.Audience.MEMBERS)
    MattermostServer.objects.update(base_url=NOBODY_LISTENS)

    row = keyboard.run("/reply #23 done")

    assert row.state == State.RETRYING
    assert "/reply #23 done" in text_of(row)


def test_undo_is_offered_though_the_worker_died_on_the_way(
    keyboard: Keyboard, source: Source, notebook: Notebook
) -> None:
    row = keyboard.type("/reply ik")
    claim_invocations(row.due_at, 10)
    found = {"source": source, "reference": "#23", "found_by": "channel"}
    CommandInvocation.objects.filter(pk=row.pk).update(**found)

    run_due(later(seconds=31))

    row.refresh_from_db()
    assert row.state == State.WAITING
    assert notebook.notes == []
    assert "in 10 seconds" in text_of(row)


def test_a_ticket_that_is_found_at_the_second_try_waits_too(
    keyboard: Keyboard, standin: MattermostStandin, server: MattermostServer, notebook: Notebook
) -> None:
    standin.post_as("bart", "support", "wie kijkt naar #23?")
    MattermostServer.objects.update(base_url=NOBODY_LISTENS)
    row = keyboard.run("/reply ik")
    MattermostServer.objects.update(base_url=standin.url)

    run_due(later(seconds=6))

    assert row.state == State.RETRYING
    row.refresh_from_db()
    assert row.state == State.WAITING


def test_what_has_waited_is_not_offered_again_at_the_next_try(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook
) -> None:
    standin.post_as("bart", "support", "wie kijkt naar #23?")
    notebook.refusals = [AWAY]
    row = keyboard.run("/reply ik")
    run_due(later(seconds=11))

    run_due(later(seconds=30))

    row.refresh_from_db()
    assert row.state == State.DONE


def test_a_late_answer_goes_to_no_other_address_of_the_server(
    keyboard: Keyboard, standin: MattermostStandin, notebook: Notebook
) -> None:
    row = keyboard.type("/reply #23 done")
    elsewhere = f"{standin.url}/api/v4/posts?from=/hooks/commands/x"
    CommandInvocation.objects.filter(pk=row.pk).update(
        is_answered_late=True, response_url=elsewhere
    )

    run_due()

    row.refresh_from_db()
    assert "response_url is not of this server" in row.outcome
