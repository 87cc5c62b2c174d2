"""Frappe's errors as sentences, and the probe of a site."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from hub.contracts import DeliveryError, Health, SourceView
from integrations.erpnext import INTEGRATION, probing
from integrations.erpnext.client import explain, fetch_first
from tests.integrations.erpnext_requests import TASK, view_of
from tests.standins.erpnext import ErpNextStandin
from tests.standins.erpnext.site import FrappeError, error_body


@pytest.fixture
def site() -> Iterator[ErpNextStandin]:
    with ErpNextStandin() as standin:
        yield standin


def probe(source: SourceView) -> Health:
    assert INTEGRATION.probe is not None
    return INTEGRATION.probe(source)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (FrappeError("MandatoryError", "Completed On is mandatory"), "Completed On is mandatory"),
        (FrappeError("ValidationError", "A &amp; <b>B</b>:<br>C"), "A & B : C"),
        (FrappeError("DoesNotExistError"), "DoesNotExistError"),
    ],
)
def test_an_error_is_decoded_twice_into_a_sentence(error: FrappeError, sentence: str) -> None:
    assert explain(json.dumps(error_body(error))) == sentence


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("<html>502 Bad Gateway</html>", ""),
        ("", ""),
        ("[]", ""),
        ('{"_server_messages": 5}', ""),
        ('{"_server_messages": "[5, \\"plain\\", null]"}', "plain"),
        ('{"_server_messages": "[\\"{\\"]", "exc_type":"NameError"}', "{"),
        ('{"exc_type":"LinkValidationError","exc":"[\\"Traceback', "LinkValidationError"),
        ("[" * 100_000, ""),
    ],
)
def test_what_is_no_error_of_frappe_is_no_accident(answer: str, sentence: str) -> None:
    assert explain(answer) == sentence


def test_the_same_message_is_said_once() -> None:
    texts = [json.dumps({"message": "Not permitted"})] * 2

    assert explain(json.dumps({"_server_messages": json.dumps(texts)})) == "Not permitted"


@pytest.mark.parametrize(
    ("name", "permanent"), [("MandatoryError", True), ("TimestampMismatchError", False)]
)
def test_only_some_refusals_are_worth_another_try(
    site: ErpNextStandin, name: str, permanent: bool
) -> None:
    site.fault = FrappeError(name, "Document has been modified")

    with pytest.raises(DeliveryError, match=r"417 .*: Document has been modified") as raised:
        fetch_first(view_of(site), "Task", "TASK-1", fields=("subject",))

    assert raised.value.permanent is permanent
    assert raised.value.status_code == 417


def test_one_document_is_asked_for_by_some_fields(site: ErpNextStandin) -> None:
    site.add(TASK)

    found = fetch_first(view_of(site), "Task", TASK["name"], fields=("subject",))
    missing = fetch_first(view_of(site), "Task", "TASK-1", fields=("subject",))

    assert found == {"subject": "Phase 1"}
    assert missing == {}


def test_with_a_key_the_probe_asks_whose_it_is(site: ErpNextStandin) -> None:
    assert probe(view_of(site)) == Health(True)
    assert site.calls == [("GET", "/api/method/frappe.auth.get_logged_user")]


def test_without_one_it_pings(site: ErpNextStandin) -> None:
    assert probe(replace(view_of(site), credentials={})) == Health(True)
    assert site.calls == [("GET", "/api/method/ping")]


def test_a_wrong_key_is_told_by_its_name_and_is_no_outage(site: ErpNextStandin) -> None:
    wrong = replace(view_of(site), credentials={"api_key": "x", "api_secret": "y"})

    health = probe(wrong)

    assert health.is_up
    assert health.problem.endswith(": AuthenticationError")


def test_half_a_key_and_no_address_are_said_without_a_call(site: ErpNextStandin) -> None:
    half = replace(view_of(site), credentials={"api_key": "x"})

    assert probe(half) == Health(False, probing.HALF_A_KEY)
    assert probe(SourceView("ERPNext")) == Health(False, probing.NO_ADDRESS)
    assert site.calls == []


def test_a_site_in_maintenance_is_down(site: ErpNextStandin) -> None:
    site.fault = FrappeError("SessionStopped", "This site is being updated")

    health = probe(view_of(site))

    assert not health.is_up
    assert "503 Service Unavailable" in health.problem


def test_a_site_that_is_gone_is_down() -> None:
    with ErpNextStandin() as site:
        source = view_of(site)

    assert not probe(source).is_up


def test_a_zone_that_does_not_exist_is_said_while_all_is_well(site: ErpNextStandin) -> None:
    health = probe(view_of(site, zone="Amsterdam"))

    assert health.is_up
    assert "Europe/Amsterdam" in health.problem
