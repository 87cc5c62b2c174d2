"""The pages of a Mattermost server: its channels, incoming webhooks, tokens and bots."""

from typing import Any

import pytest
from django.test import Client

from hub import registry
from hub.admin.servers import check_server
from hub.models import Channel, Credential, MattermostServer, ReplacedSecret
from hub.views import admin_view, server_view
from tests.factories import make_channel, make_server
from tests.hub.admin_pages import client_of, messages_of, page_url, text_of
from tests.standins.mattermost import MattermostStandin

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(standin: MattermostStandin) -> MattermostServer:
    standin.configure(EnableUserAccessTokens=True)
    row = make_server(
        base_url=standin.url,
        team=standin.team,
        bot_token=standin.token,
        admin_token=standin.user_token("admin"),
    )
    check_server(row)
    row.refresh_from_db()
    return row


def act(client: Client, server: MattermostServer, page: str, **data: Any) -> list[str]:
    """Press a button of a page; what is said then."""
    url = page_url("mattermostserver", page, server.pk)
    return messages_of(client.post(url, data, follow=True))


def open_page(client: Client, server: MattermostServer, page: str, **query: str) -> Any:
    return client.get(page_url("mattermostserver", page, server.pk), query)


def hooks(server: MattermostServer) -> Any:
    return registry.destination().administration.fetch_hooks(admin_view(server))


def test_a_channel_is_created_with_the_bot_in_it(
    admin_client: Client, standin: MattermostStandin, server: MattermostServer
) -> None:
    wanted = {"beginning": "team-", "rest": "support", "purpose": "Shifts"}

    said = act(admin_client, server, "channels", act="create", **wanted)

    row = Channel.objects.get()
    view = server_view(server)
    assert said == ["~team-support is created, and the bot is a member."]
    assert (row.channel_id, row.purpose) == (standin.channel_id("team-support"), "Shifts")
    assert registry.destination().find_channel(view, "public", "team-support").is_bot_member


def test_a_name_outside_the_conventions_is_created_and_warned_about(
    admin_client: Client, server: MattermostServer
) -> None:
    said = act(admin_client, server, "channels", act="create", beginning="", rest="helpdesk")

    assert said[0].startswith("~helpdesk: Its name is outside the conventions: team-…")
    assert Channel.objects.get().name == "helpdesk"


def test_a_name_that_mattermost_cannot_take_is_refused_by_the_form(
    admin_client: Client, server: MattermostServer
) -> None:
    url = page_url("mattermostserver", "channels", server.pk)

    page = admin_client.post(url, {"act": "create", "beginning": "team-", "rest": "Süd"})

    assert "Use the name in the channel's address" in text_of(page)
    assert not Channel.objects.exists()


def test_a_channel_that_is_there_is_said_to_be(
    admin_client: Client, server: MattermostServer
) -> None:
    said = act(admin_client, server, "channels", act="create", beginning="", rest="support")

    assert said == ["There is a channel ~support already: look it up instead of creating it"]


def test_channels_are_looked_up_and_taken_over(
    admin_client: Client, standin: MattermostStandin, server: MattermostServer
) -> None:
    page = open_page(admin_client, server, "channels", term="fina")
    said = act(admin_client, server, "channels", act="adopt", name="finance")

    assert "~finance" in text_of(page)
    assert said == ["~finance can be chosen in rules now."]
    assert Channel.objects.get().channel_id == standin.channel_id("finance")


def test_taking_over_leaves_what_was_set_here(
    admin_client: Client, server: MattermostServer
) -> None:
    make_channel("finance", server, display_name="Money")

    act(admin_client, server, "channels", act="adopt", name="finance")

    assert Channel.objects.get().display_name == "Money"


def test_the_bot_is_brought_into_a_private_channel(
    admin_client: Client, standin: MattermostStandin, server: MattermostServer
) -> None:
    said = act(admin_client, server, "channels", act="join", name="private-team")

    assert said == ["The bot is a member of ~private-team."]
    assert registry.destination().conversations.is_member(
        server_view(server), standin.channel_id("private-team"), standin.user_id("hub")
    )


def test_a_new_webhook_is_shown_once(admin_client: Client, server: MattermostServer) -> None:
    channel = make_channel("support", server)
    url = page_url("mattermostserver", "hooks", server.pk)

    page = admin_client.post(url, {"act": "create", "channel": channel.pk})
    listed = open_page(admin_client, server, "hooks")

    assert hooks(server)[-1].url in text_of(page)
    assert "no-store" in page["Cache-Control"]
    assert "hub support" in text_of(listed)


def test_no_address_of_a_webhook_is_in_the_list(
    admin_client: Client, standin: MattermostStandin, server: MattermostServer
) -> None:
    hook_id = standin.hook_url("support").rpartition("/")[2]

    page = open_page(admin_client, server, "hooks")

    assert "Seeded" in text_of(page)
    assert hook_id not in page.content.decode()


def test_the_hub_posts_through_a_new_webhook_where_wanted(
    admin_client: Client, server: MattermostServer
) -> None:
    channel = make_channel("support", server)

    act(admin_client, server, "hooks", act="create", channel=channel.pk, is_used="on")

    channel.refresh_from_db()
    assert channel.post_via == Channel.PostVia.INCOMING_WEBHOOK
    assert channel.webhook_url.startswith(f"{server.base_url}/hooks/")


