"""Administration of Mattermost: channels, people, incoming webhooks, tokens, bots, settings."""

from dataclasses import replace

import pytest
import responses

from hub.contracts import DeliveryError
from hub.destinations import NewChannel, ServerView
from integrations.mattermost import DESTINATION
from tests.integrations.mattermost_stage import API, far_server
from tests.standins.mattermost import MattermostStandin

ADMINISTRATION = DESTINATION.administration


@pytest.fixture
def admin(mm: MattermostStandin, server: ServerView) -> ServerView:
    return replace(server, token=mm.user_token("admin"))


def sentence_of(error: pytest.ExceptionInfo[DeliveryError]) -> str:
    assert error.value.permanent
    return str(error.value)


def test_a_channel_is_created_with_its_purpose(mm: MattermostStandin, admin: ServerView) -> None:
    wanted = NewChannel("team-support", "Team Support", purpose="Shifts and holidays")

    made = ADMINISTRATION.create_channel(admin, wanted)

    assert (made.name, made.display_name, made.kind) == ("team-support", "Team Support", "public")
    assert made.channel_id == mm.channel_id("team-support")


def test_a_private_channel_is_created_without_a_display_name(admin: ServerView) -> None:
    made = ADMINISTRATION.create_channel(admin, NewChannel("project-x", "", is_private=True))

    assert (made.display_name, made.kind) == ("project-x", "private")


def test_a_channel_that_is_there_is_not_created_again(admin: ServerView) -> None:
    with pytest.raises(DeliveryError) as error:
        ADMINISTRATION.create_channel(admin, NewChannel("support", "Support"))

    assert sentence_of(error) == (
        "There is a channel ~support already: look it up instead of creating it"
    )


def test_an_archived_channel_keeps_its_name(mm: MattermostStandin, admin: ServerView) -> None:
    mm.archive("support")

    with pytest.raises(DeliveryError) as error:
        ADMINISTRATION.create_channel(admin, NewChannel("support", "Support"))

    assert sentence_of(error).startswith("An archived channel is called ~support: unarchive it")


@responses.activate
def test_a_missing_permission_is_named() -> None:
    responses.get(f"{API}/teams/name/demo", json={"id": "t1"})
    responses.post(f"{API}/channels", status=403, json={"id": "api.context.permissions.app_error"})

    with pytest.raises(DeliveryError) as error:
        ADMINISTRATION.create_channel(far_server(), NewChannel("topic-x", "X", is_private=True))

    assert sentence_of(error) == (
        "The token may not create a private channel: give its account the permission "
        "create_private_channel, or enter an administrator's token at the server"
    )


def test_channels_are_found_by_a_part_of_their_name(
    mm: MattermostStandin, server: ServerView
) -> None:
    mm.kick("finance")

    found = ADMINISTRATION.find_channels(server, "nan")

    assert [(one.name, one.is_bot_member) for one in found] == [("finance", False)]


def test_a_private_channel_is_found_by_its_member_only(
    server: ServerView, admin: ServerView
) -> None:
    by_bot = ADMINISTRATION.find_channels(server, "private")
    by_admin = ADMINISTRATION.find_channels(admin, "private")

    assert by_bot == ()
    assert [one.name for one in by_admin] == ["private-team"]


def test_the_bot_is_brought_into_a_private_channel(
    mm: MattermostStandin, server: ServerView, admin: ServerView
) -> None:
    channel_id, bot_id = mm.channel_id("private-team"), mm.user_id("hub")

    ADMINISTRATION.add_member(admin, channel_id, bot_id)
    ADMINISTRATION.add_member(admin, channel_id, bot_id)

    assert DESTINATION.conversations.is_member(server, channel_id, bot_id)


def test_an_incoming_webhook_is_made_listed_and_deleted(
    mm: MattermostStandin, server: ServerView
) -> None:
    made = ADMINISTRATION.create_hook(server, mm.channel_id("support"), "hub support")

    listed = ADMINISTRATION.fetch_hooks(server)
    ADMINISTRATION.delete_hook(server, made.hook_id)
    ADMINISTRATION.delete_hook(server, made.hook_id)

    assert [(one.name, one.channel_id) for one in listed] == [
        ("hub support", mm.channel_id("support"))
    ]
    assert made.url == f"{mm.url}/hooks/{made.hook_id}"
    assert ADMINISTRATION.fetch_hooks(server) == ()


