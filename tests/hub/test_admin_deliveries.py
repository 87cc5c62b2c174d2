"""Deliveries in the admin: the answer first, then the evidence; and sending again."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hub.models import Attempt, Delivery, Event
from tests.factories import (
    NOON,
    make_channel,
    make_delivery,
    make_event,
    make_rule,
    make_server,
    make_source,
)
from tests.hub.admin_pages import client_of, messages_of, page_url, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

State = Delivery.State
LIST = "/admin/hub/delivery/"


def headline_of(client: Client, row: Delivery) -> str:
    return str(client.get(page_url("delivery", "change", row.pk)).context["title"])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"state": State.DELIVERED, "delivered_at": NOON, "attempt_count": 2},
            "Delivered to ~support at 13:00 after 2 attempts.",
        ),
        (
            {"state": State.DELIVERED, "delivered_at": NOON, "attempt_count": 1},
            "Delivered to ~support at 13:00.",
        ),
        (
            {"state": State.DELIVERED, "delivered_at": NOON, "action": "edit"},
            "The card in ~support was brought up to date at 13:00.",
        ),
        (
            {"state": State.SUPPRESSED, "reason": "private, and the channel is not cleared"},
            "Not sent: private, and the channel is not cleared.",
        ),
        (
            {"state": State.DEAD, "reason": "Mattermost answered 403", "attempt_count": 8},
            "Not sent: given up after 8 attempts. Mattermost answered 403.",
        ),
        (
            {"state": State.FAILED, "reason": "it answered 502", "attempt_count": 2},
            "Not sent yet: it answered 502. Attempt 2 of 8; the next is at 13:00.",
        ),
        (
            {"state": State.HELD, "reason": "the channel is paused"},
            "Held: the channel is paused. It goes out by itself when that is over.",
        ),
        (
            {"state": State.PENDING},
            "Waiting to be sent to ~support: its turn is now.",
        ),
        (
            {"state": State.CANCELLED, "reason": "cancelled by anja"},
            "Not sent: cancelled by anja.",
        ),
    ],
)
def test_the_page_begins_with_what_became_of_it(
    admin_client: Client, fields: dict[str, Any], sentence: str
) -> None:
    row = make_delivery(make_channel("support"), **fields)

    assert headline_of(admin_client, row) == sentence


def test_the_page_shows_the_message_as_mattermost_does(admin_client: Client) -> None:
    row = make_delivery(make_channel(), message={"text": "**Down** @here"})

    page = admin_client.get(page_url("delivery", "change", row.pk)).content.decode()

    assert '<strong>Down</strong> <span class="hub-mention">@here</span>' in page


def test_the_page_lists_each_attempt_with_its_answer(admin_client: Client, admin_user: Any) -> None:
    row = make_delivery(make_channel())
    Attempt.objects.create(
        delivery=row,
        number=1,
        started_at=NOON,
        duration_ms=321,
        status_code=403,
        error="Mattermost answered 403",
        response_excerpt='{"id": "api.context.permissions"}',
        requested_by=admin_user,
    )

    page = text_of(admin_client.get(page_url("delivery", "change", row.pk)))

    assert "Attempt 1 24 Nov 13:00:00 321 ms 403 asked for by admin" in page
    assert '{"id": "api.context.permissions"}' in page


def test_the_page_says_why_this_rule(admin_client: Client) -> None:
    check = {"path": "priority", "operator": "equals", "value": "3 high", "holds": True}
    rule = make_rule(name="P1 tickets")
    trace = {"rule": rule.pk, "name": rule.name, "holds": True}
    row = make_delivery(
        make_channel(), rule=rule, trace=trace | {"checks": [check | {"actual": "3 high"}]}
    )

    page = text_of(admin_client.get(page_url("delivery", "change", row.pk)))

    assert "P1 tickets" in page
    assert "priority equals 3 high 3 high" in page


def test_the_page_links_to_the_post_and_to_the_event(admin_client: Client) -> None:
    server = make_server(base_url="https://mattermost.example.test/", team="acme")
    event = make_event(make_source(), kind="ticket.created")
    row = make_delivery(make_channel(server=server), post_id="p" * 26, event=event)

    page = admin_client.get(page_url("delivery", "change", row.pk)).content.decode()

    assert f"https://mattermost.example.test/acme/pl/{'p' * 26}" in page
    assert page_url("event", "change", event.pk) in page


def test_the_list_is_filtered_by_state(admin_client: Client) -> None:
    make_delivery(make_channel(), state=State.DEAD, reason="the bot may not post")
    make_delivery(make_channel("alerts"), state=State.HELD, reason="the server is down")

    page = text_of(admin_client.get(LIST, {"state__exact": "dead"}))

    assert "the bot may not post" in page
    assert "the server is down" not in page


@pytest.mark.parametrize(
    ("days", "is_shown"),
    [
        ({"created_at_from": "2026-11-24"}, True),
        ({"created_at_to": "2026-11-24"}, True),
        ({"created_at_from": "2026-11-25"}, False),
        ({"created_at_to": "2026-11-23"}, False),
        ({"created_at_from": "nonsense"}, True),
    ],
)
def test_the_list_is_filtered_by_whole_days(
    admin_client: Client, days: dict[str, str], is_shown: bool
) -> None:
    make_delivery(make_channel(), reason="the wanted one", created_at=NOON)

    page = text_of(admin_client.get(LIST, days))

    assert ("the wanted one" in page) == is_shown


def test_the_number_of_queries_does_not_grow_with_the_list(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    channel, source = make_channel(), make_source()
    events = [make_event(source, title=str(number)) for number in range(30)]
    Delivery.objects.bulk_create(
        Delivery(
            event=event,
            channel=channel,
            server=channel.server,
            lane=event.title,
            due_at=NOON,
            created_at=NOON,
        )
        for event in events
    )

    with django_assert_max_num_queries(20) as queries:
        admin_client.get(LIST)

    assert [one["sql"] for one in queries.captured_queries if "webhook_url" in one["sql"]] == []


def test_redelivering_one_is_asked_first(admin_client: Client) -> None:
    row = make_delivery(make_channel(), state=State.DEAD)

    page = admin_client.get(page_url("delivery", "redeliver", row.pk))

    row.refresh_from_db()
    assert "Redeliver 1 delivery?" in text_of(page)
    assert row.state == State.DEAD


def test_redelivering_one_sends_it_again(admin_client: Client, admin_user: Any) -> None:
    row = make_delivery(make_channel(), state=State.DEAD)

    page = admin_client.post(
        page_url("delivery", "redeliver", row.pk), {"confirmed": "1"}, follow=True
    )

    row.refresh_from_db()
    assert messages_of(page) == ["1 delivery goes out again."]
    assert (row.state, row.requested_by) == (State.PENDING, admin_user)


def test_one_that_was_delivered_is_sent_again_only_when_said_so(admin_client: Client) -> None:
    row = make_delivery(make_channel(), state=State.DELIVERED, event=make_event())
    url = page_url("delivery", "redeliver", row.pk)

    admin_client.post(url, {"confirmed": "1"})
    admin_client.post(url, {"confirmed": "1", "with_delivered": "1"})

    generations = Delivery.objects.order_by("pk").values_list("generation", "state")
    assert list(generations) == [(1, State.DELIVERED), (2, State.PENDING)]


def test_the_ticked_ones_are_redelivered_after_the_count_was_shown(admin_client: Client) -> None:
    rows = [make_delivery(make_channel(name), state=State.DEAD) for name in ("a", "b")]
    ticked = {"action": "redeliver_selected", "_selected_action": [row.pk for row in rows]}

    asked = text_of(admin_client.post(LIST, ticked))
    admin_client.post(LIST, ticked | {"confirmed": "1"})

    assert "Redeliver 2 deliveries?" in asked
    assert Delivery.objects.filter(state=State.PENDING).count() == 2


def test_all_that_match_the_filter_are_redelivered(admin_client: Client) -> None:
    support = make_channel("support")
    wanted = make_delivery(support, state=State.DEAD)
    make_delivery(make_channel("alerts"), state=State.DEAD)
    url = f"{LIST}redeliver/?channel__id__exact={support.pk}"

    asked = text_of(admin_client.get(url))
    admin_client.post(url, {"confirmed": "1", "newest": wanted.pk})

    assert "Redeliver 1 delivery?" in asked
    assert list(Delivery.objects.filter(state=State.PENDING)) == [wanted]


def test_what_came_after_the_count_is_not_redelivered_with_it(admin_client: Client) -> None:
    counted = make_delivery(make_channel(), state=State.DEAD)
    make_delivery(counted.channel, state=State.DEAD)
    url = f"{LIST}redeliver/?state__exact=dead"

    admin_client.post(url, {"confirmed": "1", "newest": counted.pk})

    assert list(Delivery.objects.filter(state=State.PENDING)) == [counted]


def test_delivered_ones_are_meant_only_where_the_filter_names_them(admin_client: Client) -> None:
    row = make_delivery(make_channel(), state=State.DELIVERED)

    of_channel = admin_client.get(f"{LIST}redeliver/?channel__id__exact={row.channel_id}")
    of_state = admin_client.get(f"{LIST}redeliver/?state__exact=delivered")

    assert "Redeliver 0 deliveries?" in text_of(of_channel)
    assert "Redeliver 1 delivery?" in text_of(of_state)


def test_one_that_waits_can_be_cancelled(admin_client: Client) -> None:
    row = make_delivery(make_channel(), state=State.HELD)

    page = admin_client.post(
        page_url("delivery", "cancel", row.pk), {"confirmed": "1"}, follow=True
    )

    row.refresh_from_db()
    assert messages_of(page) == ["1 delivery is cancelled."]
    assert (row.state, row.reason) == (State.CANCELLED, "cancelled by admin")


@pytest.mark.parametrize("page", ["redeliver", "cancel"])
def test_who_may_only_look_cannot_send_again(page: str) -> None:
    row = make_delivery(make_channel(), state=State.DEAD)
    client = client_of("view_delivery")

    answer = client.post(page_url("delivery", page, row.pk), {"confirmed": "1"})

    row.refresh_from_db()
    assert answer.status_code == 403
    assert row.state == State.DEAD


def test_who_may_only_look_is_not_offered_it() -> None:
    row = make_delivery(make_channel(), state=State.DEAD)

    page = client_of("view_delivery").get(page_url("delivery", "change", row.pk))

    assert "Redeliver" not in text_of(page)


def test_an_operator_with_the_permission_can_send_again() -> None:
    row = make_delivery(make_channel(), state=State.DEAD)
    client = client_of("view_delivery", "redeliver")

    client.post(page_url("delivery", "redeliver", row.pk), {"confirmed": "1"})

    row.refresh_from_db()
    assert row.state == State.PENDING


def test_a_delivery_whose_event_was_pruned_still_has_its_page(admin_client: Client) -> None:
    row = make_delivery(make_channel(), event=make_event(), created_at=timezone.now())
    Event.objects.all().delete()

    page = text_of(admin_client.get(page_url("delivery", "change", row.pk)))

    assert "It has been pruned." in page
