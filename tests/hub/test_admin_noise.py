"""Silences, maintenance, quiet hours and what they withhold, as the admin shows and changes it."""

import json
from datetime import time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from hub.models import (
    Channel,
    ConfigVersion,
    Delivery,
    Maintenance,
    Monitor,
    Outage,
    Reference,
    Silence,
    Source,
    TriggerRule,
)
from hub.silencing import Scope, silence
from tests.factories import (
    NOON,
    make_channel,
    make_delivery,
    make_event,
    make_rule,
    make_source,
    zammad_body,
)
from tests.hub.admin_pages import client_of, messages_of, page_url, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
HOUR = timedelta(hours=1)


@pytest.fixture
def source() -> Source:
    return make_source()


@pytest.fixture
def support() -> Channel:
    return make_channel("support")


def make_silence(**scope: Any) -> Silence:
    return silence(Scope(**scope), until=NOON + 2 * HOUR, reason="migration", by="anja")


def silence_form(**fields: Any) -> dict[str, Any]:
    """Times as the form asks for them, in the server's zone (Amsterdam)."""
    return {
        "starts_at_0": "2026-11-24",
        "starts_at_1": "13:00",
        "ends_at_0": "2026-11-24",
        "ends_at_1": "15:00",
        "reason": "migration",
        **fields,
    }


def test_a_silence_is_made_in_the_name_of_who_is_logged_in(source: Source) -> None:
    client = client_of("add_silence", "view_silence", "view_source")
    version = ConfigVersion.current()

    client.post(page_url("silence", "add"), silence_form(source=source.pk))

    row = Silence.objects.get()
    assert (row.source, row.created_by) == (source, "anja")
    assert row.ends_at > row.starts_at
    assert ConfigVersion.current() > version


def test_a_silence_of_nothing_is_refused_with_a_sentence(admin_client: Client) -> None:
    page = admin_client.post(page_url("silence", "add"), silence_form())

    assert "Say what is silenced" in text_of(page)
    assert not Silence.objects.exists()


def test_a_silence_is_ended_by_a_button_and_not_edited(
    admin_client: Client, source: Source
) -> None:
    row = make_silence(source=source)
    url = page_url("silence", "change", row.pk)
    edited = admin_client.post(url, silence_form(reason="something else"))

    said = messages_of(admin_client.post(page_url("silence", "end", row.pk), follow=True))

    row.refresh_from_db()
    assert said == ["Zammad is silenced no longer."]
    assert (edited.status_code, row.reason, row.ended_by) == (403, "migration", "admin")


def test_who_may_only_look_cannot_end_a_silence(source: Source) -> None:
    row = make_silence(source=source)
    client = client_of("view_silence")

    answer = client.post(page_url("silence", "end", row.pk))

    row.refresh_from_db()
    assert (answer.status_code, row.ended_at) == (403, None)


@pytest.mark.parametrize("name", ["source", "rule", "channel", "monitor", "reference"])
def test_a_silence_is_seen_on_the_page_of_what_it_silences(
    name: str, admin_client: Client, source: Source, support: Channel
) -> None:
    rows = {
        "source": source,
        "rule": make_rule(support),
        "channel": support,
        "monitor": Monitor.objects.create(name="Helpdesk", url="http://127.0.0.1:9"),
        "reference": Reference.objects.create(source=source, external_id="1", display="ZD#1"),
    }
    make_silence(**{name: rows[name]})

    page = admin_client.get(page_url(str(rows[name]._meta.model_name), "change", rows[name].pk))

    assert f"{rows[name]}: silenced until 15:00 by anja: migration" in text_of(page)


def test_the_overview_names_silences_and_maintenance(admin_client: Client, source: Source) -> None:
    make_silence(source=source)
    Maintenance.objects.create(name="upgrade", starts_at=NOON, ends_at=NOON + HOUR)

    page = text_of(admin_client.get("/admin/"))

    assert "Zammad: silenced until 15:00 by anja: migration" in page
    assert "Maintenance until 14:00: upgrade" in page


def test_a_rule_that_is_hidden_or_quiet_says_so(admin_client: Client, support: Channel) -> None:
    rule = make_rule(support, quiet_from=time(8), quiet_until=time(18))
    monitor = Monitor.objects.create(name="Helpdesk", url="http://127.0.0.1:9")
    monitor.hides.add(rule)
    Outage.objects.create(monitor=monitor, started_at=NOON - HOUR)

    page = text_of(admin_client.get(page_url("triggerrule", "change", rule.pk)))

    assert "Hidden: Helpdesk is down since 12:00" in page
    assert "Quiet hours until 18:00" in page


def test_a_silence_about_nothing_is_refused_in_one_sentence(admin_client: Client) -> None:
    page = text_of(admin_client.post(page_url("silence", "add"), silence_form()))

    assert "Say what is silenced: fill in at least one." in page
    assert "Constraint" not in page


def test_a_suppressed_delivery_says_why_and_links_to_what_withheld_it(
    admin_client: Client, source: Source, support: Channel
) -> None:
    row = make_silence(source=source)
    reason = "silenced until 15:00 by anja: migration"
    delivery = make_delivery(
        support, state="suppressed", reason=reason, withheld_by=f"silence:{row.pk}"
    )

    page = admin_client.get(page_url("delivery", "change", delivery.pk))

    assert f"Not sent: {reason}." in text_of(page)
    assert page_url("silence", "change", row.pk) in page.content.decode()


