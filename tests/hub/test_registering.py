"""Slash commands in Mattermost: made by one button, brought up to date, checked."""

from typing import Any

import pytest

from hub import registry
from hub.contracts import DeliveryError
from hub.models import MattermostServer, SlashCommand
from hub.registering import (
    check_command,
    is_private_address,
    private_address_warning,
    register_command,
    set_command_token,
)
from hub.secrets import hash_token
from hub.views import server_view
from tests.factories import NOON, make_command, make_server
from tests.standins.mattermost import MattermostStandin

pytestmark = pytest.mark.django_db
BASE_URL = "https://hub.example.test"


@pytest.fixture(autouse=True)
def own_address(settings: Any) -> None:
    settings.HUB_BASE_URL = BASE_URL


@pytest.fixture
def server(standin: MattermostStandin) -> MattermostServer:
    standin.configure(EnableCommands=True)
    return make_server(base_url=standin.url, team=standin.team, bot_token=standin.token)


@pytest.fixture
def command(server: MattermostServer) -> SlashCommand:
    return make_command(server)


def there(server: MattermostServer) -> Any:
    return registry.destination().administration.fetch_commands(server_view(server))


def test_a_command_is_made_with_its_address_and_hints(
    server: MattermostServer, command: SlashCommand
) -> None:
    register_command(command, NOON)

    made = there(server)[0]
    assert (made.trigger, made.url) == ("reply", f"{BASE_URL}/commands/reply")
    assert (made.description, made.hint) == (
        "Write to a ticket",
        "[#23 | ZD#74001] text [--public] [--close] [--status …] [--assign @name]",
    )
    assert command.external_id == made.command_id
    assert command.accepts(made.token, NOON)


def test_its_hints_are_in_its_own_language(server: MattermostServer) -> None:
    register_command(make_command(server, "ticket", purpose="ticket", language="nl"), NOON)

    assert there(server)[0].description == "Een ticket tonen"


def test_a_registered_command_has_no_problem(command: SlashCommand) -> None:
    register_command(command, NOON)

    assert check_command(command, NOON) == []
    assert command.checked_at == NOON


def test_checking_leaves_no_trace_in_the_history(command: SlashCommand) -> None:
    before = command.history.count()

    check_command(command, NOON)

    assert command.history.count() == before


def test_another_address_of_the_hub_is_noticed_and_mended(
    server: MattermostServer, command: SlashCommand, settings: Any
) -> None:
    register_command(command, NOON)
    settings.HUB_BASE_URL = "https://new.example.test"

    problems = check_command(command, NOON)
    register_command(command, NOON)

    assert problems == [
        f"Mattermost sends it to {BASE_URL}/commands/reply and not to "
        "https://new.example.test/commands/reply (HUB_BASE_URL): press “Update in Mattermost”."
    ]
    assert check_command(command, NOON) == []
    assert len(there(server)) == 1


def test_a_token_that_was_renewed_elsewhere_is_noticed_and_taken_over(
    server: MattermostServer, command: SlashCommand
) -> None:
    register_command(command, NOON)
    administration = registry.destination().administration
    token = administration.renew_command_token(server_view(server), command.external_id)

    problems = check_command(command, NOON)
    register_command(command, NOON)

    assert problems[0].startswith("The hub does not know its token, every call is refused")
    assert command.token_sha256 == hash_token(token)


def test_commands_that_are_switched_off_are_said_to_be(
    standin: MattermostStandin, command: SlashCommand
) -> None:
    standin.configure(EnableCommands=False)

    problems = check_command(command, NOON)

    command.refresh_from_db()
    assert problems[0].startswith("EnableCommands is off in Mattermost")
    assert command.problem == problems[0]


def test_an_empty_site_url_is_named(standin: MattermostStandin, command: SlashCommand) -> None:
    register_command(command, NOON)
    standin.configure(SiteURL="")

    assert check_command(command, NOON)[0].startswith("SiteURL is empty in Mattermost")


def test_an_address_of_its_own_for_the_hub_is_named(
    standin: MattermostStandin, command: SlashCommand
) -> None:
    register_command(command, NOON)
    standin.configure(SiteURL="https://chat.example.test")

    (problem,) = check_command(command, NOON)

    assert problem.startswith("Mattermost calls itself https://chat.example.test (SiteURL)")


def test_a_command_that_is_not_there_is_missed(command: SlashCommand) -> None:
    assert check_command(command, NOON)[0].startswith("There is no /reply in the team “demo”")


def test_the_command_of_somebody_else_is_left_alone(
    standin: MattermostStandin, server: MattermostServer, command: SlashCommand
) -> None:
    server.admin_token = standin.user_token("admin")
    standin.create_command("reply", "https://ci.example.test/reply")
    command.server = server

    with pytest.raises(DeliveryError, match=r"^/reply is somebody else's command in this team"):
        register_command(command, NOON)


def test_a_pasted_token_is_kept_as_a_hash(command: SlashCommand) -> None:
    set_command_token(command, " abcdefghijklmnopqrstuvwxyz ", NOON)

    command.refresh_from_db()
    assert command.token_sha256 == hash_token("abcdefghijklmnopqrstuvwxyz")
    assert command.token_set_at == NOON


@pytest.mark.parametrize("text", ["", "  ", "two words"])
def test_what_is_no_token_is_refused(command: SlashCommand, text: str) -> None:
    with pytest.raises(DeliveryError, match=r"^That is no token"):
        set_command_token(command, text, NOON)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://hub.example.test", False),
        ("http://hub:8000", True),
        ("http://localhost:8000", True),
        ("http://192.168.1.7", True),
        ("http://[::1]:8000", True),
        ("https://93.184.216.34", False),
    ],
)
def test_private_addresses_need_an_entry_in_mattermost(url: str, expected: bool) -> None:
    assert is_private_address(url) is expected
    assert ("AllowedUntrustedInternalConnections" in private_address_warning(url)) is expected
