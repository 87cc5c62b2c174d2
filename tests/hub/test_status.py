"""Health from rows alone."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from hub.status import oldest_due_age
from tests.factories import make_channel, make_delivery, make_event, make_invocation

pytestmark = pytest.mark.django_db


def test_a_hub_with_nothing_to_do_is_ready(client: Client) -> None:
    response = client.get("/readyz")

    assert (response.status_code, response.json()["oldest_due_seconds"]) == (200, 0)


def test_a_due_delivery_that_nobody_takes_makes_it_unready(client: Client) -> None:
    make_delivery(make_channel(), due_at=timezone.now() - timedelta(minutes=5))

    response = client.get("/readyz")

    assert response.status_code == 503
    assert "worker" in response.json()["status"]


def test_an_event_that_nobody_matches_makes_it_unready(client: Client) -> None:
    make_event(received_at=timezone.now() - timedelta(minutes=5))

    assert client.get("/readyz").status_code == 503


def test_a_command_that_nobody_runs_makes_it_unready(client: Client) -> None:
    make_invocation(due_at=timezone.now() - timedelta(minutes=5))

    assert client.get("/readyz").status_code == 503


def test_what_waits_behind_a_failing_delivery_is_not_late() -> None:
    now, channel = timezone.now(), make_channel()
    make_delivery(channel, lane="1:1", state="failed", due_at=now + timedelta(hours=1))
    make_delivery(channel, lane="1:1", due_at=now - timedelta(minutes=5))

    assert oldest_due_age(now) == 0


def test_health_asks_nothing(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_metrics_count_open_rows(client: Client) -> None:
    make_delivery(make_channel(), state="dead")

    text = client.get("/metrics").content.decode()

    assert 'hub_rows{state="dead",table="delivery"} 1.0' in text


def test_metrics_may_want_a_token(client: Client, settings: Settings) -> None:
    settings.HUB_METRICS_TOKEN = "metrics-token"

    assert client.get("/metrics").status_code == 401
    given = {"Authorization": "Bearer metrics-token"}
    assert client.get("/metrics", headers=given).status_code == 200