def test_the_id_of_a_webhook_is_in_no_repr(mm: MattermostStandin, server: ServerView) -> None:
    made = ADMINISTRATION.create_hook(server, mm.channel_id("support"), "hub support")

    assert made.hook_id not in repr(made)


@pytest.mark.parametrize(
    ("setting", "call"),
    [
        ("EnableIncomingWebhooks", lambda admin: ADMINISTRATION.fetch_hooks(admin)),
        ("EnableUserAccessTokens", lambda admin: ADMINISTRATION.fetch_tokens(admin, "me")),
        ("EnableBotAccountCreation", lambda admin: ADMINISTRATION.create_bot(admin, "n8n", "n8n")),
        ("EnableCommands", lambda admin: ADMINISTRATION.fetch_commands(admin)),
    ],
)
def test_a_setting_that_is_off_is_named(
    mm: MattermostStandin,
    admin: ServerView,
    setting: str,
    call: object,
) -> None:
    mm.configure(**{setting: False})

    with pytest.raises(DeliveryError) as error:
        call(admin)  # type: ignore[operator]  # a function of the table above

    assert sentence_of(error).startswith(f"{setting} is off in Mattermost: switch it on")


def test_a_token_is_made_used_and_revoked(mm: MattermostStandin, server: ServerView) -> None:
    made = ADMINISTRATION.create_token(server, mm.user_id("hub"), "second")
    own = replace(server, token=made.secret)

    before = DESTINATION.is_up(own)
    ADMINISTRATION.revoke_token(server, made.token_id)
    ADMINISTRATION.revoke_token(server, made.token_id)

    assert (before, DESTINATION.is_up(own)) == (True, False)
    assert made.secret not in repr(made)


def test_listed_tokens_have_no_secret(mm: MattermostStandin, server: ServerView) -> None:
    found = ADMINISTRATION.fetch_tokens(server, mm.user_id("hub"))

    assert [(one.description, one.secret) for one in found] == [("seeded", "")]


def test_a_bot_account_is_made(mm: MattermostStandin, admin: ServerView) -> None:
    mm.configure(EnableBotAccountCreation=True)

    made = ADMINISTRATION.create_bot(admin, "n8n", "n8n flows")

    assert made.is_bot
    assert made.user_id == mm.user_id("n8n")


def test_people_are_searched_for(mm: MattermostStandin, server: ServerView) -> None:
    found = ADMINISTRATION.search_users(server, "anj")

    assert [(one.username, one.user_id) for one in found] == [("anja", mm.user_id("anja"))]


def test_settings_come_as_text(server: ServerView) -> None:
    assert ADMINISTRATION.fetch_settings(server)["EnableIncomingWebhooks"] == "true"


@responses.activate
@pytest.mark.parametrize(
    ("permissions", "expected"), [(["use_channel_mentions"], True), (["create_post"], False)]
)
def test_a_role_says_whether_the_bot_may_mention_everybody(
    permissions: list[str], expected: bool
) -> None:
    responses.get(f"{API}/channels/c1/members/me", json={"roles": "channel_user"})
    responses.post(f"{API}/roles/names", json=[{"permissions": permissions}])

    assert ADMINISTRATION.may_mention_all(far_server(), "c1") is expected


def test_a_server_that_does_not_tell_its_roles_leaves_it_open(
    mm: MattermostStandin, server: ServerView
) -> None:
    assert ADMINISTRATION.may_mention_all(server, mm.channel_id("support")) is None


@responses.activate
def test_long_lists_are_read_to_their_end() -> None:
    full = [{"id": f"h{number}", "channel_id": "c1"} for number in range(200)]
    responses.get(f"{API}/teams/name/demo", json={"id": "t1"})
    responses.get(f"{API}/hooks/incoming", json=full)
    responses.get(f"{API}/hooks/incoming", json=[{"id": "last", "channel_id": "c1"}])

    assert len(ADMINISTRATION.fetch_hooks(far_server())) == 201
