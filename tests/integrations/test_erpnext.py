"""What ERPNext sends, recognised and understood: whole documents, field tables, naive templates."""

import contextlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.sandbox import SandboxedEnvironment

from hub.contracts import (
    Actor,
    ExternalReference,
    Identity,
    InboundRequest,
    JSONValue,
    PayloadError,
    SourceView,
    VerificationError,
)
from integrations.erpnext import INTEGRATION, events
from integrations.erpnext.kinds import KINDS
from tests.integrations.erpnext_requests import (
    INVOICE,
    ORDER,
    TASK,
    key_of,
    make_request,
    mutations,
    parse,
)
from tests.standins.erpnext.sender import sign


@given(mutations(), st.sampled_from(["", "on_change", "deal.won", "task.completed", "x"]))
def test_no_shape_of_body_is_an_accident(body: JSONValue, hint: str) -> None:
    request = make_request(body, hint)
    INTEGRATION.identify(request)

    with contextlib.suppress(PayloadError):
        event = parse(request)
        assert set(event.kinds) <= set(KINDS)
        assert event.reference is not None
        assert json.dumps(event.data, allow_nan=False)


def test_a_deeply_nested_body_is_no_accident() -> None:
    body = b'{"name": "TASK-2026-00001", "doc": ' + b'{"a":' * 200 + b"1" + b"}" * 201

    identity = INTEGRATION.identify(InboundRequest("POST", body))

    assert identity.reference == "TASK-2026-00001"


def test_the_signature_is_base64_over_the_raw_bytes() -> None:
    body = b'{"name": "caf\\u00e9"}'
    request = InboundRequest("POST", body, {"x-frappe-webhook-signature": sign("secret", body)})

    events.verify(request, "secret")

    with pytest.raises(VerificationError, match="wrong"):
        events.verify(replace(request, body=body + b"\n"), "secret")
    with pytest.raises(VerificationError, match="missing"):
        events.verify(replace(request, headers={}), "secret")


@pytest.mark.parametrize("content_type", ["", "application/x-www-form-urlencoded", "text/plain"])
def test_the_content_type_does_not_matter(content_type: str) -> None:
    request = make_request(TASK, "task.completed", content_type=content_type)

    assert parse(request).title == "Phase 1"


def test_the_json_body_of_the_instructions_is_understood() -> None:
    readme = (INTEGRATION.folder / "README.md").read_text()
    bodies = [
        text.replace("{{ url }}", "-").replace("{{ secret }}", "-")
        for text in re.findall(r"```\n(\{.+?\})\n```", readme, re.DOTALL)
    ]
    invoice = {**INVOICE, "customer_name": 'Acme "B&O"\nCorp'}

    parsed = [
        parse(
            make_request(json.loads(SandboxedEnvironment().from_string(body).render(doc=invoice)))
        )
        for body in bodies
    ]

    assert [event.reference for event in parsed] == [
        ExternalReference("Sales Invoice/INV-2024-001", "INV-2024-001", "2024-01-15 09:30:00")
    ] * 2
    assert parsed[0].title == 'Acme "B&O" Corp'


def test_the_same_fact_has_the_same_key_whatever_the_body() -> None:
    body = {"doctype": "Task", "name": TASK["name"], "doc": TASK}

    retried, by_another_webhook = key_of(body, "task.completed"), key_of(TASK, "completed")

    assert retried == by_another_webhook == "task.completed:TASK-2026-00006:2026-11-24 10:15:00"


def test_completed_again_later_is_another_fact() -> None:
    later = {**TASK, "modified": "2026-11-25 08:00:00"}

    assert key_of(TASK, "task.completed") != key_of(later, "task.completed")


def test_an_overdue_task_that_is_sent_every_night_is_one_fact() -> None:
    task = {**TASK, "status": "Overdue", "exp_end_date": "2026-11-20 17:00:00"}
    edited = {**task, "modified": "2026-11-25 00:00:09", "progress": 80}
    postponed = {**edited, "exp_end_date": "2026-12-20 17:00:00"}

    assert key_of(task, "task.overdue") == key_of(edited, "task.overdue")
    assert key_of(task, "task.overdue") != key_of(postponed, "task.overdue")


def test_two_changes_in_one_second_are_two_facts() -> None:
    assert key_of({**TASK, "status": "Open"}) != key_of({**TASK, "status": "Working"})


