"""The age of every secret, and the reminder that one is to be rotated."""

import json
from datetime import timedelta

import pytest

from hub.credentials import look_after_credentials, remind, take_stock
from hub.models import Credential, Event, MattermostServer, OutgoingWebhook, SlashCommand, Source
from hub.starting import load_starter_set
from tests.factories import (
    NOON,
    make_channel,
    make_command,
    make_server,
    make_source,
    make_token,
)
from tests.pumping import Pump
from tests.standins.mattermost import MattermostStandin

pytestmark = pytest.mark.django_db
LIMIT = timedelta(days=90)


def held() -> list[tuple[str, str]]:
    return list(Credential.objects.order_by("pk").values_list("sort", "label"))


def test_every_secret_is_taken_stock_of() -> None:
    server = make_server(bot_token="one", admin_token="two")
    make_channel("alerts", server, webhook_url="https://chat.example.test/hooks/abc")
    make_command(server, token_sha256="f" * 64, token_set_at=NOON)
    make_token(make_source(credentials={"token": "three"}), label="production")

    take_stock(NOON)

    assert held() == [
        ("bot_token", "Mattermost"),
        ("admin_token", "Mattermost"),
        ("incoming_webhook", "~alerts"),
        ("command_token", "/reply"),
        ("webhook_token", "Zammad production"),
        ("source_credential", "Zammad token"),
    ]


def test_no_secret_is_in_these_rows() -> None:
    make_server(bot_token="a-secret-of-mattermost")

    take_stock(NOON)

    row = Credential.objects.values().get()
    assert "a-secret-of-mattermost" not in str(row)


def test_a_secret_in_the_environment_has_an_age_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", "first")
    make_server(bot_token="env:BOT_TOKEN")
    take_stock(NOON)
    monkeypatch.setenv("BOT_TOKEN", "second")

    take_stock(NOON + LIMIT)

    assert Credential.objects.get().since_at == NOON + LIMIT


def test_a_changed_secret_is_new_and_an_unchanged_one_ages() -> None:
    make_server("One", bot_token="first")
    make_server("Two", bot_token="stays")
    take_stock(NOON)
    MattermostServer.objects.filter(name="One").update(name="Renamed", bot_token="second")

    take_stock(NOON + LIMIT)

    since = dict(Credential.objects.values_list("label", "since_at"))
    assert since == {"Renamed": NOON + LIMIT, "Two": NOON}


def test_a_credential_with_a_long_name_is_known_again() -> None:
    make_source(credentials={"x" * 150: "three"})
    take_stock(NOON)

    take_stock(NOON + LIMIT)

    assert Credential.objects.get().since_at == NOON


def test_what_was_removed_is_forgotten() -> None:
    source = make_source(credentials={"token": "three"})
    take_stock(NOON)
    Source.objects.filter(pk=source.pk).update(credentials={})

    take_stock(NOON)

    assert held() == []


def test_an_old_secret_is_told_about_once_and_again_after_a_week() -> None:
    make_server(bot_token="first")
    take_stock(NOON)

    counts = [
        remind(NOON + LIMIT - timedelta(days=1)),
        remind(NOON + LIMIT),
        remind(NOON + LIMIT + timedelta(days=6)),
        remind(NOON + LIMIT + timedelta(days=7)),
    ]

    assert counts == [0, 1, 0, 1]
    assert Event.objects.count() == 2


def test_a_reminder_says_whose_it_is_and_where_to_go(settings: object) -> None:
    server = make_server(bot_token="first")
    take_stock(NOON)

    remind(NOON + LIMIT)

    body = json.loads(bytes(Event.objects.get().body))
    assert (body["event"], body["service"], body["days"]) == ("credential.old", "Mattermost", 90)
    assert body["page_url"].endswith(f"/admin/hub/mattermostserver/{server.pk}/change/")


def test_a_worker_killed_after_telling_tells_it_once() -> None:
    make_server(bot_token="first")
    take_stock(NOON)
    remind(NOON + LIMIT)
    Credential.objects.update(reminded_at=None)  # as if it had not come to write that down

    remind(NOON + LIMIT)

    assert Event.objects.count() == 1


def test_zero_days_means_never() -> None:
    make_server(bot_token="first")
    take_stock(NOON)
    Credential.objects.update(remind_after_days=0)

    assert remind(NOON + 10 * LIMIT) == 0


def test_the_age_of_a_command_token_is_the_time_it_was_set() -> None:
    make_command(make_server(bot_token=""), token_sha256="f" * 64, token_set_at=NOON)

    take_stock(NOON + LIMIT)

    assert Credential.objects.get().since_at == NOON


def test_the_token_of_an_outgoing_webhook_has_an_age() -> None:
    channel = make_channel("support", make_server(bot_token=""))
    OutgoingWebhook.objects.create(channel=channel).take_token("secret", NOON)

    take_stock(NOON + LIMIT)

    found = Credential.objects.get()
    assert (found.sort, found.label, found.since_at) == ("outgoing_token", "~support", NOON)


def test_a_reminder_is_posted_in_the_channel_chosen(
    standin: MattermostStandin, clock: object
) -> None:
    load_starter_set()
    server = MattermostServer.objects.get()
    server.base_url, server.bot_token = standin.url, standin.token
    server.reminders_channel = server.channels.get(name="support")
    server.save()
    SlashCommand.objects.update(token_sha256="")
    take_stock(NOON - LIMIT)
    pump = Pump()

    look_after_credentials()
    pump.run()
    pump.close()

    posts = [one["message"] for one in standin.posts(channel="support")]
    assert posts == ["**Mattermost**: the bot token is 90 days old"]
