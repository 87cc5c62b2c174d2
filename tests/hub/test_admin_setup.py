"""Setting up a source in the admin: its recipe, test requests, the check, the last request."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from hub import registry
from hub.contracts import Integration
from hub.models import Event, Source, WebhookToken
from hub.models.events import TEST_KEY
from tests.factories import (
    make_channel,
    make_event,
    make_rule,
    make_server,
    make_source,
    make_token,
    zammad_body,
)
from tests.hub.admin_pages import client_of, messages_of, page_url, text_of
from tests.hub.wire import Wire, answer
from tests.pumping import Pump, states
from tests.running import free_port
from tests.standins.mattermost import MattermostStandin

SYSTEMS = [one for one in registry.all_integrations() if one.name != "hub"]
SENDING = ("view_source", "change_source", "add_webhooktoken")

each_system = pytest.mark.parametrize("system", SYSTEMS, ids=lambda one: one.name)


def press_send(client: Client, source: Source, **fields: Any) -> Any:
    form = {"sample": "ticket.created", "query": "event=created", "body": json.dumps(zammad_body())}
    return client.post(page_url("source", "test", source.pk), form | fields, follow=True)


@each_system
def test_the_recipe_of_each_system_is_filled_in(admin_client: Client, system: Integration) -> None:
    source = make_source(system.name, system.label)
    row, _text = make_token(source, signing_secret="a-secret-of-the-sender")

    page = text_of(admin_client.get(page_url("source", "setup", source.pk)))

    assert f"/hooks/{row.prefix}…" in page
    assert not re.search(r"\{\{ (url|secret) \}\}", page)
    assert "a-secret-of-the-sender" not in page
    assert "Send the test request" in page


def test_a_sample_can_be_chosen(admin_client: Client) -> None:
    source = make_source()
    url = page_url("source", "setup", source.pk)

    page = admin_client.get(url, {"sample": "ticket.sla_warning"}).content.decode()

    assert '<option value="ticket.sla_warning" selected>' in page
    assert 'value="event=sla_warning"' in page


def test_a_test_request_goes_the_whole_way(
    admin_client: Client, hub_url: str, standin: MattermostStandin, settings: Any
) -> None:
    settings.HUB_BASE_URL = hub_url
    source, pump = make_source(), Pump()
    server = make_server(base_url=standin.url, bot_token=standin.token)
    make_rule(make_channel("support", server), name="P1", line="Urgent: {{ title }}")

    page = press_send(admin_client, source)
    pump.run()
    pump.close()

    event = Event.objects.get()
    followed = text_of(admin_client.get(page_url("source", "follow", source.pk, event.pk)))
    posts = [post["message"] for post in standin.posts(channel="support")]
    assert "The front door answered 202" in text_of(page)
    assert event.dedup_key.startswith(TEST_KEY)
    assert states() == ["delivered"]
    assert "delivered ~support" in followed
    assert posts == ["**Test of the hub: nothing has happened.**\nUrgent: Webshop down"]


@pytest.mark.parametrize("system", ["git", "mattermost_compatible"])
def test_the_front_door_takes_what_other_systems_send(
    admin_client: Client, hub_url: str, settings: Any, system: str
) -> None:
    settings.HUB_BASE_URL = hub_url
    source, channel = make_source(system, system), make_channel("support")
    make_token(source, default_channel=channel, allowed_channels=[channel])
    page = admin_client.get(page_url("source", "setup", source.pk))
    form = page.context["trial_form"].initial

    answered = text_of(press_send(admin_client, source, **form))

    assert "The front door answered 20" in answered
    assert Event.objects.get().is_test


def test_the_token_of_a_test_is_signed_short_lived_and_in_no_list(
    admin_client: Client, hub_url: str, settings: Any
) -> None:
    settings.HUB_BASE_URL = hub_url
    source = make_source()

    press_send(admin_client, source)

    token = WebhookToken.objects.get()
    assert token.expires_at is not None
    assert (token.expires_at - token.created_at).total_seconds() <= 301
    assert token.signing_secret
    assert token.prefix not in text_of(admin_client.get(page_url("webhooktoken", "changelist")))
    assert "it has no webhook token" in text_of(
        admin_client.get(page_url("source", "change", source.pk))
    )


def test_a_hub_that_cannot_reach_itself_says_so_and_offers_the_way_inside(
    admin_client: Client, transactional_db: None, settings: Any
) -> None:
    settings.HUB_BASE_URL = f"http://127.0.0.1:{free_port()}"

    page = text_of(press_send(admin_client, make_source()))

    assert f"The hub cannot reach itself at {settings.HUB_BASE_URL}:" in page
    assert "Send it inside" in page


def test_the_way_inside_is_where_this_process_listens(
    admin_client: Client, hub_url: str, settings: Any
) -> None:
    settings.HUB_BASE_URL = "http://hub.invalid"
    port = hub_url.rpartition(":")[2]
    form = {"query": "event=created", "body": "{}", "via": "own"}
    url = page_url("source", "test", make_source().pk)

    admin_client.post(url, form, SERVER_PORT=port)

    assert Event.objects.get().body == b"{}"


def test_a_proxy_that_answers_instead_is_named(
    admin_client: Client, transactional_db: None, settings: Any
) -> None:
    with Wire(answer("404 Not Found", b"<html>nothing here</html>")) as proxy:
        settings.HUB_BASE_URL = proxy.url
        page = text_of(press_send(admin_client, make_source()))

    assert "does your proxy pass /hooks/ on to the hub?" in page


def test_a_refusal_at_the_front_door_is_shown_with_its_reason(
    admin_client: Client, hub_url: str, settings: Any
) -> None:
    settings.HUB_BASE_URL = hub_url

    page = text_of(press_send(admin_client, make_source(), body="{not json"))

    assert "The front door refused it with 400" in page
    assert "{not json" in page


@pytest.mark.django_db
@pytest.mark.parametrize("missing", SENDING[1:])
def test_sending_needs_the_rights_to_change_sources_and_to_issue_tokens(missing: str) -> None:
    client = client_of(*(name for name in SENDING if name != missing))
    source = make_source()

    answered = client.post(page_url("source", "test", source.pk), {"body": "{}"})

    assert answered.status_code == 403
    assert "Send the test request" not in text_of(
        client.get(page_url("source", "setup", source.pk))
    )
    assert not WebhookToken.objects.exists()


def test_an_event_that_is_no_test_is_not_followed(admin_client: Client) -> None:
    event = make_event()

    page = admin_client.get(page_url("source", "follow", event.source_id, event.pk))

    assert page.status_code == 404


@pytest.mark.parametrize(
    ("name", "fields", "said"),
    [
        ("git", {}, "Git: there is nothing to ask. It only sends, and has no address."),
        ("zammad", {}, "Zammad: Zammad has no address or no credential"),
        ("redmine", {}, "Redmine: Redmine has no address or no credential"),
    ],
)
def test_the_connection_is_checked_in_one_sentence(
    admin_client: Client, name: str, fields: dict[str, Any], said: str
) -> None:
    source = make_source(name, name.capitalize(), **fields)

    page = admin_client.post(page_url("source", "check", source.pk), follow=True)

    assert messages_of(page) == [said]


def test_a_refused_credential_is_named_though_the_system_is_up(admin_client: Client) -> None:
    with Wire(answer("401 Unauthorized")) as zammad:
        source = make_source(base_url=zammad.url, credentials={"token": "old"})
        page = admin_client.post(page_url("source", "check", source.pk), follow=True)

    assert messages_of(page) == [
        "Zammad answers, but: Zammad does not know the token: make a new one under Profile › "
        "Token Access"
    ]


def test_several_connections_are_checked_from_the_list(admin_client: Client) -> None:
    with Wire(answer(body=b'{"login": "hub"}')) as zammad:
        source = make_source(base_url=zammad.url, credentials={"token": "good"})
        other = make_source("git", "Git")
        form = {"action": "check_selected", "_selected_action": [source.pk, other.pk]}
        page = admin_client.post(page_url("source", "changelist"), form, follow=True)

    assert "Zammad answers and takes the credentials." in messages_of(page)
    assert len(messages_of(page)) == 2


@pytest.mark.django_db
def test_who_may_only_look_checks_nothing() -> None:
    answered = client_of("view_source").post(page_url("source", "check", make_source().pk))

    assert answered.status_code == 403


def test_the_last_request_is_shown_as_it_came(admin_client: Client) -> None:
    body = json.dumps({"ticket": {"title": "Webshop down"}, "note": "token=abcdefghijkl"}).encode()
    headers = {"content-type": "application/json", "x-zammad-trigger": "P1"}
    event = make_event(body=body, headers=headers, query={"event": "created"}, state="matched")

    page = text_of(admin_client.get(page_url("source", "change", event.source_id)))

    assert "POST /hooks/…?event=created" in page
    assert "x-zammad-trigger: P1" in page
    assert '"Webshop down"' in page
    assert "abcdefghijkl" not in page


def test_the_last_refused_request_is_shown_with_its_reason(
    admin_client: Client, client: Client
) -> None:
    source = make_source()
    _row, text = make_token(source, signing_secret="secret")
    client.post(f"/hooks/{text}", '{"ticket": {}}', content_type="application/json")

    page = text_of(admin_client.get(page_url("source", "setup", source.pk)))

    assert "401" in page
    assert "the signature is missing" in page
    assert '{"ticket": {}}' in page


@pytest.mark.django_db
def test_requests_are_shown_to_those_only_who_may_see_events() -> None:
    event = make_event(body=b'{"secret": "plan"}', state="matched")

    page = client_of("view_source").get(page_url("source", "change", event.source_id))

    assert "plan" not in text_of(page)
