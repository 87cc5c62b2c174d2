"""What Zammad sends, recognised and understood: both payload forms and their oddities."""

import contextlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contracts import (
    Actor,
    ExternalReference,
    Identity,
    InboundRequest,
    JSONObject,
    JSONValue,
    PayloadError,
    SourceView,
    VerificationError,
)
from integrations.zammad import events
from integrations.zammad.kinds import KINDS
from tests.integrations.zammad_requests import JUST_WRITTEN, TICKET, make_request, parse

FIELDS = st.sampled_from(
    [*TICKET, *JUST_WRITTEN, "owner", "owner_id", "customer", "name", "login", "vip", "event"]
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(FIELDS, inner, max_size=3),
    max_leaves=6,
)
DELIVERY = {"x-zammad-delivery": "5b0f"}


def test_the_signature_is_hmac_sha1_over_the_raw_body() -> None:
    body = b'{"ticket": {"title": "\\u003cb\\u003e"}}'
    signature = hmac.new(b"secret", body, "sha1").hexdigest()
    request = InboundRequest("POST", body, {"x-hub-signature": f"sha1={signature}"})

    events.verify(request, "secret")

    with pytest.raises(VerificationError, match="wrong"):
        events.verify(replace(request, body=body + b"\n"), "secret")
    with pytest.raises(VerificationError, match="missing"):
        events.verify(replace(request, headers={}), "secret")


def test_the_delivery_id_is_the_dedup_key() -> None:
    identity = events.identify(make_request("closed", headers=DELIVERY))

    assert identity == Identity("5b0f", "ZD#74001")


def test_without_a_delivery_id_an_escalation_is_known_by_its_deadline_and_day() -> None:
    today = make_request("sla_breached", escalation_at="2026-11-24 08:00:00 UTC")
    retried = replace(today, received_at=datetime(2026, 11, 24, 8, 43, tzinfo=UTC))
    repeated = replace(today, received_at=datetime(2026, 11, 25, 0, 5, tzinfo=UTC))

    key = events.identify(today).dedup_key

    assert key == events.identify(retried).dedup_key != events.identify(repeated).dedup_key
    assert key is not None


def test_without_a_delivery_id_any_other_change_is_known_by_its_body() -> None:
    assert events.identify(make_request("closed")).dedup_key is None


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"ticket": 5}', b'{"ticket": {"number": []}}'])
def test_a_decodable_body_of_any_shape_is_identified(body: bytes) -> None:
    request = InboundRequest("POST", body, event_hint="sla_warning")

    assert events.identify(request) == Identity(None, "")


def test_an_undecodable_body_is_refused_in_the_request() -> None:
    with pytest.raises(PayloadError):
        events.identify(InboundRequest("POST", b"{"))


def test_a_custom_payload_means_the_same_as_the_default_one() -> None:
    custom: dict[str, Any] = {
        "id": "4711",
        "priority": "3 high",
        "group": "Support",
        "owner": "anna",
        "owner_name": "Anna Bos",
        "owner_email": "anna@desk.example.test",
        "customer": "Jet Vos",
        "created_at": "2026-11-24 08:02:11 UTC",
        "updated_at": "2026-11-24 08:42:09 UTC",
    }
    default: dict[str, Any] = {
        "group": {"id": 3, "name": "Support"},
        "owner_id": 4,
        "owner": {
            "id": 4,
            "login": "anna",
            "firstname": "Anna",
            "lastname": "Bos",
            "email": "anna@desk.example.test",
        },
        "customer": {"id": 58, "firstname": "Jet", "lastname": "Vos"},
    }

    assert parse(make_request("updated", **custom)) == parse(make_request("updated", **default))


def test_a_reference_is_the_id_and_the_number_people_quote() -> None:
    event = parse(make_request("closed"))

    assert event.reference == ExternalReference("4711", "ZD#74001", "2026-11-24T08:02:11Z")
    assert event.url == "https://desk.example.test/#ticket/zoom/4711"


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://other.example.test/#ticket/zoom/1", "https://other.example.test/#ticket/zoom/1"),
        ("javascript:alert(1)", "https://desk.example.test/#ticket/zoom/4711"),
        ("https://x.example.test/ onclick", "https://desk.example.test/#ticket/zoom/4711"),
    ],
)
def test_a_link_of_the_payload_is_used_when_it_is_one(link: str, url: str) -> None:
    assert parse(make_request("closed", body={"link": link})).url == url


def test_missing_parts_leave_no_trace() -> None:
    request = InboundRequest("POST", b'{"ticket": {"id": 4711}, "article": {}}')

    event = events.parse(request, SourceView("Zammad"))

    assert event.title == event.reference.display == "ticket 4711"  # type: ignore[union-attr]
    assert event.url == ""
    assert event.actor is None
    assert "None" not in str(event.data.values())


