"""POST /hooks/<token>: what is stored, what is refused, and what is answered."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from hub.models import Event, Refusal, WebhookToken
from tests.factories import make_source, make_token, zammad_body

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def hook() -> str:
    _row, text = make_token(make_source())
    return f"/hooks/{text}"


def test_a_webhook_is_stored_as_received_and_answered_202(client: Client, hook: str) -> None:
    body = json.dumps(zammad_body()).encode()

    response = client.post(hook, body, content_type=JSON)

    event = Event.objects.get()
    assert response.status_code == 202
    assert response.json() == {"status": "stored", "event": str(event.pk)}
    assert bytes(event.body) == body
    assert event.state == Event.State.RECEIVED


def test_the_same_body_again_is_counted_and_not_stored(client: Client, hook: str) -> None:
    client.post(hook, b'{"ticket": {}}', content_type=JSON)

    response = client.post(hook, b'{"ticket": {}}', content_type=JSON)

    assert response.status_code == 200
    assert Event.objects.get().duplicate_count == 1


def test_the_same_delivery_id_is_known_whatever_the_body(client: Client, hook: str) -> None:
    headers = {"X-Zammad-Delivery": "8d7d2c34"}
    client.post(hook, json.dumps(zammad_body()), content_type=JSON, headers=headers)

    response = client.post(
        hook, json.dumps(zammad_body(title="changed")), content_type=JSON, headers=headers
    )

    assert response.status_code == 200
    assert Event.objects.count() == 1


def test_a_webhook_costs_one_statement(
    client: Client, hook: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.post(hook, b'{"first": 1}', content_type=JSON)

    with django_assert_max_num_queries(1):
        client.post(hook, b'{"second": 2}', content_type=JSON)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "x/y"])
def test_json_is_read_whatever_the_content_type(
    client: Client, hook: str, content_type: str
) -> None:
    response = client.post(hook, b'{"a": 1}', content_type=content_type)

    assert response.status_code == 202


@pytest.mark.parametrize("suffix", ["", "/", "?event=sla_warning", "/?event=sla_warning"])
def test_the_address_works_with_and_without_a_slash(client: Client, hook: str, suffix: str) -> None:
    assert client.post(hook + suffix, b"{}", content_type=JSON).status_code == 202


def test_the_hint_of_the_address_wins_over_that_of_the_token(client: Client) -> None:
    _row, text = make_token(make_source(), event_hint="closed")

    client.post(f"/hooks/{text}?event=sla_warning", b'{"a": 1}', content_type=JSON)
    client.post(f"/hooks/{text}", b'{"a": 2}', content_type=JSON)

    hints = Event.objects.order_by("pk").values_list("event_hint", flat=True)
    assert list(hints) == ["sla_warning", "closed"]


def test_an_unknown_token_is_404_with_a_row_that_hides_it(client: Client) -> None:
    response = client.post("/hooks/abcdefghijklmnopqrstuvwxyz", b'{"a": 1}', content_type=JSON)

    refusal = Refusal.objects.get()
    assert response.status_code == 404
    assert refusal.path == "abcdef"
    assert refusal.body_excerpt == '{"a": 1}'


def test_guessing_tokens_is_slowed_down(client: Client, settings: Settings) -> None:
    settings.HUB_UNKNOWN_TOKENS_PER_MINUTE = 1
    client.post("/hooks/first", b"{}", content_type=JSON, REMOTE_ADDR="192.0.2.1")

    response = client.post("/hooks/second", b"{}", content_type=JSON, REMOTE_ADDR="192.0.2.1")

    assert response.status_code == 429
    assert Refusal.objects.count() == 1


def test_a_revoked_token_is_404_at_once(client: Client, hook: str) -> None:
    client.post(hook, b"{}", content_type=JSON)
    token = WebhookToken.objects.get()
    token.revoked_at = timezone.now()
    token.save()

    assert client.post(hook, b'{"a": 1}', content_type=JSON).status_code == 404


def test_an_expired_token_is_404(client: Client) -> None:
    _row, text = make_token(make_source(), expires_at=timezone.now() - timedelta(seconds=1))

    assert client.post(f"/hooks/{text}", b"{}", content_type=JSON).status_code == 404


def test_a_signature_is_asked_for_before_anything_else(client: Client) -> None:
    _row, text = make_token(make_source(), signing_secret="hub-secret-1")

    response = client.post(f"/hooks/{text}", b"not even JSON", content_type=JSON)

    assert response.status_code == 401
    assert Refusal.objects.get().reason == "the signature is missing"


def test_a_right_signature_is_accepted(client: Client) -> None:
    _row, text = make_token(make_source(), signing_secret="hub-secret-1")
    signature = "sha1=" + hmac.new(b"hub-secret-1", b"{}", hashlib.sha1).hexdigest()

    response = client.post(
        f"/hooks/{text}", b"{}", content_type=JSON, headers={"X-Hub-Signature": signature}
    )

    assert response.status_code == 202


def test_what_is_not_json_is_400_with_a_row(client: Client, hook: str) -> None:
    response = client.post(hook, b"\xff\x00<html>", content_type="text/html")

    assert response.status_code == 400
    assert Refusal.objects.get().size == 8


def test_an_empty_body_is_400(client: Client, hook: str) -> None:
    assert client.post(hook, b"", content_type=JSON).status_code == 400


def test_too_big_is_413_with_a_row_of_its_beginning(client: Client, hook: str) -> None:
    body = b'{"a": "' + b"x" * settings.HUB_MAX_BODY_BYTES + b'"}'

    response = client.post(hook, body, content_type=JSON)

    refusal = Refusal.objects.get()
    assert response.status_code == 413
    assert refusal.size == len(body)
    assert len(refusal.body_excerpt) == 2048


def test_repeated_refusals_share_a_row(client: Client, hook: str) -> None:
    client.post(hook, b"<", content_type=JSON)

    client.post(hook, b"<", content_type=JSON)

    assert sum(Refusal.objects.values_list("repeat_count", flat=True)) == 2


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_only_post_is_taken(client: Client, hook: str, method: str) -> None:
    response = getattr(client, method)(hook)

    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert ("not allowed" in response.content.decode()) is (method != "head")


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "\\u0000\\ud800"}',
        b'{"n": NaN, "i": 1e999}',
        b"[" * 50_000 + b"]" * 50_000,
        b'{"a": ' * 500 + b"1" + b"}" * 500,
        '{"title": "شكرا 🎉"}'.encode(),
        b"\xef\xbb\xbf{}",
        b'{"n": ' + b"9" * 5000 + b"}",
    ],
)
def test_odd_bodies_are_stored_or_refused_and_never_a_5xx(
    client: Client, hook: str, body: bytes
) -> None:
    assert client.post(hook, body, content_type=JSON).status_code in (202, 400)


def test_odd_queries_and_headers_do_no_harm(client: Client, hook: str) -> None:
    response = client.post(
        f"{hook}?event=%00%ff&%00=1",
        b"{}",
        content_type=JSON,
        headers={"X-Zammad-Trigger": "é" * 2000},
    )

    assert response.status_code == 202


def test_the_sender_behind_trusted_proxies_is_the_one_the_last_of_them_saw(
    client: Client, hook: str, settings: Settings
) -> None:
    settings.HUB_TRUSTED_PROXY_COUNT = 1
    forwarded = {"X-Forwarded-For": "203.0.113.9, 192.0.2.7"}

    client.post(hook, b"{}", content_type=JSON, headers=forwarded)

    assert Event.objects.get().address == "192.0.2.7"


def test_a_forwarded_address_is_not_believed_without_a_trusted_proxy(
    client: Client, hook: str
) -> None:
    client.post(hook, b"{}", content_type=JSON, headers={"X-Forwarded-For": "203.0.113.9"})

    assert Event.objects.get().address == "127.0.0.1"
