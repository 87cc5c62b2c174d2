"""The commands of manage.py."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from hub.models import CommandInvocation, Delivery, Event, Refusal, WebhookToken
from hub.secrets import hash_token
from tests.factories import (
    NOON,
    make_channel,
    make_delivery,
    make_event,
    make_invocation,
    make_source,
    make_token,
)

pytestmark = pytest.mark.django_db


def run(*arguments: Any, **options: Any) -> str:
    output = StringIO()
    call_command(*arguments, stdout=output, **options)
    return output.getvalue()


def test_a_token_is_issued_and_shown_once() -> None:
    make_source(name="Zammad")

    address, secret = run("issue_token", "Zammad", "--sign").splitlines()

    row = WebhookToken.objects.get()
    assert hash_token(address.rpartition("/")[2]) == row.sha256
    assert secret == f"signing secret: {row.signing_secret}"


def test_a_token_for_an_unknown_source_names_the_known_ones() -> None:
    make_source(name="Zammad")

    with pytest.raises(CommandError, match="There are: Zammad"):
        run("issue_token", "Zamad")


def test_a_source_that_cannot_sign_gets_no_secret() -> None:
    make_source("mattermost_compatible", "Scripts")

    with pytest.raises(CommandError, match="cannot sign"):
        run("issue_token", "Scripts", "--sign")


def test_redeliver_only_counts_until_told_to_do_it() -> None:
    make_delivery(make_channel(), state="dead")

    assert "1 deliveries match" in run("redeliver")

    assert Delivery.objects.get().state == "dead"
    assert "1 are being sent again" in run("redeliver", "--yes")
    assert Delivery.objects.get().state == "pending"


def test_redeliver_takes_a_channel_and_a_time() -> None:
    make_delivery(make_channel("support"), state="dead", created_at=timezone.now())
    make_delivery(make_channel("alerts"), state="dead", created_at=timezone.now())
    make_delivery(Delivery.objects.first().channel, state="dead", created_at=NOON)  # type: ignore[union-attr]

    output = run("redeliver", "--channel", "~support", "--since", "6h", "--yes")

    assert "1 are being sent again" in output


def test_a_length_of_time_must_be_one() -> None:
    with pytest.raises(CommandError, match="90m, 6h or 2d"):
        run("redeliver", "--since", "yesterday")


def test_prune_removes_what_is_old_and_finished_and_keeps_what_is_open() -> None:
    old = timezone.now() - timedelta(days=400)
    channel = make_channel()
    make_delivery(channel, state="delivered", created_at=old)
    open_delivery = make_delivery(channel, state="held", created_at=old)
    make_event(received_at=old)
    Refusal.objects.create(reason="x", status_code=404, path="x", minute=old, received_at=old)

    run("prune")

    assert list(Delivery.objects.all()) == [open_delivery]
    assert (Event.objects.count(), Refusal.objects.count()) == (0, 0)


def test_prune_removes_what_was_typed_long_ago_and_is_over() -> None:
    old = timezone.now() - timedelta(days=400)
    make_invocation(state="done", received_at=old)
    make_invocation(state="asking", received_at=old)
    waiting = make_invocation(state="retrying", received_at=old)

    run("prune")

    assert list(CommandInvocation.objects.all()) == [waiting]


def test_prune_forgets_the_addresses_of_answers_that_nobody_can_give_any_more() -> None:
    url = "https://mattermost.example.test/hooks/commands/xxx"
    asked = {"state": "asking", "response_url": url}
    old = make_invocation(received_at=timezone.now() - timedelta(minutes=31), **asked)
    new = make_invocation(received_at=timezone.now(), **asked)

    run("prune")

    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.response_url, new.response_url) == ("", url)


def test_prune_empties_bodies_before_it_removes_events() -> None:
    event = make_event(received_at=timezone.now() - timedelta(days=45), body=b"{}")

    run("prune")

    event.refresh_from_db()
    assert bytes(event.body) == b""


def test_a_payload_is_sent_through_the_front_door(hub_url: str, tmp_path: Path) -> None:
    _row, text = make_token(make_source())
    body = tmp_path / "body.json"
    body.write_text('{"ticket": {}}')

    output = run("send_payload", f"{hub_url}/hooks/{text}", str(body))

    assert output.startswith("202 ")
    assert bytes(Event.objects.get().body) == b'{"ticket": {}}'
