"""Channels, servers and monitors in the admin: asked for real, answered in words."""

from typing import Any

import pytest
import responses
from django.test import Client

from hub.admin.channel_warnings import warnings_of
from hub.models import Channel, MattermostServer, Monitor, Outage
from tests.factories import NOON, make_channel, make_server
from tests.hub.admin_pages import client_of, messages_of, page_url, text_of
from tests.standins.mattermost import MattermostStandin
from tests.standins.mattermost.seed import TEAM_NAME

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(standin: MattermostStandin) -> MattermostServer:
    return make_server(base_url=standin.url, team=TEAM_NAME, bot_token=standin.token)


def press(client: Client, row: Any, button: str) -> list[str]:
    """Press one of the buttons above the form; what is said then."""
    name = row._meta.model_name
    return messages_of(client.post(page_url(name, button, row.pk), follow=True))


def test_checking_a_server_tells_whose_token_it_is(
    admin_client: Client, server: MattermostServer
) -> None:
    said = press(admin_client, server, "check")

    server.refresh_from_db()
    assert said[0].startswith(f"Connected as @{server.bot_username} to the team “{TEAM_NAME}”")
    assert len(server.bot_user_id) == 26


def test_checking_a_server_with_a_wrong_token_says_so(
    admin_client: Client, server: MattermostServer
) -> None:
    MattermostServer.objects.update(bot_token="wrong")

    said = press(admin_client, server, "check")

    assert said[0].startswith("Mattermost: ")
    assert "token" in said[0]


def test_checking_a_channel_finds_it_by_name(
    admin_client: Client, server: MattermostServer
) -> None:
    channel = make_channel("support", server)

    said = press(admin_client, channel, "check")

    channel.refresh_from_db()
    assert said == ["~support: the bot can post there."]
    assert (len(channel.channel_id), channel.problem) == (26, "")


def test_checking_a_channel_that_is_not_there_keeps_the_problem(
    admin_client: Client, server: MattermostServer
) -> None:
    channel = make_channel("no-such-channel", server)

    said = press(admin_client, channel, "check")

    channel.refresh_from_db()
    assert "There is no channel ~no-such-channel" in said[0]
    assert channel.problem in said[0]


def test_a_server_that_is_away_is_no_problem_of_the_channel(admin_client: Client) -> None:
    channel = make_channel("support", make_server(base_url="http://127.0.0.1:9"))

    said = press(admin_client, channel, "check")

    channel.refresh_from_db()
    assert said[0].startswith("~support: ")
    assert channel.problem == ""


def test_the_bot_is_made_a_member(
    admin_client: Client, server: MattermostServer, standin: MattermostStandin
) -> None:
    standin.kick("development")
    channel = make_channel("development", server)

    before = press(admin_client, channel, "check")
    after = press(admin_client, channel, "repair")

    assert "is not a member of ~development" in before[0]
    assert after == ["~development: the bot can post there."]


def test_a_channel_is_paused_and_goes_on(admin_client: Client) -> None:
    channel = make_channel("support")

    paused = press(admin_client, channel, "pause")
    resumed = press(admin_client, channel, "pause")

    assert paused == ["~support: paused. Messages are held until you let it go on."]
    assert resumed == ["~support: goes on. What was held is sent now."]
    assert list(channel.history.values_list("is_paused", flat=True)) == [False, True, False]


def test_an_administrators_token_brings_the_bot_into_a_private_channel(
    admin_client: Client, standin: MattermostStandin, server: MattermostServer
) -> None:
    press(admin_client, server, "check")
    MattermostServer.objects.update(admin_token=standin.user_token("admin"))
    channel = make_channel("private-team", server, kind=Channel.Kind.PRIVATE)

    said = press(admin_client, channel, "repair")

    assert said == ["~private-team: the bot can post there."]


def test_nothing_is_done_by_looking(admin_client: Client) -> None:
    channel = make_channel("support")

    answer = admin_client.get(page_url("channel", "pause", channel.pk))

    channel.refresh_from_db()
    assert answer.status_code == 405
    assert not channel.is_paused


@pytest.mark.parametrize("button", ["check", "repair", "pause"])
def test_who_may_only_look_can_press_no_button(button: str) -> None:
    channel = make_channel("support")
    client = client_of("view_channel")

    answer = client.post(page_url("channel", button, channel.pk))

    assert answer.status_code == 403
    assert not Channel.objects.get().is_paused


@pytest.mark.parametrize("name", ["team-support", "alert-monitoring", "support", "@anja"])
def test_a_name_within_the_conventions_is_fine(name: str) -> None:
    kind = Channel.Kind.DIRECT if name.startswith("@") else Channel.Kind.PUBLIC

    assert warnings_of(make_channel(name, kind=kind)) == []


def test_a_name_outside_the_conventions_is_pointed_out() -> None:
    assert warnings_of(make_channel("helpdesk")) == [
        "Its name is outside the conventions: team-…, project-…, topic-…, alert-…, or one of the "
        "starter set."
    ]


def test_a_public_channel_for_private_tickets_is_pointed_out() -> None:
    channel = make_channel("support", is_cleared_for_private=True)

    assert warnings_of(channel) == [
        "Everyone can read it, and private tickets are posted there too."
    ]


def test_what_an_incoming_webhook_cannot_do_is_said_on_the_page(admin_client: Client) -> None:
    channel = make_channel(
        "support", post_via=Channel.PostVia.INCOMING_WEBHOOK, webhook_url="env:HOOK"
    )

    page = text_of(admin_client.get(page_url("channel", "change", channel.pk)))

    assert "Posted by an incoming webhook: no threads, and a message may come twice." in page
    assert "Cards that follow the ticket: a post is never edited." in page


def test_the_list_of_channels_names_their_problems(admin_client: Client) -> None:
    make_channel("finance", problem="The bot @hub is not a member of ~finance")

    page = text_of(admin_client.get(page_url("channel", "changelist")))

    assert "problem The bot @hub is not a member of ~finance" in page


def test_a_server_that_is_down_says_since_when(admin_client: Client, clock: Any) -> None:
    server = make_server(down_since=NOON, failure_count=5)
    clock.shift(600)

    page = text_of(admin_client.get(page_url("mattermostserver", "changelist")))

    assert "down for 10 min; messages are held" in page
    assert server.name in page


@responses.activate
def test_a_monitor_is_probed_at_once(admin_client: Client) -> None:
    responses.get("https://status.example.test/up", status=204)
    monitor = Monitor.objects.create(name="Webshop", url="https://status.example.test/up")

    assert press(admin_client, monitor, "probe") == ["Webshop answers."]


def test_the_page_of_a_monitor_lists_its_outages(admin_client: Client) -> None:
    monitor = Monitor.objects.create(name="Webshop", url="https://status.example.test/up")
    Outage.objects.create(monitor=monitor, started_at=NOON, problem="it answered 502")

    page = text_of(admin_client.get(page_url("monitor", "change", monitor.pk)))

    assert "24 Nov 2026 13:00:00 still down it answered 502" in page