@pytest.mark.parametrize("owner", [{"id": 1, "login": "-", "firstname": "-"}, "-", "", {}, None])
def test_nobody_owns_an_unassigned_ticket(owner: object) -> None:
    assert parse(make_request("updated", owner=owner)).data["owner"] == ""


def test_vip_is_the_customer_or_his_organization() -> None:
    customer = parse(make_request("updated", customer={"id": 5, "login": "jet", "vip": True}))
    organization = parse(make_request("updated", organization={"name": "Klant BV", "vip": "true"}))

    assert customer.data["is_vip"] is True
    assert organization.data["is_vip"] is True


@pytest.mark.parametrize(
    ("option", "is_p1"),
    [(None, True), (["4 disaster"], False), (["4 disaster", "3 HIGH"], True), ("3 high", True)],
)
def test_the_admin_says_which_priorities_are_p1(option: object, is_p1: bool) -> None:
    assert parse(make_request("created"), p1_priorities=option).data["is_p1"] is is_p1


def test_the_actor_is_who_wrote_or_changed_it() -> None:
    changed_by = {"id": 4, "login": "anna", "firstname": "Anna", "email": "anna@desk.example.test"}

    replied = parse(make_request("replied", article=JUST_WRITTEN, updated_by=changed_by))
    closed = parse(make_request("closed", article=JUST_WRITTEN, updated_by=changed_by))
    by_system = parse(make_request("closed", updated_by={"id": 1, "login": "-"}))

    assert replied.actor == Actor("Jet Vos", "jet")
    assert closed.actor == Actor("Anna", "anna", "anna@desk.example.test")
    assert by_system.actor is None


def test_an_internal_note_makes_an_update_private() -> None:
    event = parse(make_request(article=JUST_WRITTEN | {"internal": True}))

    assert event.is_private
    assert event.data["article_text"] == "Still down"


def test_news_that_merely_comes_with_an_internal_note_is_public_without_it() -> None:
    event = parse(make_request("tagged", article=JUST_WRITTEN | {"internal": "true"}))

    assert not event.is_private
    assert event.data["article_text"] == ""
    assert event.data["is_internal"] is True


@pytest.mark.parametrize(
    ("hint", "is_ignored"), [("updated", True), ("replied", True), ("closed", False)]
)
def test_the_hubs_own_note_is_not_told_about(hint: str, is_ignored: bool) -> None:
    own = JUST_WRITTEN | {"created_by": {"id": 99, "login": "Hub"}}

    event = parse(make_request(hint, article=own))

    assert bool(event.ignored_because) is is_ignored


def test_unknown_variables_of_a_custom_payload_are_left_out_and_named() -> None:
    event = parse(make_request("created", customer="#{ticket.customer.nam / no such method}"))

    assert event.data["customer"] == ""
    assert event.data["broken_variables"] == ["ticket.customer.nam"]


def test_a_body_with_only_an_error_says_where_to_repair_it() -> None:
    request = InboundRequest("POST", b'{"error": "expected , or }"}')

    with pytest.raises(PayloadError, match=r"custom payload .* corrected in Zammad") as raised:
        parse(request)

    assert raised.value.path == "error"


@pytest.mark.parametrize(
    ("ticket", "path"),
    [
        ({"id": None}, "ticket.id"),
        ({"id": "x"}, "ticket.id"),
        ({"title": ["x"]}, "ticket.title"),
        ({"priority": 3.5, "group": [1]}, "ticket.group"),
        ({"priority": {"name": {}}}, "ticket.priority.name"),
        ({"owner": {"vip": "maybe"}}, "ticket.owner.vip"),
        ({"customer": {"login": True}}, "ticket.customer.login"),
        ({"escalation_at": "soon"}, "ticket.escalation_at"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "ticket.created_at"),
    ],
)
def test_an_unexpected_shape_names_its_first_surprise(ticket: dict[str, Any], path: str) -> None:
    with pytest.raises(PayloadError) as raised:
        parse(make_request("created", **ticket))

    assert raised.value.path == path


@pytest.mark.parametrize(
    ("article", "path"),
    [
        ("text", "article"),
        ({"attachments": {"a": 1}}, "article.attachments"),
        ({"attachments": [{"filename": "a"}, 5]}, "article.attachments.1"),
    ],
)
def test_an_article_of_another_shape_is_named_too(article: object, path: str) -> None:
    with pytest.raises(PayloadError) as raised:
        parse(make_request("created", body={"article": article}))  # type: ignore[dict-item]

    assert raised.value.path == path


@given(st.dictionaries(FIELDS, ANY_JSON, max_size=6), ANY_JSON, ANY_JSON)
def test_no_shape_of_body_is_an_accident(
    ticket: dict[str, Any], article: JSONValue, event: JSONValue
) -> None:
    body: JSONObject = {"ticket": {"id": 4711} | ticket, "article": article, "event": event}
    request = InboundRequest("POST", json.dumps(body).encode())
    events.identify(request)

    with contextlib.suppress(PayloadError):
        assert set(parse(request).kinds) <= set(KINDS)