def key_of(page: Any) -> str:
    """Of the webhook that the hub posts through."""
    return next(one["key"] for one in page.context["hooks"] if one["user"])


def test_a_webhook_of_the_hub_is_rotated_and_not_deleted(
    admin_client: Client, standin: MattermostStandin, server: MattermostServer
) -> None:
    old_url = standin.hook_url("support")
    channel = make_channel("support", server, webhook_url=old_url)
    key = key_of(open_page(admin_client, server, "hooks"))

    refused = act(admin_client, server, "hooks", act="delete", confirmed="1", key=key)
    rotated = act(admin_client, server, "hooks", act="rotate", key=key)

    channel.refresh_from_db()
    assert refused == ["The hub posts through this webhook: rotate it instead."]
    assert rotated == ["~support has a new webhook; the old one is deleted in an hour."]
    assert channel.webhook_url != old_url
    assert str(ReplacedSecret.objects.get()) == "incoming webhook: ~support"


def test_a_webhook_that_the_hub_does_not_use_is_deleted(
    admin_client: Client, server: MattermostServer
) -> None:
    page = open_page(admin_client, server, "hooks")

    said = act(
        admin_client,
        server,
        "hooks",
        act="delete",
        confirmed="1",
        key=page.context["hooks"][0]["key"],
    )

    assert said == ["The webhook “Seeded” is deleted."]
    assert open_page(admin_client, server, "hooks").context["hooks"] == []


def test_a_webhook_is_deleted_only_after_a_question(
    admin_client: Client, server: MattermostServer
) -> None:
    key = open_page(admin_client, server, "hooks").context["hooks"][0]["key"]
    url = page_url("mattermostserver", "hooks", server.pk)

    page = admin_client.post(url, {"act": "delete", "key": key, "what": "Seeded"})

    assert "Delete it in Mattermost? Seeded" in text_of(page)
    assert [one.name for one in hooks(server)] == ["Seeded"]


def test_the_tokens_of_the_bot_and_the_administrator_are_listed(
    admin_client: Client, server: MattermostServer
) -> None:
    page = text_of(open_page(admin_client, server, "tokens"))

    assert "Bot token in use since" in page
    assert "Administrator's token in use since" in page
    assert page.count("used by the hub") == 2


def test_the_bot_token_is_rotated_by_a_button(
    admin_client: Client, standin: MattermostStandin, server: MattermostServer
) -> None:
    said = act(admin_client, server, "tokens", act="rotate", sort="bot_token")

    server.refresh_from_db()
    assert said[0].startswith("The new token is in use; the old one is revoked at")
    assert server.bot_token != standin.token
    assert Credential.objects.get(sort="bot_token").external_id


def test_a_token_in_use_cannot_be_revoked(admin_client: Client, server: MattermostServer) -> None:
    page = open_page(admin_client, server, "tokens")
    token_id = page.context["holders"][0]["tokens"][0]["token"].token_id

    said = act(admin_client, server, "tokens", act="revoke", confirmed="1", token_id=token_id)

    assert said == ["The hub uses this token: rotate it instead."]
    assert registry.destination().is_up(server_view(server))


def test_a_token_for_something_else_is_shown_once_and_revoked(
    admin_client: Client, server: MattermostServer
) -> None:
    act(admin_client, server, "tokens", act="rotate", sort="bot_token")
    url = page_url("mattermostserver", "tokens", server.pk)

    shown = admin_client.post(url, {"act": "create", "description": "for a script"})
    listed = open_page(admin_client, server, "tokens").context["holders"][0]["tokens"]
    token_id = next(
        one["token"].token_id for one in listed if one["token"].description == "for a script"
    )
    said = act(admin_client, server, "tokens", act="revoke", confirmed="1", token_id=token_id)

    assert "Access token “for a script”" in text_of(shown)
    assert "no-store" in shown["Cache-Control"]
    assert said == ["The token is revoked."]


def test_a_bot_account_needs_a_setting_that_is_named(
    admin_client: Client, standin: MattermostStandin, server: MattermostServer
) -> None:
    refused = act(admin_client, server, "tokens", act="bot", username="flows")
    standin.configure(EnableBotAccountCreation=True)
    made = act(admin_client, server, "tokens", act="bot", username="flows")

    assert refused[0].startswith("EnableBotAccountCreation is off in Mattermost")
    assert made[0].startswith("The bot account @flows is there.")


@pytest.mark.parametrize("page", ["channels", "hooks", "tokens"])
def test_who_may_only_look_at_servers_sees_none_of_it(page: str) -> None:
    server = make_server()
    client = client_of("view_mattermostserver")

    assert open_page(client, server, page).status_code == 403


def test_a_server_that_is_away_leaves_the_page_with_a_sentence(
    admin_client: Client, standin: MattermostStandin, server: MattermostServer
) -> None:
    standin.stop()

    page = open_page(admin_client, server, "hooks")

    assert "refuses connections on port" in messages_of(page)[0]
