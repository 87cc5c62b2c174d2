"""Overdue invoices and completed projects, which no webhook tells: found by looking."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.contracts import DeliveryError, JSONObject, Polled, SourceView
from integrations.erpnext import INTEGRATION
from tests.integrations.erpnext_requests import INVOICE, key_of, parse, view_of
from tests.standins.erpnext import ErpNextStandin
from tests.standins.erpnext.site import FrappeError

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PROJECT: dict[str, Any] = {
    "doctype": "Project",
    "name": "PROJ-0007",
    "project_name": "Project X",
    "status": "Open",
    "creation": "2026-09-01 09:00:00",
    "modified": "2026-11-24 10:00:00",
}


@pytest.fixture
def site() -> Iterator[ErpNextStandin]:
    with ErpNextStandin() as standin:
        yield standin


def poll(source: SourceView, state: JSONObject, now: datetime = NOW) -> Polled:
    assert INTEGRATION.poll is not None
    return INTEGRATION.poll(source, state, now)


def invoice(name: str, **fields: Any) -> dict[str, Any]:
    return {**INVOICE, "name": name, **fields}


def names(polled: Polled) -> list[str]:
    references = [parse(request).reference for request in polled.requests]
    return [one.display for one in references if one is not None]


def test_the_first_look_tells_nothing_and_the_second_what_is_new(site: ErpNextStandin) -> None:
    site.add(invoice("INV-1"))
    first = poll(view_of(site), {})
    site.add(invoice("INV-2"), invoice("INV-3", due_date="2026-11-24", status="Unpaid"))

    second = poll(view_of(site), first.state, NOW + HOUR)
    third = poll(view_of(site), second.state, NOW + 2 * HOUR)

    assert first.requests == third.requests == ()
    assert names(second) == ["INV-2"]


def test_a_found_invoice_is_the_event_that_a_webhook_would_be(site: ErpNextStandin) -> None:
    site.add(invoice("INV-1"))

    (request,) = poll(view_of(site), {"overdue_invoices": []}).requests
    event = parse(request)

    assert request.is_polled
    assert event.kinds == ("invoice.overdue",)
    assert event.data["outstanding"] == 2310.0
    assert INTEGRATION.identify(request).dedup_key == key_of(
        {"name": "INV-1", "doc": invoice("INV-1", items=[])}, "invoice.overdue"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"due_date": "2026-11-24", "status": "Unpaid"},
        {"outstanding_amount": 0.0},
        {"docstatus": 0},
        {"docstatus": 2},
        {"is_return": 1},
    ],
)
def test_what_is_not_overdue_is_not_found(site: ErpNextStandin, fields: dict[str, Any]) -> None:
    site.add(invoice("INV-1", **fields))

    assert poll(view_of(site), {"overdue_invoices": []}).requests == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "Unpaid"},
        {"due_date": "2026-12-24", "status": "Overdue"},
        {"due_date": "2026-12-24", "status": "Overdue and Discounted"},
    ],
)
def test_a_stopped_scheduler_and_a_late_instalment_are_found(
    site: ErpNextStandin, fields: dict[str, Any]
) -> None:
    site.add(invoice("INV-1", **fields))

    assert names(poll(view_of(site), {"overdue_invoices": []})) == ["INV-1"]


def test_the_nightly_run_that_leaves_modified_alone_is_seen(site: ErpNextStandin) -> None:
    site.add(invoice("INV-1", due_date="2026-11-24", status="Unpaid"))
    before = poll(view_of(site), {})
    site.run_daily("2026-11-25")

    after = poll(view_of(site), before.state, NOW + timedelta(days=1))

    assert names(after) == ["INV-1"]


@pytest.mark.parametrize(("zone", "found"), [("Pacific/Auckland", 1), ("UTC", 0)])
def test_the_day_is_that_of_the_site(site: ErpNextStandin, zone: str, found: int) -> None:
    site.add(invoice("INV-1", due_date="2026-11-24", status="Unpaid"))

    polled = poll(view_of(site, zone=zone), {"overdue_invoices": []})

    assert len(polled.requests) == found


def test_paid_and_late_again_is_told_again(site: ErpNextStandin) -> None:
    state: JSONObject = {"overdue_invoices": ["INV-1"]}
    site.add(invoice("INV-1", outstanding_amount=0.0))
    paid = poll(view_of(site), state)
    site.add(invoice("INV-1", outstanding_amount=500.0))

    late_again = poll(view_of(site), paid.state, NOW + HOUR)

    assert names(late_again) == ["INV-1"]
    assert key_of(invoice("INV-1"), "invoice.overdue") != key_of(
        invoice("INV-1", outstanding_amount=500.0), "invoice.overdue"
    )


def test_every_page_is_read(site: ErpNextStandin) -> None:
    site.add(*(invoice(f"INV-{number:03d}") for number in range(250)))

    polled = poll(view_of(site), {"overdue_invoices": []})

    assert names(polled) == [f"INV-{number:03d}" for number in range(250)]
    assert site.calls == [("GET", "/api/resource/Sales Invoice")] * 3


def test_the_hub_looks_once_an_hour(site: ErpNextStandin) -> None:
    state: JSONObject = {"polled_at": NOW.isoformat(), "overdue_invoices": []}
    site.add(invoice("INV-1"))

    early = poll(view_of(site), state, NOW + timedelta(minutes=40))
    sooner = poll(view_of(site, poll_minutes=30), state, NOW + timedelta(minutes=40))
    late = poll(view_of(site, poll_minutes="?"), state, NOW + timedelta(minutes=59))

    assert early == Polled((), state)
    assert names(sooner) == names(late) == ["INV-1"]


def test_without_a_key_or_an_address_nothing_is_asked(site: ErpNextStandin) -> None:
    keyless = replace(view_of(site), credentials={"api_key": "x"})

    assert poll(keyless, {}) == poll(SourceView("ERPNext"), {}) == Polled((), {})
    assert site.calls == []


def test_a_refusal_is_raised_in_words_and_changes_nothing(site: ErpNextStandin) -> None:
    site.readable = set()
    state: JSONObject = {"overdue_invoices": []}

    with pytest.raises(DeliveryError, match=r"403 .*does not have doctype access") as raised:
        poll(view_of(site), state)

    assert raised.value.permanent
    assert state == {"overdue_invoices": []}


def test_a_failure_between_two_lists_changes_nothing(site: ErpNextStandin) -> None:
    site.readable = {"Sales Invoice"}
    state: JSONObject = {}

    with pytest.raises(DeliveryError):
        poll(view_of(site, poll=["invoices", "projects"]), state)

    assert state == {}


def test_a_project_that_completed_itself_is_told_once(site: ErpNextStandin) -> None:
    source = view_of(site, poll="projects")
    site.add(PROJECT, {**PROJECT, "name": "PROJ-0008"}, {**PROJECT, "name": "PROJ-0009"})
    first = poll(source, {})
    site.add({**PROJECT, "status": "Completed"}, {**PROJECT, "name": "PROJ-0008", "status": "Open"})
    site.add({**PROJECT, "name": "PROJ-0009", "status": "Cancelled"})

    second = poll(source, first.state, NOW + HOUR)
    third = poll(source, second.state, NOW + 2 * HOUR)

    assert first.requests == third.requests == ()
    assert names(second) == ["PROJ-0007"]
    assert INTEGRATION.identify(second.requests[0]).dedup_key == key_of(
        {**PROJECT, "status": "Completed"}, "project.completed"
    )


def test_nothing_is_looked_for_when_the_admin_says_so(site: ErpNextStandin) -> None:
    polled = poll(view_of(site, poll=[]), {"overdue_invoices": []})

    assert polled.requests == ()
    assert site.calls == []


def test_a_site_in_maintenance_is_worth_another_try(site: ErpNextStandin) -> None:
    site.fault = FrappeError("SessionStopped", "This site is being updated")

    with pytest.raises(DeliveryError, match="being updated") as raised:
        poll(view_of(site), {})

    assert not raised.value.permanent