def test_the_list_shows_what_one_silence_withheld(admin_client: Client, support: Channel) -> None:
    make_delivery(support, state="suppressed", reason="this one", withheld_by="silence:1")
    make_delivery(support, state="suppressed", reason="that one", withheld_by="silence:2")

    page = admin_client.get(page_url("delivery", "changelist"), {"withheld_by": "silence:1"})

    assert "this one" in text_of(page)
    assert "that one" not in text_of(page)


def test_a_post_lists_what_it_stands_for(admin_client: Client, support: Channel) -> None:
    event = make_event(title="Webshop down again")
    first = make_delivery(support, state="delivered", told_count=1)
    make_delivery(support, event=event, state="suppressed", told_in=first, reason="repeat of it")

    page = text_of(admin_client.get(page_url("delivery", "change", first.pk)))
    listed = text_of(
        admin_client.get(page_url("delivery", "changelist"), {"told_in__id__exact": first.pk})
    )

    assert "What its post stands for" in page
    assert "Webshop down again" in page
    assert "repeat of it" in listed


def test_a_waiting_delivery_says_for_what(admin_client: Client, support: Channel) -> None:
    delivery = make_delivery(
        support, reason="quiet hours until 18:00", due_at=NOON + timedelta(hours=5)
    )

    page = text_of(admin_client.get(page_url("delivery", "change", delivery.pk)))

    assert "Waiting, quiet hours until 18:00: to be sent to ~support at 18:00." in page


def test_an_event_asked_again_says_what_would_keep_it_back(
    admin_client: Client, source: Source, support: Channel
) -> None:
    rule = make_rule(support)
    make_silence(channel=support)
    event = make_event(source, body=json_bytes(zammad_body()), state="matched", kind="x")

    page = text_of(admin_client.get(page_url("event", "change", event.pk), {"rule": rule.pk}))

    assert "kept back now: ~support: silenced until 15:00 by anja: migration" in page


def json_bytes(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def rule_form(**fields: Any) -> dict[str, Any]:
    return {
        "name": "rule",
        "is_active": "on",
        "integration": "zammad",
        "grouping": "all",
        "threading": "channel",
        "order": 100,
        "press_audience": "everybody",
        "presses_needed": "1",
        "press_hours": "168",
        "repeat_minutes": 0,
        "group_seconds": 0,
        "quiet_afterwards": "later",
        "conditions-TOTAL_FORMS": 0,
        "conditions-INITIAL_FORMS": 0,
        "texts-TOTAL_FORMS": 0,
        "texts-INITIAL_FORMS": 0,
        **fields,
    }


def test_a_rule_keeps_its_quiet_hours(admin_client: Client) -> None:
    quiet = {"quiet_from": "22:00", "quiet_until": "07:00", "quiet_days": ["4", "5"]}

    admin_client.post(
        page_url("triggerrule", "add"),
        rule_form(quiet_afterwards="digest", repeat_minutes=30, **quiet),
    )

    rule = TriggerRule.objects.get()
    assert (rule.quiet_from, rule.quiet_until, rule.quiet_days) == (time(22), time(7), [4, 5])
    assert (rule.quiet_afterwards, rule.does_urgent_pass, rule.repeat_minutes) == (
        "digest",
        False,
        30,
    )


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"quiet_from": "22:00"}, "Fill in both times, or none."),
        ({"quiet_from": "00:00", "quiet_until": "00:00"}, "That is always"),
        ({"group_seconds": 3601}, "less than or equal to 3600"),
        ({"repeat_minutes": 10_081}, "less than or equal to 10080"),
    ],
)
def test_calming_that_cannot_be_is_refused(
    fields: dict[str, Any], problem: str, admin_client: Client
) -> None:
    page = admin_client.post(page_url("triggerrule", "add"), rule_form(**fields))

    assert problem in text_of(page)
    assert not TriggerRule.objects.exists()


def test_maintenance_says_when_it_is_under_way(
    admin_client: Client, clock: time_machine.Traveller
) -> None:
    ends_at = NOON + HOUR
    Maintenance.objects.create(name="upgrade", starts_at=NOON, ends_at=ends_at, is_weekly=True)
    clock.shift(timedelta(days=7))

    page = text_of(admin_client.get(page_url("maintenance", "changelist")))

    assert "under way" in page


def test_changing_what_a_monitor_hides_reaches_the_matcher(support: Channel) -> None:
    monitor = Monitor.objects.create(name="Helpdesk", url="http://127.0.0.1:9")
    rule = make_rule(support)
    version = ConfigVersion.current()

    monitor.hides.add(rule)

    assert ConfigVersion.current() > version


def test_what_a_delivery_was_withheld_by_may_be_gone(
    admin_client: Client, support: Channel
) -> None:
    delivery = make_delivery(support, state="suppressed", withheld_by="outage:99")

    page = admin_client.get(page_url("delivery", "change", delivery.pk))

    assert Delivery.objects.count() == 1
    assert "withheld by" not in text_of(page)


def test_a_guard_that_is_emptied_is_off(admin_client: Client) -> None:
    admin_client.post(page_url("triggerrule", "add"), rule_form(repeat_minutes="", quiet_days=[]))

    assert TriggerRule.objects.get().repeat_minutes == 0
