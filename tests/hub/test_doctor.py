"""The doctor: tries the real thing, and names the setting to change."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import responses
from django.core.management import call_command
from django.test import Client

from hub.doctor import examine
from hub.models import Channel, DrainLease, MattermostServer
from hub.registering import register_command
from tests.factories import NOON, make_channel, make_command, make_rule, make_server
from tests.hub.admin_pages import page_url, text_of
from tests.standins.mattermost import MattermostStandin

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(standin: MattermostStandin, settings: Any) -> MattermostServer:
    settings.HUB_BASE_URL = standin.url  # something that answers, though 404
    standin.configure(EnableCommands=True)
    return make_server(base_url=standin.url, team=standin.team, bot_token=standin.token)


def about(subject: str) -> list[tuple[str, str]]:
    return [(one.verdict, one.sentence) for one in examine(NOON) if one.subject == subject]


def test_a_queue_without_a_worker_is_named() -> None:
    assert about("Queue") == [
        ("bad", "No worker is alive: start “manage.py worker”, or restart its service.")
    ]


def test_a_worker_that_is_alive_is_well() -> None:
    DrainLease.objects.create(name="slot", expires_at=NOON + timedelta(seconds=5))

    assert about("Queue") == [("good", "A worker is alive and nothing is overdue.")]


def test_an_address_that_does_not_answer_is_named(settings: Any) -> None:
    settings.HUB_BASE_URL = "http://127.0.0.1:9"

    verdict, sentence = about("HUB_BASE_URL")[0]

    assert verdict == "bad"
    assert sentence.startswith("http://127.0.0.1:9 does not answer from here (")


@responses.activate
def test_a_private_address_that_answers_needs_an_entry_in_mattermost(settings: Any) -> None:
    settings.HUB_BASE_URL = "http://127.0.0.1:8000"
    responses.get("http://127.0.0.1:8000/healthz", json={})

    verdict, sentence = about("HUB_BASE_URL")[0]

    assert verdict == "warning"
    assert "AllowedUntrustedInternalConnections" in sentence


def test_a_refused_token_is_named(server: MattermostServer) -> None:
    MattermostServer.objects.update(bot_token="wrong")

    verdict, sentence = about("Mattermost")[0]

    assert verdict == "bad"
    assert sentence.startswith("Mattermost refuses the bot token")


def test_a_bot_outside_its_channel_is_named(
    standin: MattermostStandin, server: MattermostServer
) -> None:
    make_channel("support", server)
    standin.kick("support")

    assert about("~support")[0][1].startswith("The bot @hub is not a member of ~support")
    assert Channel.objects.get().problem.startswith("The bot @hub is not a member")


def test_a_channel_where_the_bot_posts_is_well(server: MattermostServer) -> None:
    make_channel("support", server)

    assert about("~support") == [("good", "The bot can post there.")]


def test_mentions_that_cannot_be_asked_about_say_what_they_need(server: MattermostServer) -> None:
    make_rule(make_channel("support", server), mentions="@here")

    verdict, sentence = about("~support")[1]

    assert verdict == "unknown"
    assert "use_channel_mentions" in sentence


def test_a_command_that_is_not_in_mattermost_is_named(server: MattermostServer) -> None:
    make_command(server)

    verdict, sentence = about("/reply")[0]

    assert verdict == "bad"
    assert sentence.startswith("There is no /reply in the team “demo”")


def test_a_registered_command_is_well(server: MattermostServer) -> None:
    register_command(make_command(server), NOON)

    assert about("/reply") == [
        ("good", "It is in Mattermost, with the right address and a known token.")
    ]


def test_commands_that_are_off_are_named(
    standin: MattermostStandin, server: MattermostServer
) -> None:
    make_command(server)
    standin.configure(EnableCommands=False)

    assert about("/reply")[0][1].startswith("EnableCommands is off in Mattermost")


def test_a_webhook_is_looked_for_and_not_posted_to(
    standin: MattermostStandin, server: MattermostServer
) -> None:
    via, url = Channel.PostVia.INCOMING_WEBHOOK, standin.hook_url("support", owner="hub")
    make_channel("support", server, post_via=via, webhook_url=url)
    make_channel("finance", server, post_via=via, webhook_url=f"{standin.url}/hooks/gone")

    found, missed = about("~support")[0], about("~finance")[0]

    assert found == ("good", "Its incoming webhook exists.")
    assert missed[0] == "unknown"
    assert "deleted" in missed[1]
    assert standin.posts() == []


def test_webhooks_that_are_off_are_named(
    standin: MattermostStandin, server: MattermostServer
) -> None:
    via, url = Channel.PostVia.INCOMING_WEBHOOK, standin.hook_url("support", owner="hub")
    make_channel("support", server, post_via=via, webhook_url=url)
    standin.configure(EnableIncomingWebhooks=False)

    verdict, sentence = about("Mattermost: incoming webhooks")[0]

    assert (verdict, "EnableIncomingWebhooks" in sentence) == ("bad", True)
    assert about("~support")[0][0] == "bad"


def test_the_command_ends_with_one_when_something_is_bad() -> None:
    out = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=out)

    assert ended.value.code == 1
    assert "BAD       Queue: No worker is alive" in out.getvalue()


def test_the_page_examines_when_it_is_asked_to(admin_client: Client) -> None:
    url = page_url("mattermostserver", "doctor")

    before, after = text_of(admin_client.get(url)), text_of(admin_client.post(url))

    assert "No worker is alive" not in before
    assert "Queue No worker is alive" in after
