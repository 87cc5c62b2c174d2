"""The form of a rule: saved as typed, tried before it is saved, and warned about."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hub.admin.rule_warnings import find_overlaps, warnings_of
from hub.models import Delivery, Event, TriggerRule
from tests.factories import make_channel, make_event, make_rule, make_source, zammad_body
from tests.hub.admin_pages import client_of, page_url, text_of

pytestmark = pytest.mark.django_db

NO_ROWS = {
    "conditions-TOTAL_FORMS": "0",
    "conditions-INITIAL_FORMS": "0",
    "texts-TOTAL_FORMS": "0",
    "texts-INITIAL_FORMS": "0",
}
RULE = {
    "name": "P1 tickets",
    "is_active": "on",
    "integration": "zammad",
    "grouping": "all",
    "threading": "channel",
    "press_audience": "everybody",
    "presses_needed": "1",
    "press_hours": "168",
    "has_card": "on",
    "order": "10",
}


def rule_form(
    *, condition: tuple[str, str, str] | None = None, line: str = "", **fields: Any
) -> dict[str, Any]:
    """What the browser sends: one condition and one English wording at most."""
    form: dict[str, Any] = {**NO_ROWS, **RULE, **fields}
    if condition is not None:
        names = ("path", "operator", "value")
        form |= {f"conditions-0-{name}": text for name, text in zip(names, condition, strict=True)}
        form["conditions-TOTAL_FORMS"] = "1"
    if line:
        form |= {"texts-0-language": "en", "texts-0-line": line, "texts-TOTAL_FORMS": "1"}
    return form


def make_ticket(number: int = 74001, **ticket: Any) -> Event:
    """A stored new P1 ticket."""
    source = make_source(name=f"Zammad {number}")
    body = json.dumps(zammad_body(number, **ticket)).encode()
    kinds = {"kinds": ["ticket.created"], "kind": "ticket.created"}
    return make_event(source, body=body, event_hint="created", title="Webshop down", **kinds)


def preview(client: Client, rule: TriggerRule | None = None, **form: Any) -> str:
    url = (
        page_url("triggerrule", "preview", rule.pk)
        if rule
        else page_url("triggerrule", "preview_new")
    )
    return text_of(client.post(url, rule_form(**form)))


def backtest(client: Client, rule: TriggerRule | None = None, **form: Any) -> str:
    name = "backtest" if rule else "backtest_new"
    keys = (rule.pk,) if rule else ()
    return text_of(client.post(page_url("triggerrule", name, *keys), rule_form(**form)))


def test_a_rule_is_saved_with_its_kinds_conditions_and_words(admin_client: Client) -> None:
    channel = make_channel("support")
    form = rule_form(
        kinds=["ticket.created", "ticket.closed"],
        channels=[channel.pk],
        condition=("priority", "equals", "3 high"),
        line="Urgent: {{ title }}",
    )

    admin_client.post(page_url("triggerrule", "add"), form)

    rule = TriggerRule.objects.get()
    assert rule.kinds == ["ticket.created", "ticket.closed"]
    assert str(rule.conditions.get()) == "priority equals 3 high"
    assert rule.texts.get().line == "Urgent: {{ title }}"
    assert list(rule.channels.all()) == [channel]


def test_all_kinds_can_be_unticked(admin_client: Client) -> None:
    rule = make_rule(kinds=("ticket.created",))

    admin_client.post(page_url("triggerrule", "change", rule.pk), rule_form())

    rule.refresh_from_db()
    assert rule.kinds == []


def test_a_source_brings_its_integration(admin_client: Client) -> None:
    form = rule_form(source=make_source("zammad").pk, integration="")

    admin_client.post(page_url("triggerrule", "add"), form)

    assert TriggerRule.objects.get().integration == "zammad"


def test_a_kind_that_no_integration_declares_any_more_stays_visible(admin_client: Client) -> None:
    rule = make_rule(kinds=("ticket.forgotten",))

    page = text_of(admin_client.get(page_url("triggerrule", "change", rule.pk)))

    assert "ticket.forgotten no integration declares it" in page


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"line": "{{ title | uper }}"}, "uper"),
        ({"condition": ("title", "matches", "(?=x)")}, "The pattern cannot be used"),
        ({"mentions": "here"}, "Mentions start with @."),
        ({"integration": ""}, "Choose a source or an integration."),
    ],
)
def test_what_cannot_work_is_refused_when_saving(
    admin_client: Client, form: dict[str, Any], problem: str
) -> None:
    page = admin_client.post(page_url("triggerrule", "add"), rule_form(**form))

    assert problem in text_of(page)
    assert not TriggerRule.objects.exists()


def test_saving_forgets_the_last_failure_of_the_wording(admin_client: Client) -> None:
    rule = make_rule(last_error="Line 1: no such filter", last_error_at=timezone.now())

    admin_client.post(page_url("triggerrule", "change", rule.pk), rule_form())

    rule.refresh_from_db()
    assert (rule.last_error, rule.last_error_at) == ("", None)


def test_the_preview_words_a_recorded_event(admin_client: Client) -> None:
    make_ticket()
    channel = make_channel("support")

    page = preview(admin_client, channels=[channel.pk], line="Urgent: {{ title }}")

    assert "It holds for this event." in page
    assert "~support English" in page
    assert "Urgent: Webshop down" in page


def test_the_preview_stores_and_sends_nothing(admin_client: Client) -> None:
    make_ticket()

    preview(admin_client, channels=[make_channel().pk], line="Urgent: {{ title }}")

    assert not TriggerRule.objects.exists()
    assert not TriggerRule.history.exists()
    assert not Delivery.objects.exists()


def test_the_preview_shows_what_each_condition_found(admin_client: Client) -> None:
    make_ticket()

    page = preview(admin_client, condition=("group", "equals", "Sales"))

    assert "It does not hold for this event." in page
    assert "group equals Sales Support" in page


def test_the_preview_shows_the_message_even_where_the_rule_does_not_hold(
    admin_client: Client,
) -> None:
    make_ticket()

    page = preview(
        admin_client,
        condition=("group", "equals", "Sales"),
        channels=[make_channel("support").pk],
        line="Urgent: {{ title }}",
    )

    assert "~support English, in the ticket's thread if it held" in page
    assert "Urgent: Webshop down" in page


def test_the_preview_follows_the_language_of_each_channel(admin_client: Client) -> None:
    make_ticket()
    channels = [make_channel("support"), make_channel("helpdesk", language="nl")]

    page = preview(admin_client, channels=[channel.pk for channel in channels])

    assert "~support English" in page
    assert "~helpdesk Nederlands" in page
    assert "Prioriteit 3 high" in page


def test_the_preview_needs_no_channel_yet(admin_client: Client) -> None:
    make_ticket()

    page = preview(admin_client, line="Urgent: {{ title }}")

    assert "no channel chosen yet" in page
    assert "Urgent: Webshop down" in page


def test_the_preview_falls_back_to_a_recorded_sample(admin_client: Client) -> None:
    page = preview(admin_client, kinds=["ticket.closed"])

    assert "Tried on ticket.closed ticket.closed__custom_payload" in page
    assert "It holds for this event." in page


def test_the_preview_says_when_the_wording_fails(admin_client: Client) -> None:
    make_ticket()

    page = preview(admin_client, channels=[make_channel().pk], line="{{ title | uper }}")

    assert "The wording fails, so a plain message is sent" in page
    assert "ZD#74001 Webshop down" in page


def test_the_preview_says_that_another_rule_words_it_first(admin_client: Client) -> None:
    make_ticket()
    channel = make_channel("support")
    make_rule(channel, name="The first", order=1)

    page = preview(admin_client, channels=[channel.pk], line="Urgent: {{ title }}")

    assert "not sent rule “The first” already words it for this channel" in page


def test_the_preview_says_that_a_private_event_is_withheld(admin_client: Client) -> None:
    event = make_ticket()
    Event.objects.filter(pk=event.pk).update(is_private=True, is_enriched=True)

    page = preview(admin_client, channels=[make_channel("support").pk])

    assert "private, and the channel is not cleared for private items" in page


@pytest.mark.parametrize(
    "form",
    [
        {"integration": ""},
        {"conditions-TOTAL_FORMS": "nonsense"},
        {"order": "x", "grouping": "none"},
        {"kinds": ["no.such.kind"]},
        {"channels": ["999"]},
        {"preview_event": "event:999999"},
    ],
)
def test_an_unfinished_form_is_no_error(admin_client: Client, form: dict[str, Any]) -> None:
    make_ticket()

    assert preview(admin_client, **form)


def test_the_backtest_counts_what_would_be_gained_and_lost(admin_client: Client) -> None:
    make_ticket(74001, title="Webshop down")
    make_ticket(74002, title="Printer on fire")
    rule = make_rule(make_channel(), conditions=(("title", "contains", "shop"),))

    page = backtest(admin_client, rule, condition=("title", "contains", "printer"))

    assert "Looked at the last 2 events that it can be about." in page
    assert "It would hold for 1 , as stored it holds for 1." in page
    assert "1 Newly posted" in page
    assert "1 No longer posted" in page


def test_the_backtest_counts_what_would_be_said_in_other_words(admin_client: Client) -> None:
    make_ticket()
    channel = make_channel()
    rule = make_rule(channel, line="Urgent: {{ title }}")

    page = backtest(admin_client, rule, channels=[channel.pk], line="Down: {{ title }}")

    assert "1 Posted in other words or places" in page


def test_the_backtest_of_a_new_rule_has_nothing_to_compare_with(admin_client: Client) -> None:
    make_ticket()

    page = backtest(admin_client, channels=[make_channel().pk])

    assert "It would hold for 1 ." in page


@pytest.mark.parametrize("name", ["preview_new", "backtest_new"])
def test_who_may_not_see_events_cannot_try_a_rule_on_them(name: str) -> None:
    client = client_of("view_triggerrule", "change_triggerrule")

    assert client.post(page_url("triggerrule", name), rule_form()).status_code == 403


def test_two_rules_for_one_channel_and_kind_are_warned_about() -> None:
    channel = make_channel("support")
    first = make_rule(channel, name="first", kinds=("ticket.created",), order=1)
    second = make_rule(channel, name="second", order=2)

    overlaps = find_overlaps()

    assert "this one words the message for ~support" in warnings_of(first, overlaps)[0]
    assert "“first” holds too, that one words" in warnings_of(second, overlaps)[0]


@pytest.mark.parametrize(
    "other",
    [
        {"kinds": ("ticket.closed",)},
        {"integration": "watch"},
        {"is_active": False},
    ],
)
def test_rules_that_never_meet_are_not_warned_about(other: dict[str, Any]) -> None:
    channel = make_channel()
    make_rule(channel, name="one", kinds=("ticket.created",))
    make_rule(channel, name="other", **other)

    assert find_overlaps() == []


def test_a_rule_without_a_channel_is_warned_about() -> None:
    assert warnings_of(make_rule(), []) == ["It has no channel: it can hold, but sends nothing."]


def test_the_list_of_rules_shows_the_warnings(admin_client: Client) -> None:
    make_rule(make_channel(), last_error="Line 1: no such filter", last_error_at=timezone.now())

    page = text_of(admin_client.get(page_url("triggerrule", "changelist")))

    assert "Its wording failed, and a plain message was sent instead" in page


def test_rules_are_switched_off_and_that_is_kept_in_their_history(admin_client: Client) -> None:
    rule = make_rule()
    form = {"action": "switch_off", "_selected_action": [rule.pk]}

    admin_client.post(page_url("triggerrule", "changelist"), form)

    rule.refresh_from_db()
    assert not rule.is_active
    assert list(rule.history.values_list("is_active", flat=True)) == [False, True]
