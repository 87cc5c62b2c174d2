"""The overview: what needs a person first, in sentences, and nothing when all is well."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from hub.admin.attention import find_what_needs_attention
from hub.admin.figures import collect_figures
from hub.models import CommandInvocation, Delivery, Event, Monitor, Outage, Refusal
from tests.commands import make_command
from tests.factories import (
    NOON,
    make_channel,
    make_delivery,
    make_event,
    make_rule,
    make_server,
    make_source,
    make_token,
)
from tests.hub.admin_pages import client_of, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

OVERVIEW = "/admin/"
State = Delivery.State


def sentences() -> list[str]:
    return [finding.sentence for finding in find_what_needs_attention(NOON)]


def test_all_is_well_where_nothing_is_wrong(admin_client: Client) -> None:
    make_delivery(make_channel(), state=State.DELIVERED)

    assert sentences() == []
    assert "All is well" in text_of(admin_client.get(OVERVIEW))


def test_dead_letters_are_counted_with_the_reason_of_the_last() -> None:
    channel = make_channel("support")
    make_delivery(channel, state=State.DEAD)
    make_delivery(channel, state=State.DEAD, reason="Mattermost answered 403")

    finding = find_what_needs_attention(NOON)[0]

    assert (finding.sentence, finding.tone) == ("2 dead letters", "bad")
    assert finding.detail == "~support: Mattermost answered 403"
    assert finding.url == "/admin/hub/delivery/?state__exact=dead"


def test_a_command_that_failed_is_named_with_its_reason() -> None:
    CommandInvocation.objects.create(
        server=make_server(),
        dedup_key="one",
        username="anja",
        state=CommandInvocation.State.FAILED,
        outcome="Zammad does not answer",
        received_at=NOON,
    )

    finding = find_what_needs_attention(NOON)[0]

    assert finding.sentence == "1 command from chat failed today"
    assert finding.detail == "@anja: Zammad does not answer"


def test_a_server_that_is_down_and_what_it_holds_are_named() -> None:
    server = make_server(down_since=NOON - timedelta(minutes=10))
    make_delivery(make_channel(server=server), state=State.HELD)

    assert sentences() == ["Mattermost has been down for 10 min", "1 delivery is held"]


def test_work_that_no_worker_takes_is_named() -> None:
    make_event(make_source(), received_at=NOON - timedelta(minutes=5))

    assert sentences() == ["Nothing has been taken up for 5 min"]


def test_a_channel_with_a_problem_is_named() -> None:
    make_channel("finance", problem="The bot is not a member")

    assert sentences() == ["~finance has a problem"]


def test_a_wording_that_fails_is_named() -> None:
    make_rule(name="P1", last_error="Line 1: no such filter", last_error_at=NOON)

    assert sentences() == ["The wording of “P1” fails"]


def test_a_service_that_is_down_is_named() -> None:
    monitor = Monitor.objects.create(name="Webshop", url="https://status.example.test/up")
    Outage.objects.create(monitor=monitor, started_at=NOON - timedelta(hours=2))

    assert sentences() == ["Webshop has been down for 2 h"]


@pytest.mark.parametrize(("hours", "expected"), [(1, ["1 event was not understood"]), (30, [])])
def test_events_that_were_not_understood_are_counted_for_a_day(
    hours: int, expected: list[str]
) -> None:
    received_at = NOON - timedelta(hours=hours)
    make_event(make_source(), state=Event.State.UNKNOWN, received_at=received_at)

    assert sentences() == expected


def test_refused_requests_are_counted_with_their_repeats() -> None:
    Refusal.objects.create(
        reason="unknown token", status_code=404, minute=NOON, received_at=NOON, repeat_count=12
    )

    finding = find_what_needs_attention(NOON)[0]

    assert finding.sentence == "12 requests were refused"
    assert "unknown token" in finding.detail


def test_a_token_that_ends_soon_is_named() -> None:
    make_token(expires_at=NOON + timedelta(days=2))

    assert sentences() == ["1 token expires within a week"]


def test_the_bad_news_comes_first() -> None:
    channel = make_channel("general", is_paused=True)
    make_delivery(channel, state=State.HELD)
    make_delivery(channel, state=State.DEAD)

    assert sentences() == ["1 dead letter", "1 delivery is held", "~general is paused"]


def test_the_figures_are_of_each_channel_and_source() -> None:
    zammad, support = make_source(), make_channel("support")
    event = make_event(zammad, state=Event.State.MATCHED)
    make_delivery(support, state=State.DELIVERED, event=event)
    make_delivery(support, state=State.DEAD)
    make_delivery(support, state=State.DELIVERED, created_at=NOON - timedelta(hours=30))

    figures = collect_figures(NOON)

    assert [(row.name, row.good, row.bad) for row in figures.channels] == [("~support", 1, 1)]
    assert [(row.name, row.total, row.good) for row in figures.sources] == [("Zammad", 1, 1)]


def test_the_hours_of_the_chart_end_with_this_one() -> None:
    make_delivery(make_channel(), state=State.DELIVERED, created_at=NOON)
    make_delivery(make_channel("b"), state=State.DEAD, created_at=NOON - timedelta(hours=1))

    hours = collect_figures(NOON).hours

    assert len(hours) == 24
    assert [(hour.label, hour.delivered, hour.not_sent) for hour in hours[-2:]] == [
        ("12:00", 0, 1),
        ("13:00", 1, 0),
    ]


def test_a_new_hub_shows_the_first_steps(admin_client: Client) -> None:
    make_command(make_server(bot_user_id=""), token_sha256="")

    page = admin_client.get(OVERVIEW)

    assert "First steps Connect Mattermost" in text_of(page).replace("radio_button_unchecked ", "")
    assert [step["is_done"] for step in page.context["steps"]] == [False] * 5


def test_a_hub_that_works_shows_no_first_steps(admin_client: Client) -> None:
    make_token()
    make_event()

    assert admin_client.get(OVERVIEW).context["steps"] == []


def test_commands_that_are_not_in_mattermost_yet_are_a_step(admin_client: Client) -> None:
    make_token()
    make_event()
    make_command(make_server("Other"), token_sha256="")

    steps = admin_client.get(OVERVIEW).context["steps"]

    assert "Create /reply, /ticket and /hub" in steps[-1]["sentence"]
    assert not steps[-1]["is_done"]


def test_the_overview_takes_few_queries_however_much_there_is(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    channel, source = make_channel(), make_source()
    Event.objects.bulk_create(
        Event(source=source, dedup_key=str(number), received_at=NOON) for number in range(50)
    )
    make_delivery(channel, state=State.DEAD)

    with django_assert_max_num_queries(45):
        admin_client.get(OVERVIEW)


def test_who_may_not_look_at_deliveries_sees_no_figures() -> None:
    make_delivery(make_channel(), state=State.DEAD)

    page = text_of(client_of("view_channel").get(OVERVIEW))

    assert "dead letter" not in page


def test_the_first_steps_lead_nowhere_that_is_forbidden() -> None:
    client = client_of("view_delivery", "view_webhooktoken", "view_mattermostserver")

    page = client.get(OVERVIEW)

    urls = [step["url"] for step in page.context["steps"]]
    assert "/admin/hub/webhooktoken/" in urls
    assert "/admin/hub/mattermostserver/" in urls
