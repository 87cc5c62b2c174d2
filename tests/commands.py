"""Typing commands and running what is due, in the test's own process."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from hub.answering import run_invocation
from hub.commanding import CommandRequest, accept_command
from hub.invocations import claim_invocations
from hub.models import CommandInvocation, MattermostServer, SlashCommand
from hub.secrets import hash_token
from tests import factories
from tests.standins.mattermost import MattermostStandin

TOKEN = "command-token-of-a-test"
_numbers = count(1)


def make_command(server: MattermostServer, trigger: str = "reply", **fields: Any) -> SlashCommand:
    """One that can be typed: its token is TOKEN."""
    fields = {"purpose": trigger, "token_sha256": hash_token(TOKEN)} | fields
    return factories.make_command(server, trigger, **fields)


class Keyboard:
    """Types as the seeded people do; `run` does what a drain would."""

    def __init__(self, standin: MattermostStandin, channel: str = "support") -> None:
        self.standin, self.channel = standin, channel

    def type(
        self, typed: str, *, user: str = "anja", root_id: str = "", **fields: str
    ) -> CommandInvocation:
        """`/reply #23 text`: stored, not run."""
        trigger, _space, text = typed.removeprefix("/").partition(" ")
        sent = {
            "token": TOKEN,
            "user_id": self.standin.user_id(user),
            "user_name": user,
            "channel_id": self.standin.channel_id(self.channel),
            "channel_name": self.channel,
            "root_id": root_id,
            "text": text,
            "trigger_id": f"trigger {next(_numbers)}",
        } | fields
        return accept_command(CommandRequest(trigger, sent, received_at=timezone.now()))

    def run(self, typed: str, **fields: Any) -> CommandInvocation:
        """Typed and run; the row as it is then."""
        row = self.type(typed, **fields)
        run_due()
        row.refresh_from_db()
        return row


def run_due(at: datetime | None = None) -> int:
    """Everything due by then, now unless told."""
    rows = claim_invocations(at or timezone.now(), 10)
    for row in rows:
        run_invocation(row)
    return len(rows)


def later(**duration: float) -> datetime:
    return timezone.now() + timedelta(**duration)
