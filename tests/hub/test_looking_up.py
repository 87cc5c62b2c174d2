"""“Was ZD#74001 sent?”: whatever people type finds it, through the index."""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from hub.looking_up import find_reference_ids, find_references
from hub.models import Delivery, Reference
from tests.factories import make_channel, make_delivery, make_event, make_rule, make_source
from tests.hub.admin_pages import client_of, page_url, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """The theme keeps what a user's search found for five minutes."""
    cache.clear()


def make_reference(display: str = "ZD#74001", **fields: Any) -> Reference:
    source = make_source(name=f"Zammad {Reference.objects.count()}")
    return Reference.objects.create(source=source, external_id=display, display=display, **fields)


@pytest.mark.parametrize("typed", ["ZD#74001", "zd#74001", " ZD#74001 ", "74001", "ZD#740", "740"])
def test_a_ticket_is_found_by_what_people_type(typed: str) -> None:
    reference = make_reference("ZD#74001")
    make_reference("ZD#99")

    assert find_reference_ids(typed) == [reference.pk]


def test_what_is_called_exactly_so_wins_from_what_only_begins_so() -> None:
    make_reference("ZD#740")
    make_reference("ZD#74001")

    assert [one.display for one in find_references("ZD#740")] == ["ZD#740"]


def test_nothing_typed_finds_nothing() -> None:
    make_reference()

    assert find_reference_ids("  ") == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="there a small table is read through")
@pytest.mark.parametrize("typed", ["ZD#74001", "ZD#740"])
def test_the_index_is_used(typed: str) -> None:
    make_reference("ZD#74001")

    plan = find_references(typed).explain()

    assert "reference_by_display" in plan
    assert "SCAN" not in plan


def test_deliveries_are_searched_by_reference(admin_client: Client) -> None:
    channel = make_channel()
    make_delivery(channel, reference=make_reference("ZD#74001"), reason="the wanted one")
    make_delivery(channel, reference=make_reference("ZD#74002"), reason="another")

    page = text_of(admin_client.get(page_url("delivery", "changelist"), {"q": "74001"}))

    assert "the wanted one" in page
    assert "another" not in page


def test_a_ticket_without_deliveries_leads_to_the_page_that_says_why(admin_client: Client) -> None:
    reference = make_reference("ZD#74001")

    page = admin_client.get(page_url("delivery", "changelist"), {"q": "ZD#74001"})

    assert "Nothing was sent about it, nor planned" in text_of(page)
    assert page_url("reference", "change", reference.pk) in page.content.decode()


def test_a_ticket_that_never_arrived_leads_to_the_refused_requests(admin_client: Client) -> None:
    page = admin_client.get(page_url("delivery", "changelist"), {"q": "ZD#1"})

    assert "Nothing about “ZD#1” has arrived" in text_of(page)
    assert page_url("refusal", "changelist") in page.content.decode()


def test_the_look_up_of_the_overview_opens_the_only_one_found(admin_client: Client) -> None:
    reference = make_reference("ZD#74001")

    answer = admin_client.get(page_url("reference", "find"), {"q": "74001"})

    assert answer["Location"] == page_url("reference", "change", reference.pk)


def test_the_look_up_lists_them_where_several_may_be_meant(admin_client: Client) -> None:
    make_reference("ZD#74001")
    make_reference("ZD#74002")

    page = admin_client.get(page_url("reference", "find"), {"q": "7400"}, follow=True)

    assert {"ZD#74001", "ZD#74002"} <= set(text_of(page).split())


def test_the_page_of_a_ticket_tells_all_that_happened(admin_client: Client) -> None:
    reference = make_reference("ZD#74001", title="Webshop down")
    sent = make_event(reference.source, reference=reference, kind="ticket.created")
    make_delivery(
        make_channel("support"),
        event=sent,
        reference=reference,
        rule=make_rule(name="P1"),
        state=Delivery.State.SUPPRESSED,
        reason="private, and the channel is not cleared",
    )
    make_event(reference.source, reference=reference, state="unmatched", note="no rule holds")

    page = text_of(admin_client.get(page_url("reference", "change", reference.pk)))

    assert "ZD#74001 · Webshop down" in page
    assert "~support Not sent: private, and the channel is not cleared. P1" in page
    assert "Not sent: no rule holds." in page


def test_the_search_of_the_menu_finds_tickets(admin_client: Client) -> None:
    reference = make_reference("ZD#74001", title="Webshop down")

    page = admin_client.get("/admin/search/", {"s": "ZD#74001", "extended": "1"})

    assert page_url("reference", "change", reference.pk) in page.content.decode()


def test_the_search_of_the_menu_tells_nothing_to_who_may_not_look() -> None:
    make_reference("ZD#74001")

    page = client_of("view_channel").get("/admin/search/", {"s": "ZD#74001", "extended": "1"})

    assert "ZD#74001" not in text_of(page)


def test_a_search_takes_few_queries_however_many_rows_are_found(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    reference, channel = make_reference("ZD#74001"), make_channel()
    rows = [
        Delivery(
            channel=channel,
            server=channel.server,
            reference=reference,
            lane=str(number),
            due_at=reference.updated_at,
            created_at=reference.updated_at,
        )
        for number in range(50)
    ]
    Delivery.objects.bulk_create(rows)

    with django_assert_max_num_queries(20):
        admin_client.get(page_url("delivery", "changelist"), {"q": "ZD#74001"})