@pytest.mark.parametrize(
    "body", [[], {}, {"name": []}, {"klant": "x"}, {"name": "TASK-1"}, {"name": "x" * 141}]
)
def test_what_has_no_time_of_change_is_known_by_its_body(body: JSONValue) -> None:
    assert key_of(body) is None


def test_an_undecodable_body_is_refused_in_the_request() -> None:
    with pytest.raises(PayloadError):
        INTEGRATION.identify(InboundRequest("POST", b"{"))


def test_a_reference_is_doctype_and_name() -> None:
    event = parse(make_request(TASK, "task.completed"))

    assert event.reference == ExternalReference(
        "Task/TASK-2026-00006", "TASK-2026-00006", "2026-11-03 15:20:31"
    )
    assert INTEGRATION.identify(make_request(TASK)) == Identity(key_of(TASK), "TASK-2026-00006")


def test_a_name_is_quoted_in_the_link() -> None:
    invoice = {**INVOICE, "name": "INV/24 001?#"}

    event = parse(make_request(invoice), desk="/desk/")

    assert event.url == "https://erp.example.test/desk/sales-invoice/INV%2F24%20001%3F%23"


def test_a_deleted_document_and_a_source_without_address_have_no_link() -> None:
    request = make_request(TASK, "on_trash")

    deleted = parse(request)
    nowhere = events.parse(make_request(TASK), SourceView("ERPNext"))

    assert deleted.url == nowhere.url == ""


def test_times_of_the_site_become_utc_and_days_stay_days() -> None:
    task = {**TASK, "exp_end_date": "2026-07-01 17:00:00"}

    summer = parse(make_request(task)).data
    winter = parse(make_request({**INVOICE, "creation": "2024-01-15 00:30:00"})).data

    assert summer["deadline"] == "2026-07-01T15:00:00Z"
    assert winter["created_at"] == "2024-01-14T23:30:00Z"
    assert winter["due_date"] == "2024-02-14"


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../etc/passwd", 5])
def test_a_zone_that_does_not_exist_is_utc(zone: object) -> None:
    data = parse(make_request(TASK), zone=zone).data

    assert data["modified_at"] == "2026-11-24T10:15:00Z"


@pytest.mark.parametrize("written", ["31-01-2026 10:00:00", "0001-01-01 00:00:00", "yesterday"])
def test_a_time_that_cannot_be_read_stays_as_it_came(written: str) -> None:
    assert parse(make_request({**TASK, "exp_end_date": written})).data["deadline"] == written


def test_the_text_none_is_nothing() -> None:
    body = {"name": "TASK-2026-00006", "status": "Open", "project": "None", "milestone": "0"}

    event = parse(make_request(body))

    assert event.kinds == ("document.changed",)
    assert event.data["project"] == ""
    assert event.data["is_milestone"] is False
    assert "None" not in str(event.data.values())


def test_a_field_table_is_read_under_its_own_keys() -> None:
    body = {"id": "F-118", "relatie": "Klant BV", "bedrag": "1210.00", "vervalt": "2026-12-24"}
    own_keys = {"relatie": "customer_name", "x": 5}

    event = parse(
        make_request(body, "invoice.submitted"), fields=own_keys, prefixes={"f-": "Sales Invoice"}
    )

    assert event.reference == ExternalReference("Sales Invoice/F-118", "F-118")
    assert event.title == "Klant BV"
    assert event.data["amount"] == 1210.0
    assert event.data["due_date"] == "2026-12-24"


@pytest.mark.parametrize(
    ("name", "doctype"),
    [
        ("ACC-SINV-2026-00001", "Sales Invoice"),
        ("ACC-PINV-2026-00001", "Purchase Invoice"),
        ("task-2026-00001", "Task"),
        ("INV-24-1", "Journal Entry"),
        ("X-1", ""),
    ],
)
def test_the_beginning_of_a_name_tells_its_doctype(name: str, doctype: str) -> None:
    event = parse(make_request({"name": name}), prefixes={"INV-": "-", "INV-24": "Journal Entry"})

    assert event.data["doctype"] == doctype


