"""Mattermost's outgoing webhook brings a reply in a thread: proven, and asked for."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hub.models import CommandInvocation, OutgoingWebhook, Refusal
from hub.outgoing import callback_url
from tests.hub.thread_stage import Stage, notebook, stage
from tests.running import wait_until

__all__ = ["notebook", "stage"]

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "token-of-mattermost"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@pytest.fixture
def webhook(stage: Stage) -> OutgoingWebhook:
    webhook = OutgoingWebhook.objects.create(channel=stage.channel)
    webhook.take_token(TOKEN, timezone.now())
    return webhook


def send(client: Client, webhook: OutgoingWebhook, post_id: str, **fields: Any) -> Any:
    body = {"token": TOKEN, "post_id": post_id, "user_name": "anja", "text": "x"} | fields
    return client.post(f"/outgoing/{webhook.key}", body, content_type=JSON)


def reason_of(response: Any) -> tuple[int, str]:
    content = response.json()
    return response.status_code, content.get("status") or content["error"]


def test_a_reply_is_taken_as_it_stands_in_mattermost(
    client: Client, stage: Stage, webhook: OutgoingWebhook
) -> None:
    post_id = stage.say("Looking at it")["id"]

    response = send(client, webhook, post_id, text="Something else")

    assert reason_of(response) == (200, "stored")
    assert stage.run() == ["Looking at it"]


@pytest.mark.parametrize("content_type", [FORM, JSON])
def test_mattermost_itself_brings_it(
    stage: Stage, webhook: OutgoingWebhook, live_server: Any, content_type: str
) -> None:
    url = f"{live_server.url}/outgoing/{webhook.key}"
    hook = stage.standin.create_outgoing_hook("support", url, content_type=content_type)
    webhook.take_token(hook["token"], timezone.now())

    stage.say("Looking at it")
    wait_until(CommandInvocation.objects.exists)

    assert stage.run() == ["Looking at it"]


def test_a_post_outside_a_thread_is_no_note(
    client: Client, stage: Stage, webhook: OutgoingWebhook
) -> None:
    post_id = stage.say("Good morning", root_id="")["id"]

    assert reason_of(send(client, webhook, post_id)) == (200, "no reply to a ticket")


def test_a_post_of_another_channel_is_not_taken(
    client: Client, stage: Stage, webhook: OutgoingWebhook
) -> None:
    post_id = str(stage.standin.post_as("anja", "general", "Hello").body["id"])

    assert reason_of(send(client, webhook, post_id)) == (200, "no post of this channel")
    assert reason_of(send(client, webhook, "x" * 26)) == (200, "no post of this channel")


@pytest.mark.parametrize("token", ["", "wrong", ["a", "list"]])
def test_whoever_is_not_mattermost_is_refused(
    client: Client, stage: Stage, webhook: OutgoingWebhook, token: Any
) -> None:
    post_id = stage.say("Looking at it")["id"]

    response = send(client, webhook, post_id, token=token)

    assert response.status_code == 401
    assert Refusal.objects.get().path == f"/outgoing/{webhook.key[:6]}"
    assert stage.run() == []


def test_without_a_token_of_its_own_everything_is_refused(client: Client, stage: Stage) -> None:
    webhook = OutgoingWebhook.objects.create(channel=stage.channel)

    assert send(client, webhook, "p" * 26, token="").status_code == 401


def test_an_unknown_address_is_404(client: Client) -> None:
    response = client.post(f"/outgoing/{'x' * 26}", {}, content_type=JSON)

    assert response.status_code == 404


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", JSON),
        (b"[]", JSON),
        (b"\xff=\xff", FORM),
        (b'{"token": "token-of-mattermost"}', JSON),
    ],
)
def test_what_cannot_be_read_is_400(
    client: Client, webhook: OutgoingWebhook, body: bytes, content_type: str
) -> None:
    response = client.generic("POST", f"/outgoing/{webhook.key}", body, content_type)

    assert response.status_code == 400


def test_two_tokens_are_valid_while_one_takes_over(
    client: Client, stage: Stage, webhook: OutgoingWebhook, clock: Any
) -> None:
    post_id = stage.say("Looking at it")["id"]
    webhook.take_token("new", timezone.now())

    during = [send(client, webhook, post_id, token=one).status_code for one in (TOKEN, "new")]
    clock.shift(timedelta(hours=2))
    after = [send(client, webhook, post_id, token=one).status_code for one in (TOKEN, "new")]

    assert (during, after) == ([200, 200], [401, 200])


def test_a_mattermost_that_does_not_answer_is_said(
    client: Client, stage: Stage, webhook: OutgoingWebhook
) -> None:
    stage.standin.go_offline()

    assert send(client, webhook, "p" * 26).status_code == 503


def test_the_address_is_complete(webhook: OutgoingWebhook) -> None:
    assert callback_url(webhook) == f"http://127.0.0.1:8000/outgoing/{webhook.key}"
