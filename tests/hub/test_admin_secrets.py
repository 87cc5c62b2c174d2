"""Secrets go into the admin and do not come out of it."""

from typing import Any

import pytest
from django.test import Client

from hub.models import Channel, MattermostServer, Source
from tests.factories import make_channel, make_server, make_source, make_token
from tests.hub.admin_pages import client_of, page_url, text_of

pytestmark = pytest.mark.django_db

SECRET = "s3cret-value-of-the-bot"
SERVER_FORM = {"name": "Mattermost", "base_url": "https://m.example.test", "team": "acme"}
SOURCE_FORM = {"integration": "zammad", "name": "Zammad", "options": "{}", "extra_origins": ""}


def save_server(client: Client, server: MattermostServer, **form: str) -> MattermostServer:
    client.post(page_url("mattermostserver", "change", server.pk), SERVER_FORM | form)
    server.refresh_from_db()
    return server


def save_source(client: Client, source: Source, rows: list[tuple[str, str]], **form: Any) -> Source:
    names, values = [name for name, _value in rows], [value for _name, value in rows]
    credentials = {"credentials_name": names, "credentials_value": values}
    client.post(page_url("source", "change", source.pk), SOURCE_FORM | credentials | form)
    source.refresh_from_db()
    return source


def test_a_form_says_that_a_secret_is_set_and_not_what(admin_client: Client) -> None:
    server = make_server(bot_token=SECRET)

    page = admin_client.get(page_url("mattermostserver", "change", server.pk))

    assert SECRET not in page.content.decode()
    assert 'type="password" name="bot_token"' in page.content.decode()


def test_a_secret_that_is_left_empty_stays(admin_client: Client) -> None:
    server = save_server(admin_client, make_server(bot_token=SECRET), bot_token="")

    assert (server.bot_token, server.team) == (SECRET, "acme")


def test_a_secret_that_is_typed_in_replaces_the_old_one(admin_client: Client) -> None:
    server = save_server(admin_client, make_server(bot_token=SECRET), bot_token="another")

    assert server.bot_token == "another"


def test_a_secret_is_removed_by_its_box(admin_client: Client) -> None:
    server = save_server(admin_client, make_server(bot_token=SECRET), bot_token_remove="1")

    assert server.bot_token == ""


def test_a_refused_form_asks_for_the_secret_again_and_does_not_show_it(
    admin_client: Client,
) -> None:
    server = make_server()
    form = SERVER_FORM | {"base_url": "no address", "bot_token": SECRET}

    page = admin_client.post(page_url("mattermostserver", "change", server.pk), form)

    assert SECRET not in page.content.decode()
    assert "Type it once more: secrets are not sent back." in text_of(page)


def test_the_name_of_a_variable_is_no_secret(admin_client: Client) -> None:
    server = make_server(bot_token="env:MATTERMOST_TOKEN")

    page = admin_client.get(page_url("mattermostserver", "change", server.pk))

    assert 'placeholder="env:MATTERMOST_TOKEN"' in page.content.decode()


@pytest.mark.parametrize(
    ("model", "field"),
    [
        ("mattermostserver", "bot_token"),
        ("channel", "webhook_url"),
        ("source", "credentials"),
        ("webhooktoken", "signing_secret"),
    ],
)
def test_who_may_only_look_does_not_see_secrets(model: str, field: str) -> None:
    source = make_source(credentials={"token": SECRET})
    channel = make_channel(server=make_server(bot_token=SECRET), webhook_url=SECRET)
    token, _text = make_token(source, signing_secret=SECRET)
    rows = {"mattermostserver": channel.server, "channel": channel, "source": source}
    row: Any = rows.get(model, token)

    page = client_of(f"view_{model}").get(page_url(model, "change", row.pk))

    assert SECRET not in page.content.decode()
    assert "set" in text_of(page)


def test_the_history_holds_no_secret(admin_client: Client) -> None:
    server = save_server(admin_client, make_server(bot_token=SECRET), bot_token="another-secret")

    page = admin_client.get(page_url("mattermostserver", "history", server.pk)).content.decode()

    assert SECRET not in page
    assert "another-secret" not in page


def test_credentials_are_rows_of_a_name_and_a_value(admin_client: Client) -> None:
    source = save_source(admin_client, make_source(), [("token", SECRET), ("", ""), ("", "")])

    assert source.credentials == {"token": SECRET}


def test_credentials_that_are_left_empty_stay(admin_client: Client) -> None:
    source = make_source(credentials={"token": SECRET, "key": "env:KEY"})

    save_source(admin_client, source, [("token", ""), ("key", "new"), ("other", "")])

    assert source.credentials == {"token": SECRET, "key": "new"}


def test_credentials_are_removed_by_their_box(admin_client: Client) -> None:
    source = make_source(credentials={"token": SECRET})

    save_source(admin_client, source, [("token", "")], credentials_remove=["token"])

    assert source.credentials == {}


def test_credentials_are_never_shown_and_those_the_integration_uses_are_asked_for(
    admin_client: Client,
) -> None:
    source = make_source(credentials={"token": SECRET})

    page = admin_client.get(page_url("source", "change", source.pk)).content.decode()

    assert SECRET not in page
    assert 'name="credentials_name" value="token"' in page


def test_a_list_of_channels_shows_no_address_of_a_webhook(admin_client: Client) -> None:
    make_channel(webhook_url=SECRET, post_via=Channel.PostVia.INCOMING_WEBHOOK)

    assert SECRET not in admin_client.get(page_url("channel", "changelist")).content.decode()