def test_a_deal_counts_before_tax_and_an_invoice_with_it() -> None:
    order, invoice = parse(make_request(ORDER, "on_submit")), parse(make_request(INVOICE))

    assert order.data["amount"] == 50000.0
    assert invoice.data["amount"] == 4810.0


def test_a_formatted_amount_stays_as_it_came() -> None:
    body = {"name": "SO-1", "bedrag": "€ 1.210,00", "klant": "Klant BV"}

    assert parse(make_request(body, "deal.won")).data["amount"] == "€ 1.210,00"


@pytest.mark.parametrize(
    ("hint", "fields", "actor"),
    [
        ("task.completed", {"completed_by": "kim@ons.example.test"}, "kim@ons.example.test"),
        ("on_change", {"completed_by": "kim@ons.example.test"}, "kim@ons.example.test"),
        ("document.changed", {"completed_by": "kim@x.example.test"}, "a.bos@ons.example.test"),
        ("after_insert", {}, "m.dijk@ons.example.test"),
        ("task.overdue", {"status": "Overdue"}, None),
    ],
)
def test_the_actor_is_who_did_it(hint: str, fields: dict[str, str], actor: str | None) -> None:
    event = parse(make_request({**TASK, **fields}, hint))

    assert event.actor == (Actor(actor, actor, actor) if actor else None)


def test_administrator_has_no_address() -> None:
    event = parse(make_request({**TASK, "modified_by": "Administrator"}))

    assert event.actor == Actor("Administrator", "Administrator")


def test_a_comment_is_about_the_document_it_stands_under() -> None:
    comment = {
        "doctype": "Comment",
        "name": "a1b2c3d4e5",
        "comment_type": "Comment",
        "comment_by": "Anna Bos",
        "comment_email": "a.bos@ons.example.test",
        "reference_doctype": "Task",
        "reference_name": "TASK-2026-00006",
        "creation": "2026-11-24 10:00:00",
        "content": "<p>Done</p>",
    }

    event = parse(make_request(comment))

    assert event.kinds == ("comment.added",)
    assert event.reference == ExternalReference("Task/TASK-2026-00006", "TASK-2026-00006")
    assert event.actor == Actor("Anna Bos", "a.bos@ons.example.test", "a.bos@ons.example.test")


@pytest.mark.parametrize(
    ("hint", "is_ignored"),
    [("comment.added", True), ("document.changed", True), ("task.completed", False)],
)
def test_the_hubs_own_change_is_not_told_about(hint: str, is_ignored: bool) -> None:
    task = {**TASK, "modified_by": "Hub@ons.example.test"}

    event = parse(make_request(task, hint), own_login="hub@ons.example.test")

    assert bool(event.ignored_because) is is_ignored


def test_assignees_come_as_json_text() -> None:
    assigned = {**TASK, "_assign": '["kim@ons.example.test", 5]'}
    broken = {**TASK, "_assign": "["}

    assert parse(make_request(assigned)).data["assignees"] == ["kim@ons.example.test"]
    assert parse(make_request(broken)).data["assignees"] == []


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"name": ["x"]}, "doc.name"),
        ({"status": {}}, "doc.status"),
        ({"is_milestone": "perhaps"}, "doc.is_milestone"),
        ({"subject": True}, "doc.subject"),
        ({"lost_reasons": "x"}, "doc.lost_reasons"),
        ({"lost_reasons": [{"lost_reason": "a"}, 5]}, "doc.lost_reasons.1"),
        ({"grand_total": []}, "doc.grand_total"),
        ({"exp_end_date": False}, "doc.exp_end_date"),
        ({"name": "x" * 141}, "doc.name"),
    ],
)
def test_an_unexpected_shape_names_its_first_surprise(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(PayloadError) as raised:
        parse(make_request({"doc": {**TASK, **fields}}))

    assert raised.value.path == path


def test_a_surprise_in_a_field_table_is_named_by_the_key_that_was_sent() -> None:
    with pytest.raises(PayloadError) as raised:
        parse(make_request({"id": "SO-1", "bedrag": {}}))

    assert raised.value.path == "bedrag"


def test_polled_and_sent_requests_are_read_alike() -> None:
    sent = make_request(INVOICE, "invoice.overdue")
    polled = replace(sent, is_polled=True, received_at=datetime(2026, 11, 24, tzinfo=UTC))

    assert parse(sent) == parse(polled)
