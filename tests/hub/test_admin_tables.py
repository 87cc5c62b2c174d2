"""Every table is there; what only the hub writes can only be looked at."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hub.admin.base import COUNTED_ROWS
from hub.models import (
    ActionInvocation,
    ActionTarget,
    Attempt,
    CommandInvocation,
    ConfigVersion,
    Delivery,
    DrainLease,
    Event,
    Outage,
    Reference,
    Refusal,
    ReplacedSecret,
    SourceState,
    Thread,
)
from tests.factories import make_channel, make_delivery, make_event, make_server, make_source
from tests.hub.admin_pages import client_of, page_url, text_of

pytestmark = pytest.mark.django_db

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
INLINE = {"Condition", "RuleText"}  # edited on the page of their rule
WRITTEN_BY_THE_HUB = (
    *(ActionInvocation, ActionTarget, Attempt, CommandInvocation, ConfigVersion, Delivery),
    *(DrainLease, Event, Outage, Reference, Refusal, ReplacedSecret, SourceState, Thread),
)
EDITABLE = [
    *("channel", "mattermostserver", "monitor", "source", "triggerrule", "webhooktoken"),
    *("slashcommand", "referencepattern"),
    *("silence", "maintenance"),
    *("account", "outgoingwebhook", "person"),
]


def label_of(model: type[Model]) -> str:
    return str(model._meta.model_name)


def test_every_table_of_the_hub_can_be_reached() -> None:
    ours = {model.__name__ for model in apps.get_app_config("hub").get_models()}

    reachable = {model.__name__ for model in REGISTERED}

    assert {name for name in ours - reachable if not name.startswith("Historical")} == INLINE


@pytest.mark.parametrize("model", REGISTERED, ids=label_of)
def test_every_list_can_be_opened(admin_client: Client, model: type[Model]) -> None:
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")

    assert admin_client.get(url).status_code == 200


@pytest.mark.parametrize("name", EDITABLE)
def test_every_form_can_be_opened(admin_client: Client, name: str) -> None:
    assert admin_client.get(page_url(name, "add")).status_code == 200


@pytest.mark.parametrize("model", WRITTEN_BY_THE_HUB, ids=label_of)
def test_what_only_the_hub_writes_is_read_only_even_for_a_superuser(
    admin_client: Client, rf: Any, admin_user: Any, model: type[Model]
) -> None:
    request = rf.get("/")
    request.user = admin_user
    page = admin.site._registry[model]

    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)


def test_who_may_look_at_deliveries_only_sees_only_those_in_the_menu() -> None:
    client = client_of("view_delivery")

    page = client.get(page_url("delivery", "changelist"))

    menu = [
        entry["title"] for group in page.context["sidebar_navigation"] for entry in group["items"]
    ]
    assert menu == ["Overview", "Deliveries"]


def test_who_may_not_look_at_deliveries_is_refused() -> None:
    client = client_of("view_event")

    assert client.get(page_url("delivery", "changelist")).status_code == 403


def test_a_menu_entry_shows_how_many_dead_letters_wait(admin_client: Client) -> None:
    make_delivery(make_channel(), state=Delivery.State.DEAD)

    page = admin_client.get(page_url("channel", "changelist"))

    entries = [entry for group in page.context["sidebar_navigation"] for entry in group["items"]]
    assert [one["badge"] for one in entries if "badge" in one] == ["1"]


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("admin:hub_mattermostserver_changelist", "Servers"),
        ("admin:hub_mattermostserver_doctor", "Doctor"),
    ],
)
def test_the_menu_marks_the_page_one_is_on(admin_client: Client, url: str, title: str) -> None:
    page = admin_client.get(reverse(url))

    entries = [entry for group in page.context["sidebar_navigation"] for entry in group["items"]]
    assert [entry["title"] for entry in entries if entry["active"]] == [title]


def test_the_page_of_a_refused_request_shows_its_beginning_without_secrets(
    admin_client: Client,
) -> None:
    row = Refusal.objects.create(
        reason="the signature does not match",
        status_code=401,
        path="abcdef",
        body_excerpt='{"url": "https://x.example.test/hooks/abcdefghijklmnopq"}',
        minute=timezone.now(),
        received_at=timezone.now(),
    )

    page = text_of(admin_client.get(page_url("refusal", "change", row.pk)))

    assert "the signature does not match" in page
    assert "abcdefghijklmnopq" not in page


def test_a_thread_links_to_its_post_in_mattermost(admin_client: Client) -> None:
    server = make_server(base_url="https://mattermost.example.test", team="acme")
    reference = Reference.objects.create(source=make_source(), external_id="1", display="ZD#1")
    channel = make_channel(server=server)
    row = Thread.objects.create(channel=channel, reference=reference, root_post_id="p" * 26)

    page = admin_client.get(page_url("thread", "change", row.pk)).content.decode()

    assert f'href="https://mattermost.example.test/acme/pl/{"p" * 26}"' in page


def test_a_long_list_is_not_counted_to_its_end(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    make_event(kind="ticket.created", kinds=["ticket.created"])

    with django_assert_max_num_queries(25) as queries:
        admin_client.get(page_url("event", "changelist"))

    counts = [one["sql"] for one in queries.captured_queries if "COUNT(" in one["sql"]]
    assert [sql for sql in counts if "LIMIT" not in sql] == []


def test_a_list_longer_than_is_counted_has_only_next_and_previous(admin_client: Client) -> None:
    source = make_source()
    Reference.objects.bulk_create(
        Reference(source=source, external_id=str(number), display=f"ZD#{number}")
        for number in range(COUNTED_ROWS + 1)
    )

    page = admin_client.get(page_url("reference", "changelist"), {"p": "2"})

    assert "Previous Next" in text_of(page)
    assert "999" not in text_of(page)
    assert len(page.context["cl"].result_list) == 50
