"""Slash commands in Mattermost: made, changed, given a new token, deleted."""

from dataclasses import replace

import pytest

from hub.contracts import DeliveryError
from hub.destinations import CustomCommand, ServerView
from integrations.mattermost import DESTINATION
from tests.standins.mattermost import MattermostStandin

ADMINISTRATION = DESTINATION.administration
REPLY = CustomCommand("reply", "https://hub.example.test/commands/reply", description="Write")


@pytest.fixture(autouse=True)
def commands_are_on(mm: MattermostStandin) -> None:
    mm.configure(EnableCommands=True)


def test_a_command_is_made_with_the_token_of_mattermost(server: ServerView) -> None:
    made = ADMINISTRATION.create_command(server, REPLY)

    assert (made.trigger, made.url, made.method) == ("reply", REPLY.url, "P")
    assert (len(made.command_id), len(made.token)) == (26, 26)
    assert made.token not in repr(made)
    assert ADMINISTRATION.fetch_commands(server) == (made,)


def test_changing_a_command_leaves_its_token(server: ServerView) -> None:
    made = ADMINISTRATION.create_command(server, REPLY)

    changed = ADMINISTRATION.update_command(server, replace(made, hint="[#23] text"))

    assert (changed.hint, changed.token) == ("[#23] text", made.token)


def test_a_new_token_replaces_the_old_one(server: ServerView) -> None:
    made = ADMINISTRATION.create_command(server, REPLY)

    token = ADMINISTRATION.renew_command_token(server, made.command_id)

    assert token != made.token
    assert ADMINISTRATION.fetch_commands(server)[0].token == token


def test_deleting_a_command_twice_is_no_error(server: ServerView) -> None:
    made = ADMINISTRATION.create_command(server, REPLY)

    ADMINISTRATION.delete_command(server, made.command_id)
    ADMINISTRATION.delete_command(server, made.command_id)

    assert ADMINISTRATION.fetch_commands(server) == ()


def test_a_word_that_is_taken_is_said_to_be(server: ServerView) -> None:
    with pytest.raises(DeliveryError, match=r"^/join is taken: it is built into Mattermost"):
        ADMINISTRATION.create_command(server, replace(REPLY, trigger="join"))


def test_the_command_of_somebody_else_cannot_be_changed(
    mm: MattermostStandin, server: ServerView
) -> None:
    theirs = mm.create_command("deploy", "https://ci.example.test/deploy")

    with pytest.raises(DeliveryError, match=r"^Mattermost does not give the slash command a new"):
        ADMINISTRATION.renew_command_token(server, theirs["id"])


def test_a_bot_without_the_permission_is_told_which_one(
    mm: MattermostStandin, server: ServerView
) -> None:
    mm.withdraw("hub", "manage_own_slash_commands")

    with pytest.raises(DeliveryError, match="the permission manage_own_slash_commands, or enter"):
        ADMINISTRATION.create_command(server, REPLY)
