"""Commenting in an ERPNext: what stands there afterwards, and under whose name."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from hub.contracts import DeliveryError, InboundRequest, SourceView
from hub.markup import plain_text
from hub.tickets import Account, Note, Ticket, TicketAddress, Written, fingerprint
from integrations.erpnext import INTEGRATION
from tests.integrations.erpnext_requests import INVOICE, TASK, make_request, view_of
from tests.integrations.typed_texts import LONG_TEXT, typed_texts
from tests.standins.erpnext import HUB_USER, ErpNextStandin, Webhook
from tests.standins.erpnext.site import FrappeError

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ANJA = "anja@ons.example.test"
USERS = [
    {"name": ANJA, "email": ANJA, "full_name": "Anja de Boer", "enabled": 1},
    {"name": "old@ons.example.test", "email": "old@ons.example.test", "enabled": 0},
]
NOTE = Note("I am **on it** <b>", "Anja de Boer", "anja")
AS_ANJA = Account(ANJA, ANJA, ANJA, "Anja de Boer")
AS_GHOST = Account("ghost@ons.example.test", "ghost@ons.example.test", "ghost@ons.example.test")
CONTENT = "<p>Anja de Boer via Mattermost:</p>\n<p>I am <strong>on it</strong> &lt;b&gt;</p>"


@dataclass(frozen=True)
class CollectingWebhook(Webhook):
    """Keeps what it would send."""

    received: list[InboundRequest] = field(default_factory=list)

    def send(self, data: Any, **_ladder: Any) -> list[int]:
        self.received.append(make_request(data))
        return [202]


@pytest.fixture
def site() -> Iterator[ErpNextStandin]:
    zone = ZoneInfo("Europe/Amsterdam")
    with ErpNextStandin(now=NOW, zone=zone, users=[dict(one) for one in USERS]) as site:
        site.add({**TASK, "status": "Open"}, dict(INVOICE))
        yield site


def find(source: SourceView, display: str, external_id: str = "") -> Ticket | None:
    assert INTEGRATION.find_ticket is not None
    return INTEGRATION.find_ticket(source, TicketAddress(display, external_id))


def reply(source: SourceView, note: Note, external_id: str = f"Task/{TASK['name']}") -> Written:
    assert INTEGRATION.reply is not None
    return INTEGRATION.reply(source, Ticket(external_id, external_id), note)


def task(site: ErpNextStandin) -> dict[str, Any]:
    return site.documents["Task"][TASK["name"]]


def test_a_document_is_found_by_its_name_or_id(site: ErpNextStandin) -> None:
    task(site)["_assign"] = json.dumps([ANJA])

    ticket = find(view_of(site), TASK["name"])

    assert ticket is not None
    assert (ticket.external_id, ticket.title) == (f"Task/{TASK['name']}", "Phase 1")
    assert (ticket.status, ticket.owner, ticket.is_closed) == ("Open", ANJA, False)
    assert ticket.url == f"{site.url}/app/task/{TASK['name']}"
    assert ticket.created_marker == "2026-11-03 15:20:31"
    assert find(view_of(site), "anything", f"Task/{TASK['name']}") == ticket


def test_a_beginning_of_the_admin_leads_to_its_doctype(site: ErpNextStandin) -> None:
    site.add({**INVOICE, "name": "F-2026/12"})

    ticket = find(view_of(site, prefixes={"F-": "Sales Invoice"}), "F-2026/12")

    assert ticket is not None
    assert ticket.external_id == "Sales Invoice/F-2026/12"


def test_what_is_not_there_is_none(site: ErpNextStandin) -> None:
    assert find(view_of(site), "TASK-2026-99999") is None


def test_an_unknown_beginning_is_a_sentence_with_advice(site: ErpNextStandin) -> None:
    with pytest.raises(DeliveryError, match="option prefixes"):
        find(view_of(site), "ABC-123")


def test_what_the_key_may_not_see_is_an_error(site: ErpNextStandin) -> None:
    site.readable.clear()

    with pytest.raises(DeliveryError, match="does not have doctype access"):
        find(view_of(site), TASK["name"])


def test_the_text_names_the_person(site: ErpNextStandin) -> None:
    written = reply(view_of(site), replace(NOTE, account=AS_ANJA))

    comment = site.comments[0]
    assert comment["content"] == CONTENT
    assert comment["comment_email"] == HUB_USER
    assert written == Written(note_id=comment["name"])


def test_with_the_option_the_comment_carries_the_address_of_the_person(
    site: ErpNextStandin,
) -> None:
    written = reply(view_of(site, write_as="person"), replace(NOTE, account=AS_ANJA))

    comment = site.comments[0]
    assert (comment["comment_email"], comment["comment_by"]) == (ANJA, "Anja de Boer")
    assert comment["content"] == CONTENT
    assert written.written_as == ANJA


@pytest.mark.parametrize("account", [None, Account("x", "x", "", "X")])
def test_without_an_address_it_carries_that_of_the_hub(
    site: ErpNextStandin, account: Account | None
) -> None:
    written = reply(view_of(site, write_as="person"), replace(NOTE, account=account))

    assert site.comments[0]["comment_email"] == HUB_USER
    assert written.written_as == ""


def test_a_task_is_completed_and_assigned(site: ErpNextStandin) -> None:
    note = replace(NOTE, is_closing=True, assignee=AS_ANJA, account=AS_ANJA)

    written = reply(view_of(site), note)

    assert (written.status, written.assignee, written.problems) == ("Completed", ANJA, ())
    assert task(site)["completed_by"] == ANJA
    assert task(site)["completed_on"]
    assert task(site)["_assign"] == json.dumps([ANJA])


def test_a_status_is_known_in_any_case_and_needs_no_text(site: ErpNextStandin) -> None:
    written = reply(view_of(site), replace(NOTE, text=" ", status="pending review"))

    assert written == Written(status="Pending Review")
    assert site.comments == []


def test_a_refused_status_leaves_the_comment_and_the_assignment(site: ErpNextStandin) -> None:
    written = reply(view_of(site), replace(NOTE, status="Done", assignee=AS_ANJA))

    assert len(site.comments) == 1
    assert (written.status, written.assignee) == ("Open", ANJA)
    assert 'It should be one of "Open", "Working"' in written.problems[0]


def test_who_is_no_user_cannot_be_assigned(site: ErpNextStandin) -> None:
    written = reply(view_of(site), replace(NOTE, assignee=AS_GHOST))

    assert written.assignee == ""
    assert "Could not find Allocated To" in written.problems[0]


@pytest.mark.parametrize(
    ("change", "external_id", "sentence"),
    [
        ({"is_public": True}, "Task/T", "--public"),
        ({"is_private": True}, "Task/T", "--private"),
        ({"is_closing": True}, "Sales Invoice/INV-1", "works out the status"),
        ({"status": "Paid"}, "Sales Invoice/INV-1", "works out the status"),
        ({"is_closing": True}, "Lead/CRM-LEAD-1", "--status"),
        ({}, "TASK-1", "what sort of document"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_asked(
    site: ErpNextStandin, change: dict[str, Any], external_id: str, sentence: str
) -> None:
    with pytest.raises(DeliveryError, match=sentence) as raised:
        reply(view_of(site), replace(NOTE, **change), external_id)

    assert raised.value.permanent
    assert site.calls == []


def test_a_comment_whose_answer_was_lost_is_found_and_not_written_again(
    site: ErpNextStandin,
) -> None:
    source, note = view_of(site), replace(NOTE, account=AS_ANJA, is_closing=True)
    site.lost_answers = 1

    with pytest.raises(DeliveryError) as raised:
        reply(source, note)
    again = reply(source, replace(note, look_since=NOW))

    assert raised.value.is_fate_unknown
    assert (again.was_there, again.note_id) == (True, site.comments[0]["name"])
    assert again.status == "Completed"
    assert len(site.comments) == 1


def test_a_change_that_may_pass_is_tried_again_behind_its_comment(site: ErpNextStandin) -> None:
    source, note = view_of(site), replace(NOTE, is_closing=True)
    site.passing = [FrappeError("TimestampMismatchError", "Document has been modified")]

    with pytest.raises(DeliveryError, match="has been modified") as raised:
        reply(source, note)
    again = reply(source, replace(note, look_since=NOW))

    assert raised.value.is_fate_unknown
    assert not raised.value.permanent
    assert (again.was_there, again.status) == (True, "Completed")
    assert len(site.comments) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"look_since": NOW + timedelta(minutes=5)},
        {"known_ids": frozenset(("c0ffee0000",))},
        {"author_name": "Robin"},
        {"text": "I am off it"},
    ],
    ids=["older", "another of the hub", "another author", "another text"],
)
def test_another_comment_is_not_taken_for_the_lost_one(
    site: ErpNextStandin, change: dict[str, Any]
) -> None:
    source, note = view_of(site), replace(NOTE, look_since=NOW)
    reply(source, NOTE)

    written = reply(source, replace(note, **change))

    assert not written.was_there
    assert len(site.comments) == 2


def test_without_the_zone_the_comment_is_found_all_the_same(site: ErpNextStandin) -> None:
    site.zone = ZoneInfo("America/Lima")
    source = view_of(site, zone="")
    reply(source, NOTE)

    assert reply(source, replace(NOTE, look_since=NOW)).was_there


def test_who_may_not_look_does_not_write_twice(site: ErpNextStandin) -> None:
    site.readable.discard("Comment")

    with pytest.raises(DeliveryError, match="right to read Comment") as raised:
        reply(view_of(site), replace(NOTE, look_since=NOW))

    assert raised.value.is_fate_unknown
    assert site.comments == []


def test_an_account_is_enabled_and_has_exactly_the_address(site: ErpNextStandin) -> None:
    source = view_of(site)
    assert INTEGRATION.find_account is not None

    assert INTEGRATION.find_account(source, ANJA) == AS_ANJA
    assert INTEGRATION.find_account(source, "old@ons.example.test") is None
    assert INTEGRATION.find_account(source, "nobody@ons.example.test") is None
    assert INTEGRATION.find_account(source, "") is None


def test_the_webhook_about_the_comment_tells_its_id_and_text(site: ErpNextStandin) -> None:
    site.webhook = webhook = CollectingWebhook()
    text = "See [the page](https://x.example.test)\n1. one"

    written = reply(view_of(site), replace(NOTE, text=text))
    site.outbox.wait()

    event = INTEGRATION.parse(webhook.received[0], SourceView("ERPNext"))
    assert event.kinds == ("comment.added",)
    assert event.note_id == written.note_id
    assert fingerprint(event.note_text) == fingerprint(plain_text(text))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=typed_texts())
def test_any_text_is_known_again(site: ErpNextStandin, text: str) -> None:
    site.comments.clear()
    source, note = view_of(site), replace(NOTE, text=text, look_since=NOW)

    first, second = reply(source, note), reply(source, note)

    assert len(site.comments) == 1
    assert (first.was_there, second.was_there) == (False, True)


def test_a_long_text_arrives_whole(site: ErpNextStandin) -> None:
    reply(view_of(site), replace(NOTE, text=LONG_TEXT))

    assert site.comments[0]["content"].count("gallop") == LONG_TEXT.count("gallop")
    assert "<script" not in site.comments[0]["content"]
