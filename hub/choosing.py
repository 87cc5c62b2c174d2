"""The buttons under the hub's own answers: which ticket is meant, and undo."""

import time

from django.utils import timezone
from django.utils.translation import override

from hub.answering import language_of
from hub.answers import with_typed
from hub.commanding import ANSWER_WITHIN_S
from hub.contracts import JSONObject
from hub.invocations import State, choose, drop, wait_for_answer
from hub.models import CommandInvocation
from hub.pressing import Press, Pressed
from hub.replying import answers_in_channel
from hub.sentences import sentence as _

NONE_OF_THESE = -1


def press_choice(press: Press) -> Pressed:
    """Goes on with the ticket that was chosen; the question gives way to the answer."""
    row = _find(press)
    if row is None:
        return Pressed(_("That question is gone."))
    with override(language_of(row)):
        if row.user_id != press.user_id:
            return Pressed(_("Only @{name} can answer this.", name=row.username))
        place = press.payload.get("place")
        if place == NONE_OF_THESE:
            return _leave(row)
        if not isinstance(place, int) or not 0 <= place < len(row.candidates):
            return Pressed(_("That question is gone."))
        until = time.monotonic() + ANSWER_WITHIN_S
        # What everybody is to read cannot stand in the place of what only one person sees.
        is_public = answers_in_channel(row)
        if not choose(row, place, timezone.now(), is_answered_late=is_public):
            return Pressed(_("It was answered already."))
        answer = None if is_public else wait_for_answer(row, until)
        return _replaced(answer or {"text": _("Busy with it; the result follows here.")})


def press_undo(press: Press) -> Pressed:
    """Nothing is written; the text comes back."""
    row = _find(press)
    if row is None:
        return Pressed(_("There is nothing left to undo."))
    with override(language_of(row)):
        if row.user_id != press.user_id:
            return Pressed(_("Only @{name} can undo this.", name=row.username))
        if not drop(row, from_state=State.WAITING, state=State.UNDONE, outcome="undone"):
            return Pressed(_too_late(row))
        return _replaced({"text": with_typed(_("Undone: nothing was written."), row)})


def _leave(row: CommandInvocation) -> Pressed:
    outcome = "none of the candidates was meant"
    if not drop(row, from_state=State.ASKING, state=State.REFUSED, outcome=outcome):
        return Pressed(_("It was answered already."))
    text = _("Nothing was written. Name the ticket: /{trigger} #23 your text", trigger=row.trigger)
    return _replaced({"text": with_typed(text, row)})


def _too_late(row: CommandInvocation) -> str:
    row.refresh_from_db(fields=["state"])
    if row.state == State.UNDONE:
        return _("It was undone already.")
    return _("Too late: it is written, or being written.")


def _find(press: Press) -> CommandInvocation | None:
    number = press.payload.get("invocation")
    rows = CommandInvocation.objects.select_related("command", "server")
    return rows.filter(pk=number).first() if isinstance(number, int) else None


def _replaced(answer: JSONObject) -> Pressed:
    """The ephemeral message becomes this; its buttons go."""
    attachments = answer.get("attachments") or []
    return Pressed(update={"message": answer["text"], "props": {"attachments": attachments}})
