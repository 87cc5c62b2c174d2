"""Events in the admin: what arrived, how it was understood, why which rule held."""

import json
import shlex
from typing import Any

import pytest
from django.test import Client

from hub.admin.event_pages import as_curl
from hub.models import Event
from tests.factories import (
    make_channel,
    make_delivery,
    make_event,
    make_request,
    make_rule,
    make_source,
    zammad_body,
)
from tests.hub.admin_pages import client_of, messages_of, page_url, text_of

pytestmark = pytest.mark.django_db

LIST = "/admin/hub/event/"


def make_ticket(**fields: Any) -> Event:
    body = json.dumps(zammad_body(title="Café dicht")).encode()
    stored = {"kinds": ["ticket.created"], "kind": "ticket.created", "state": "matched"}
    return make_event(make_source(), **{"body": body, "event_hint": "created"} | stored | fields)


def page_of(client: Client, event: Event, **query: object) -> str:
    return text_of(client.get(page_url("event", "change", event.pk), query))


def test_the_page_shows_what_arrived_as_it_was_written(admin_client: Client) -> None:
    page = page_of(admin_client, make_ticket(headers={"content-type": "application/json"}))

    assert '"title" : "Café dicht"' in page.replace('": ', '" : ').replace('" :  "', '" : "')
    assert "content-type application/json" in page


def test_secrets_in_what_arrived_are_masked(admin_client: Client) -> None:
    event = make_ticket(body=b'{"url": "https://x.example.test/?token=abcdefghijkl"}')

    assert "abcdefghijkl" not in page_of(admin_client, event)


@pytest.mark.parametrize("body", [b"\xff\xfe not text", b"a=1&b=2", b"[" * 50_000, b"x" * 300_000])
def test_a_body_that_is_no_json_is_shown_all_the_same(admin_client: Client, body: bytes) -> None:
    assert "What arrived" in page_of(admin_client, make_ticket(body=body, state="unknown"))


def test_the_page_says_what_each_rule_answered(admin_client: Client) -> None:
    check = {"path": "group", "operator": "equals", "value": "Sales", "actual": "Support"}
    trace = [
        {"rule": 1, "name": "Sales only", "holds": False, "checks": [check | {"holds": False}]}
    ]

    page = page_of(admin_client, make_ticket(trace=trace))

    assert "Sales only does not hold" in page
    assert "group equals Sales Support" in page


def test_the_page_says_why_the_other_rules_were_not_asked(admin_client: Client) -> None:
    make_rule(name="Closed tickets", kinds=("ticket.closed",))

    page = page_of(admin_client, make_ticket())

    assert "Closed tickets the rule is about ticket.closed, the event is ticket.created" in page


def test_any_rule_can_be_asked_again_as_it_is_today(admin_client: Client) -> None:
    rule = make_rule(name="Sales only", conditions=(("group", "equals", "Sales"),))

    page = page_of(admin_client, make_ticket(), rule=rule.pk)

    assert "Sales only does not hold today" in page


def test_the_page_lists_what_it_led_to(admin_client: Client) -> None:
    event = make_ticket()
    make_delivery(make_channel("support"), event=event, state="suppressed", reason="not cleared")

    assert "suppressed ~support not cleared post" in page_of(admin_client, event)


def test_an_unknown_event_says_where_the_surprise_was(admin_client: Client) -> None:
    event = make_ticket(state="unknown", kinds=[], kind="", note="no number (at ticket.number)")

    assert "Not understood: no number (at ticket.number)." in page_of(admin_client, event)


def test_duplicates_are_counted_on_the_page(admin_client: Client) -> None:
    event = make_ticket(duplicate_count=3)

    assert "duplicates 3 recognised and not sent again" in page_of(admin_client, event)


def test_an_event_of_an_integration_that_is_gone_has_its_page(admin_client: Client) -> None:
    event = make_event(make_source("discontinued"), body=b"{}", state="failed", note="gone")

    assert "Failed: gone." in page_of(admin_client, event)


def test_the_copied_command_sends_the_same_request() -> None:
    request = make_request(
        b'{"title": "it\'s down"}',
        headers={"content-type": "application/json"},
        query={"event": "created"},
    )

    words = shlex.split(as_curl(request).replace("\\\n", " "))

    assert words == [
        *("curl", "-X", "POST", "$HOOK_URL?event=created"),
        *("-H", "content-type: application/json"),
        *("--data-binary", '{"title": "it\'s down"}'),
    ]


def test_the_copied_command_carries_bytes_that_are_no_text() -> None:
    command = as_curl(make_request(b"\xff\x00"))

    assert command.startswith("echo /wA= | base64 -d | curl -X POST")


def test_replaying_is_asked_first_and_then_done(admin_client: Client) -> None:
    event = make_ticket()
    url = page_url("event", "replay", event.pk)

    asked = text_of(admin_client.get(url))
    done = admin_client.post(url, {"confirmed": "1"}, follow=True)

    event.refresh_from_db()
    assert "Replay 1 event?" in asked
    assert messages_of(done) == ["1 event goes through today's rules."]
    assert (event.state, event.note) == ("received", "replayed by admin")


def test_the_ticked_ones_are_replayed(admin_client: Client) -> None:
    event = make_ticket()
    ticked = {"action": "replay_selected", "_selected_action": [event.pk], "confirmed": "1"}

    admin_client.post(LIST, ticked)

    event.refresh_from_db()
    assert event.state == "received"


def test_who_may_only_look_cannot_replay() -> None:
    event = make_ticket()

    answer = client_of("view_event").post(page_url("event", "replay", event.pk), {"confirmed": "1"})

    event.refresh_from_db()
    assert answer.status_code == 403
    assert event.state == "matched"


def test_the_list_is_filtered_by_kind(admin_client: Client) -> None:
    make_ticket(title="A new one")
    make_event(Event.objects.get().source, kind="ticket.closed", title="A closed one")

    page = text_of(admin_client.get(LIST, {"kind": "ticket.closed"}))

    assert "A closed one" in page
    assert "A new one" not in page
