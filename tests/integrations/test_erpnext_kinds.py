"""From an event word or a status to our kind, and what a document contradicts."""

from typing import Any

import pytest

from hub.contracts import PayloadError
from integrations.erpnext.kinds import DOCTYPES, KINDS, STATUS_KINDS
from tests.integrations.erpnext_requests import INVOICE, ORDER, TASK, make_request, parse


@pytest.mark.parametrize(
    ("hint", "doctype", "kind"),
    [
        ("deal.won", "Sales Order", "deal.won"),
        ("Deal Won", "Sales Order", "deal.won"),
        ("won", "Opportunity", "deal.won"),
        ("paid", "Sales Invoice", "invoice.paid"),
        ("overdue", "Task", "task.overdue"),
        ("overdue", "Sales Invoice", "invoice.overdue"),
        ("on_submit", "Sales Order", "deal.won"),
        ("on_submit", "Sales Invoice", "invoice.submitted"),
        ("on_submit", "Delivery Note", "document.submitted"),
        ("after_insert", "Comment", "comment.added"),
        ("after_insert", "Issue", "document.created"),
        ("on_cancel", "Sales Order", "document.cancelled"),
        ("on_trash", "Task", "document.deleted"),
        ("document.changed", "Task", "document.changed"),
    ],
)
def test_an_event_word_says_the_kind(hint: str, doctype: str, kind: str) -> None:
    event = parse(make_request({"doctype": doctype, "name": "X-1"}, hint))

    assert event.kinds == (kind,)
    assert event.data["is_concluded"] is False


@pytest.mark.parametrize("hint", ["", "on_change", "on_update", "task.changed", "updated"])
@pytest.mark.parametrize(("about", "kind"), STATUS_KINDS.items())
def test_without_one_the_status_says_it(hint: str, about: tuple[str, str], kind: str) -> None:
    event = parse(make_request({"doctype": about[0], "name": "X-1", "status": about[1]}, hint))

    assert event.kinds == (kind,)
    assert event.data["is_concluded"] is True


def test_a_word_that_is_none_names_those_that_are() -> None:
    with pytest.raises(PayloadError, match=r"“deal.closed” is no event of ERPNext.*deal\.won") as e:
        parse(make_request(ORDER, "deal.closed"))

    assert e.value.path == "event"


def test_the_word_may_stand_in_the_body_or_in_a_header() -> None:
    in_body = make_request({"event": "deal.won", "doctype": "Sales Order", "doc": ORDER})
    in_header = make_request(ORDER, x_hub_event="deal.won")

    assert parse(in_body).kinds == parse(in_header).kinds == ("deal.won",)


@pytest.mark.parametrize("flag", [1, "1", True, "True", "Yes"])
def test_a_completed_milestone_is_both(flag: object) -> None:
    event = parse(make_request({**TASK, "is_milestone": flag}, "task.completed"))

    assert event.kinds == ("project.milestone", "task.completed")
    assert event.data["is_milestone"] is True


@pytest.mark.parametrize("kind", DOCTYPES)
def test_a_kind_tells_the_doctype_where_nothing_else_does(kind: str) -> None:
    event = parse(make_request({"name": "4711"}, kind))

    assert event.data["doctype"] == ("" if kind == "comment.added" else DOCTYPES[kind][0])


@pytest.mark.parametrize(
    ("document", "hint", "changes"),
    [
        (TASK, "task.completed", {"status": "Working"}),
        (TASK, "task.overdue", {"status": "Completed"}),
        (TASK, "project.milestone", {"is_milestone": 0}),
        (TASK, "project.milestone", {"status": "Open", "is_milestone": 1}),
        (INVOICE, "invoice.paid", {"status": "Partly Paid"}),
        (INVOICE, "invoice.overdue", {"status": "Paid"}),
        (INVOICE, "invoice.submitted", {"status": "Draft"}),
        (ORDER, "deal.won", {"status": "Draft"}),
        ({**ORDER, "doctype": "Opportunity"}, "deal.won", {"status": "Quotation"}),
    ],
)
def test_a_document_that_contradicts_the_word_is_not_told_about(
    document: dict[str, Any], hint: str, changes: dict[str, Any]
) -> None:
    event = parse(make_request({**document, **changes}, hint))

    assert event.ignored_because.startswith(f"the webhook says {hint}, but")


@pytest.mark.parametrize(
    ("document", "hint", "changes"),
    [
        (TASK, "task.completed", {"status": "Gereed"}),
        (TASK, "task.completed", {"status": ""}),
        (TASK, "project.milestone", {}),
        (INVOICE, "invoice.overdue", {"status": "Unpaid"}),
        (INVOICE, "invoice.overdue", {"status": "Overdue and Discounted"}),
        (INVOICE, "invoice.submitted", {"status": "Return"}),
        (ORDER, "deal.won", {"status": "Completed"}),
        ({**ORDER, "doctype": "Opportunity"}, "deal.won", {"status": "Converted"}),
    ],
)
def test_a_status_of_the_sites_own_contradicts_nothing(
    document: dict[str, Any], hint: str, changes: dict[str, Any]
) -> None:
    assert parse(make_request({**document, **changes}, hint)).ignored_because == ""


def test_every_kind_that_is_looked_up_is_declared() -> None:
    assert set(DOCTYPES) | set(STATUS_KINDS.values()) <= set(KINDS)
