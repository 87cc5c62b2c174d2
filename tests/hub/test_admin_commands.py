"""Slash commands in the admin: created by one button, checked, tokens pasted, what was typed."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hub.models import CommandInvocation, Credential, MattermostServer, Reference, SlashCommand
from hub.secrets import hash_token
from tests.factories import NOON, make_command, make_server, make_source
from tests.hub.admin_pages import client_of, messages_of, page_url, text_of
from tests.standins.mattermost import MattermostStandin

pytestmark = pytest.mark.django_db
PASTED = "pastedpastedpastedpasted12"


@pytest.fixture
def server(standin: MattermostStandin) -> MattermostServer:
    standin.configure(EnableCommands=True)
    return make_server(base_url=standin.url, team=standin.team, bot_token=standin.token)


@pytest.fixture
def command(server: MattermostServer) -> SlashCommand:
    return make_command(server)


def press(client: Client, command: SlashCommand, button: str) -> list[str]:
    return messages_of(client.post(page_url("slashcommand", button, command.pk), follow=True))


def form_of(command: SlashCommand, **changes: Any) -> dict[str, Any]:
    fields = {
        "server": command.server_id,
        "trigger": command.trigger,
        "purpose": command.purpose,
        "answer": command.answer,
        "language": command.language,
        "audience": command.audience,
        "undo_seconds": command.undo_seconds,
        "is_active": "on",
    }
    return fields | changes


def test_one_button_creates_a_command_and_another_checks_it(
    admin_client: Client, command: SlashCommand
) -> None:
    created = press(admin_client, command, "register")
    checked = press(admin_client, command, "check")

    command.refresh_from_db()
    assert created == ["/reply: it is in Mattermost, and the hub knows its token."]
    assert checked == ["/reply: it is in Mattermost, with the right address and a known token."]
    assert len(command.external_id) == 26


def test_a_missing_setting_is_said_with_its_name(
    admin_client: Client, standin: MattermostStandin, command: SlashCommand
) -> None:
    standin.configure(EnableCommands=False)

    said = press(admin_client, command, "register")

    assert said[0].startswith("/reply: EnableCommands is off in Mattermost: switch it on under")


def test_a_new_token_leaves_the_old_one_valid(admin_client: Client, command: SlashCommand) -> None:
    press(admin_client, command, "register")
    command.refresh_from_db()
    old = command.token_sha256

    said = press(admin_client, command, "renew")

    command.refresh_from_db()
    assert said == ["/reply: it has a new token; the old one is accepted for an hour."]
    assert command.token_sha256 != old
    assert command.previous_sha256 == old
    assert command.previous_until > timezone.now()


def test_a_command_made_by_hand_has_its_token_pasted(
    admin_client: Client, command: SlashCommand
) -> None:
    url = page_url("slashcommand", "change", command.pk)

    admin_client.post(url, form_of(command, token=f" {PASTED} "))
    page = admin_client.get(url).content.decode()

    command.refresh_from_db()
    assert command.token_sha256 == hash_token(PASTED)
    assert not re.search(f"{PASTED}|{command.token_sha256}", page)


def test_saving_without_a_token_keeps_it(admin_client: Client, command: SlashCommand) -> None:
    SlashCommand.objects.update(token_sha256="f" * 64)

    admin_client.post(page_url("slashcommand", "change", command.pk), form_of(command, token=""))

    command.refresh_from_db()
    assert command.token_sha256 == "f" * 64


def test_the_page_shows_the_address_and_warns_of_a_private_one(
    admin_client: Client, command: SlashCommand, settings: Any
) -> None:
    settings.HUB_BASE_URL = "http://192.168.1.7:8000"

    page = text_of(admin_client.get(page_url("slashcommand", "change", command.pk)))

    assert "http://192.168.1.7:8000/commands/reply" in page
    assert "AllowedUntrustedInternalConnections" in page


def test_nothing_is_done_by_looking(admin_client: Client, command: SlashCommand) -> None:
    answer = admin_client.get(page_url("slashcommand", "register", command.pk))

    assert answer.status_code == 405


@pytest.mark.parametrize("button", ["register", "renew", "check"])
def test_who_may_only_look_can_press_no_button(button: str) -> None:
    command = make_command(make_server())

    answer = client_of("view_slashcommand").post(page_url("slashcommand", button, command.pk))

    assert answer.status_code == 403


def make_invocation(server: MattermostServer, **fields: Any) -> CommandInvocation:
    known = {
        "dedup_key": f"key {CommandInvocation.objects.count()}",
        "user_id": "u" * 26,
        "username": "anja",
        "channel_id": "c" * 26,
        "channel_name": "support",
        "trigger": "reply",
        "received_at": NOON,
    }
    return CommandInvocation.objects.create(server=server, **(known | fields))


def test_what_was_typed_is_a_row_with_its_outcome(admin_client: Client) -> None:
    make_invocation(
        make_server(),
        text="#23 The disk was replaced",
        reference="#23",
        source=make_source("redmine", "Redmine"),
        state="done",
        outcome="Written to #23",
        duration_ms=412,
    )

    page = text_of(admin_client.get(page_url("commandinvocation", "changelist")))

    assert "@anja ~support /reply #23 #23 The disk was replaced Redmine done" in page
    assert "Written to #23 412" in page


@pytest.mark.parametrize(
    ("term", "count"), [("ZD#74001", 1), ("zd#74001", 1), ("74001", 1), ("@bart", 1), ("x", 0)]
)
def test_invocations_are_searched_by_reference_and_user(
    admin_client: Client, term: str, count: int
) -> None:
    server = make_server()
    Reference.objects.create(source=make_source(), external_id="1", display="ZD#74001")
    make_invocation(server, reference="ZD#74001")
    make_invocation(server, username="bart")

    page = admin_client.get(page_url("commandinvocation", "changelist"), {"q": term})

    assert len(page.context["cl"].result_list) == count


def test_a_secret_that_was_typed_is_masked(admin_client: Client) -> None:
    row = make_invocation(make_server(), text="#23 the password: hunter2hunter2")

    page = text_of(admin_client.get(page_url("commandinvocation", "change", row.pk)))

    assert "the password: •••••" in page
    assert "hunter2" not in page


def test_the_list_of_ages_is_up_to_date_and_links_to_the_owners(admin_client: Client) -> None:
    server = make_server(bot_token="first")

    page = admin_client.get(page_url("credential", "changelist"))

    assert page_url("mattermostserver", "change", server.pk) in page.content.decode()
    assert Credential.objects.get().label == "Mattermost"
