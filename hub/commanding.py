"""A slash command as it comes in: proven, stored, and answered within two seconds."""

import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils.translation import override

from hub.answering import language_of
from hub.answers import make_answer, with_text
from hub.contracts import UNSTORABLE, JSONObject
from hub.invocations import open_invocation, wait_for_answer
from hub.models import CommandInvocation, SlashCommand
from hub.sentences import sentence as _

logger = logging.getLogger(__name__)

ANSWER_WITHIN_S = 1.6  # Mattermost waits 30 s, people do not
SAME_PRESS_S = 10  # without a trigger_id, the same text within it is one press of Enter
MAX_TEXT_CHARS = 20_000


class CommandRefusedError(Exception):
    """Not proven to come from Mattermost; the message is for the refusal's row."""

    def __init__(self, message: str, status_code: int) -> None:
        super().__init__(message)
        self.status_code = status_code


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """The fields of a command, whether Mattermost's form or the same as JSON."""

    trigger: str
    fields: Mapping[str, str]
    header_token: str = ""  # of `Authorization: Token …`
    received_at: datetime = field(kw_only=True)

    def get(self, name: str, limit: int = 100) -> str:
        return UNSTORABLE.sub("�", self.fields.get(name, ""))[:limit]


def answer_command(request: CommandRequest) -> JSONObject:
    """The answer, or "busy with it" when it takes longer than people wait.

    Raises CommandRefusedError.
    """
    until = time.monotonic() + ANSWER_WITHIN_S
    try:
        row = _accept_again(request)
    except (DatabaseError, InterfaceError):
        logger.exception("A command could not be stored")
        return make_answer(_not_stored(request))
    try:
        answer = wait_for_answer(row, until)
    except (DatabaseError, InterfaceError):
        logger.exception("The answer to invocation %s could not be read", row.pk)
        return make_answer(_stored_unseen())
    if answer is not None:
        return answer
    with override(language_of(row)):
        return make_answer(_("Busy with it; the result follows here."))


def _accept_again(request: CommandRequest) -> CommandInvocation:
    """A connection that was dropped meanwhile shows only when it is used: once more on a new one.

    It may run twice without harm: the key of the row is that of the press of Enter.
    """
    try:
        return accept_command(request)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
    return accept_command(request)


def _not_stored(request: CommandRequest) -> str:
    text = _("The hub's database is away: please type it again in a minute.")
    typed = request.get("text", MAX_TEXT_CHARS)
    return with_text(text, f"/{request.trigger} {typed}") if typed.strip() else text


def _stored_unseen() -> str:
    """Typed again, it would be done twice."""
    return _(
        "It is stored and will be done, do not type it again: the hub's database went away "
        "meanwhile, and the result may not be shown here."
    )


def accept_command(request: CommandRequest) -> CommandInvocation:
    """Prove it and store it, due at once. Raises CommandRefusedError."""
    command = _find_command(request)
    command.note_use(request.received_at)
    return open_invocation(_fields(request, command), dedup_key=_dedup_key(request, command))


def _find_command(request: CommandRequest) -> SlashCommand:
    """By its token: two teams may have a command of the same name. Both tokens have to be right
    where both are given. Hashes are compared, in constant time."""
    rows = list(
        SlashCommand.objects.filter(trigger=request.trigger, is_active=True).select_related(
            "server"
        )
    )
    if not rows:
        raise CommandRefusedError(f"no command /{request.trigger[:64]} is registered", 404)
    given = [one for one in (request.get("token", 200), request.header_token) if one]
    for row in rows:
        if given and all(row.accepts(token, request.received_at) for token in given):
            return row
    reason = "wrong token" if given else "no token"
    raise CommandRefusedError(f"{reason} for /{request.trigger}", 401)


def _fields(request: CommandRequest, command: SlashCommand) -> dict[str, object]:
    return {
        "command": command,
        "server": command.server,
        "user_id": request.get("user_id", 26),
        "username": request.get("user_name", 64),
        "team_id": request.get("team_id", 26),
        "channel_id": request.get("channel_id", 26),
        "channel_name": request.get("channel_name"),
        "root_id": request.get("root_id", 26),
        "trigger": request.trigger,
        "text": request.get("text", MAX_TEXT_CHARS),
        "response_url": request.get("response_url", 500),
        "received_at": request.received_at,
        "due_at": request.received_at,
    }


def _dedup_key(request: CommandRequest, command: SlashCommand) -> str:
    """Of one press of Enter: Mattermost makes a trigger_id and a response_url for each."""
    unique = request.get("trigger_id", 500) or request.get("response_url", 500)
    if not unique:
        unique = str(int(request.received_at.timestamp()) // SAME_PRESS_S)
    parts = (str(command.pk), unique, *(request.get(name) for name in ("user_id", "channel_id")))
    typed = request.get("text", MAX_TEXT_CHARS)
    return hashlib.sha256("\0".join((*parts, typed)).encode()).hexdigest()
