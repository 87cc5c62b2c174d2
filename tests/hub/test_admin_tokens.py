"""Webhook tokens: the address is on one page, once, and nowhere else."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from hub.admin.token_warnings import warnings_of
from hub.models import WebhookToken
from hub.secrets import hash_token
from tests.factories import NOON, make_channel, make_source, make_token
from tests.hub.admin_pages import client_of, page_url, text_of

pytestmark = pytest.mark.django_db

ADDRESS = re.compile(r"http://127\.0\.0\.1:8000/hooks/([a-z0-9]{26})")


def issue(client: Client, **form: Any) -> Any:
    return client.post(page_url("webhooktoken", "add"), {"source": make_source().pk} | form)


def token_in(response: Any) -> str:
    found = ADDRESS.search(response.content.decode())
    assert found, "no address on the page"
    return found[1]


def test_issuing_shows_the_complete_address(admin_client: Client) -> None:
    page = issue(admin_client, label="production")

    row = WebhookToken.objects.get()
    assert hash_token(token_in(page)) == row.sha256
    assert row.label == "production"


def test_the_page_is_kept_by_nobody(admin_client: Client) -> None:
    page = issue(admin_client)

    assert page.status_code == 200  # no redirect: nothing has to remember the address
    assert "no-store" in page["Cache-Control"]


def test_the_address_is_in_no_session_no_log_and_no_history(
    admin_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    text = token_in(issue(admin_client))

    pages = [
        admin_client.get(page_url("webhooktoken", "changelist")),
        admin_client.get(page_url("webhooktoken", "change", WebhookToken.objects.get().pk)),
        admin_client.get(page_url("webhooktoken", "history", WebhookToken.objects.get().pk)),
    ]
    assert text not in "".join(page.content.decode() for page in pages)
    assert text not in str([session.get_decoded() for session in Session.objects.all()])
    assert text not in caplog.text


def test_the_recipe_of_the_other_side_is_filled_in(admin_client: Client) -> None:
    page = issue(admin_client, signing_secret="a-secret-of-the-sender")

    text = text_of(page)
    assert f"/hooks/{token_in(page)}?event=created" in text
    assert "HTTP signature token a-secret-of-the-sender" in text
    assert "{{" not in text


def test_the_signing_secret_is_shown_with_it_and_never_again(admin_client: Client) -> None:
    page = issue(admin_client, signing_secret="a-secret-of-the-sender")

    again = admin_client.get(page_url("webhooktoken", "change", WebhookToken.objects.get().pk))
    assert "a-secret-of-the-sender" in text_of(page)
    assert "a-secret-of-the-sender" not in again.content.decode()


def test_the_channels_that_are_chosen_are_kept(admin_client: Client) -> None:
    channel = make_channel("alerts")

    issue(admin_client, default_channel=channel.pk, allowed_channels=[channel.pk])

    row = WebhookToken.objects.get()
    assert (row.default_channel, list(row.allowed_channels.all())) == (channel, [channel])


def test_afterwards_only_the_beginning_is_shown(admin_client: Client) -> None:
    row, text = make_token()

    page = text_of(admin_client.get(page_url("webhooktoken", "change", row.pk)))

    assert f"/hooks/{text[:6]}…" in page
    assert text not in page


def test_rotating_leaves_both_valid_for_a_day(admin_client: Client, clock: Any) -> None:
    old, _text = make_token(label="production", event_hint="created", signing_secret="old")

    page = admin_client.post(page_url("webhooktoken", "rotate", old.pk), {"overlap": "24"})

    old.refresh_from_db()
    new = WebhookToken.objects.get(sha256=hash_token(token_in(page)))
    assert (new.label, new.event_hint, new.signing_secret) == ("production", "created", "old")
    assert old.expires_at == timezone.now() + timedelta(hours=24)


def test_rotating_can_make_a_new_signing_secret(admin_client: Client) -> None:
    old, _text = make_token(signing_secret="old")
    form = {"overlap": "24", "new_secret": "on"}

    page = admin_client.post(page_url("webhooktoken", "rotate", old.pk), form)

    new = WebhookToken.objects.exclude(pk=old.pk).get()
    assert new.signing_secret != "old"
    assert new.signing_secret in text_of(page)


def test_the_kept_signing_secret_is_not_shown_when_rotating(admin_client: Client) -> None:
    old, _text = make_token(signing_secret="kept-signing-secret")

    page = admin_client.post(page_url("webhooktoken", "rotate", old.pk), {"overlap": "24"})

    assert "kept-signing-secret" not in page.content.decode()


def test_rotating_without_an_end_leaves_the_old_one_until_it_is_revoked(
    admin_client: Client,
) -> None:
    old, _text = make_token()

    admin_client.post(page_url("webhooktoken", "rotate", old.pk), {"overlap": ""})

    old.refresh_from_db()
    assert old.expires_at is None


def test_rotating_never_lengthens_the_life_of_the_old_one(admin_client: Client) -> None:
    soon = timezone.now() + timedelta(hours=1)
    old, _text = make_token(expires_at=soon)

    admin_client.post(page_url("webhooktoken", "rotate", old.pk), {"overlap": "168"})

    old.refresh_from_db()
    assert old.expires_at == soon


def test_looking_at_the_page_of_rotating_issues_nothing(admin_client: Client) -> None:
    old, _text = make_token()

    admin_client.get(page_url("webhooktoken", "rotate", old.pk))

    assert WebhookToken.objects.count() == 1


def test_revoking_is_asked_first_and_then_done(admin_client: Client) -> None:
    row, _text = make_token()
    url = page_url("webhooktoken", "revoke", row.pk)

    asked = text_of(admin_client.get(url))
    admin_client.post(url)

    row.refresh_from_db()
    assert "This cannot be undone." in asked
    assert row.revoked_at is not None


@pytest.mark.parametrize("page", ["rotate", "revoke"])
def test_who_may_only_look_can_do_neither(page: str) -> None:
    row, _text = make_token()

    answer = client_of("view_webhooktoken").post(page_url("webhooktoken", page, row.pk))

    row.refresh_from_db()
    assert answer.status_code == 403
    assert (row.revoked_at, WebhookToken.objects.count()) == (None, 1)


def test_a_token_is_revoked_not_deleted(admin_client: Client) -> None:
    row, _text = make_token()

    assert admin_client.post(page_url("webhooktoken", "delete", row.pk)).status_code == 403


def test_a_new_signing_secret_leaves_the_old_one_valid_beside_it(admin_client: Client) -> None:
    row, _text = make_token(signing_secret="old")

    admin_client.post(page_url("webhooktoken", "change", row.pk), {"signing_secret": "new"})

    row.refresh_from_db()
    assert (row.signing_secret, row.previous_signing_secret) == ("new", "old")


@pytest.mark.parametrize(
    ("days", "fields", "warning"),
    [
        (3, {}, "Never used since it was issued 3 d ago."),
        (1, {}, ""),
        (200, {"last_used_at": NOON}, "Issued 200 d ago: time to rotate it."),
        (200, {"revoked_at": NOON}, ""),
        (1, {"expires_at": NOON + timedelta(days=3)}, "Expires in 3 d."),
    ],
)
def test_a_token_that_is_unused_old_or_ending_is_pointed_out(
    clock: Any, days: int, fields: dict[str, Any], warning: str
) -> None:
    row, _text = make_token(signing_secret="x", **fields)
    row.created_at = NOON - timedelta(days=days)

    assert warnings_of(row) == ([warning] if warning else [])


def test_a_token_without_a_signing_secret_is_pointed_out_where_the_system_can_sign() -> None:
    row, _text = make_token(make_source("zammad"))

    assert "no signing secret is set" in warnings_of(row)[0]
