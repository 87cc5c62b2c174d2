"""A new secret first, proven and in place; the old one's end after a time of grace."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from hub import registry
from hub.contracts import DeliveryError
from hub.models import Channel, Credential, MattermostServer, ReplacedSecret, SlashCommand
from hub.models.hashed import GRACE
from hub.registering import register_command
from hub.rotating import (
    remove_replaced,
    rotate_access_token,
    rotate_command_token,
    rotate_incoming_webhook,
)
from hub.secrets import hash_token
from hub.views import server_view
from tests.factories import NOON, make_channel, make_command, make_server
from tests.standins.mattermost import MattermostStandin

pytestmark = pytest.mark.django_db
BOT, ADMIN = Credential.Sort.BOT_TOKEN, Credential.Sort.ADMIN_TOKEN
LATER = NOON + GRACE


@pytest.fixture
def server(standin: MattermostStandin) -> MattermostServer:
    standin.configure(EnableCommands=True, EnableUserAccessTokens=True)
    return make_server(base_url=standin.url, team=standin.team, bot_token=standin.token)


@pytest.fixture
def channel(standin: MattermostStandin, server: MattermostServer) -> Channel:
    hook_url = standin.hook_url("support", owner="hub")
    via = Channel.PostVia.INCOMING_WEBHOOK
    return make_channel("support", server, post_via=via, webhook_url=hook_url)


def hook_urls(server: MattermostServer) -> list[str]:
    hooks = registry.destination().administration.fetch_hooks(server_view(server))
    return [one.url for one in hooks]


def is_accepted(server: MattermostServer, token: str) -> bool:
    return registry.destination().is_up(replace(server_view(server), token=token))


def test_a_rotated_webhook_leaves_the_old_one_for_an_hour(
    server: MattermostServer, channel: Channel
) -> None:
    old_url = channel.webhook_url

    rotate_incoming_webhook(channel, NOON)
    too_early = remove_replaced(LATER - timedelta(seconds=1))

    channel.refresh_from_db()
    assert channel.webhook_url != old_url
    assert sorted(hook_urls(server)) == sorted([old_url, channel.webhook_url])
    assert too_early == 0


def test_the_old_webhook_is_deleted_after_an_hour(
    server: MattermostServer, channel: Channel
) -> None:
    rotate_incoming_webhook(channel, NOON)

    assert remove_replaced(LATER) == 1
    channel.refresh_from_db()
    assert hook_urls(server) == [channel.webhook_url]
    assert not ReplacedSecret.objects.exists()


def test_an_old_webhook_that_cannot_be_deleted_is_tried_again(
    standin: MattermostStandin, server: MattermostServer, channel: Channel
) -> None:
    rotate_incoming_webhook(channel, NOON)
    standin.configure(EnableIncomingWebhooks=False)

    assert remove_replaced(LATER) == 0
    row = ReplacedSecret.objects.get()
    assert row.problem.startswith("EnableIncomingWebhooks is off in Mattermost")
    assert row.due_at > LATER


def test_a_webhook_named_in_the_environment_is_not_touched(
    server: MattermostServer, channel: Channel
) -> None:
    channel.webhook_url = "env:SUPPORT_HOOK"
    before = hook_urls(server)

    with pytest.raises(DeliveryError, match=r"^It is read from the environment variable SUPPORT_H"):
        rotate_incoming_webhook(channel, NOON)

    assert hook_urls(server) == before


def test_a_rotated_bot_token_works_and_the_old_one_still_does(
    standin: MattermostStandin, server: MattermostServer
) -> None:
    rotate_access_token(server, BOT, NOON)

    server.refresh_from_db()
    assert server.bot_token != standin.token
    assert is_accepted(server, server.bot_token)
    assert is_accepted(server, standin.token)


def test_the_old_bot_token_is_revoked_after_an_hour(
    standin: MattermostStandin, server: MattermostServer
) -> None:
    rotate_access_token(server, BOT, NOON)

    assert remove_replaced(LATER) == 1
    server.refresh_from_db()
    assert is_accepted(server, server.bot_token)
    assert not is_accepted(server, standin.token)


def test_a_token_that_the_hub_made_is_known_among_several(
    standin: MattermostStandin, server: MattermostServer
) -> None:
    rotate_access_token(server, BOT, NOON)
    first = Credential.objects.get(sort=BOT).external_id

    old = rotate_access_token(server, BOT, NOON)

    assert old is not None
    assert old.token_id == first


def test_among_several_tokens_of_others_none_is_revoked(
    standin: MattermostStandin, server: MattermostServer
) -> None:
    administration = registry.destination().administration
    administration.create_token(server_view(server), standin.user_id("hub"), "for a script")

    assert rotate_access_token(server, BOT, NOON) is None
    assert not ReplacedSecret.objects.exists()


def test_an_administrators_token_is_rotated_too(
    standin: MattermostStandin, server: MattermostServer
) -> None:
    server.admin_token = standin.user_token("admin")

    rotate_access_token(server, ADMIN, NOON)

    server.refresh_from_db()
    assert server.admin_token != standin.user_token("admin")
    assert server.bot_token == standin.token
    assert is_accepted(server, server.admin_token)


def test_a_refused_rotation_changes_nothing(
    standin: MattermostStandin, server: MattermostServer
) -> None:
    server.admin_token = standin.user_token("admin")
    standin.configure(EnableUserAccessTokens=False)

    with pytest.raises(DeliveryError, match=r"^EnableUserAccessTokens is off"):
        rotate_access_token(server, ADMIN, NOON)

    assert server.admin_token == standin.user_token("admin")
    assert not ReplacedSecret.objects.exists()


def test_a_token_that_is_not_set_cannot_be_rotated(server: MattermostServer) -> None:
    with pytest.raises(DeliveryError, match=r"^There is nothing to rotate: enter one first"):
        rotate_access_token(server, ADMIN, NOON)


def test_two_command_tokens_are_valid_for_an_hour(server: MattermostServer) -> None:
    command = registered(server)
    old = token_there(server)

    rotate_command_token(command, NOON)

    command.refresh_from_db()
    new = token_there(server)
    assert [command.accepts(token, NOON) for token in (new, old)] == [True, True]
    assert [command.accepts(token, LATER) for token in (new, old)] == [True, False]


def token_there(server: MattermostServer) -> str:
    """Of the only command, as Mattermost has it."""
    (command,) = registry.destination().administration.fetch_commands(server_view(server))
    return command.token


def test_the_new_command_token_is_the_one_that_mattermost_sends(server: MattermostServer) -> None:
    command = registered(server)

    rotate_command_token(command, NOON)

    there = registry.destination().administration.fetch_commands(server_view(server))
    assert command.token_sha256 == hash_token(there[0].token)


def registered(server: MattermostServer) -> SlashCommand:
    command = make_command(server)
    register_command(command, timezone.now())
    return command
