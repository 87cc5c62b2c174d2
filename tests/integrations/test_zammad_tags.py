"""The tags that Zammad's webhooks lack: one call, and what it tells once."""

from collections.abc import Iterator

import pytest
import responses
from responses import matchers

from hub.contracts import DeliveryError, ExternalReference, JSONObject, ParsedEvent, SourceView
from hub.http import open_http
from integrations.zammad import INTEGRATION

DESK = "http://desk.example.test"
REFERENCE = ExternalReference("4711", "ZD#74001")


@pytest.fixture
def zammad() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def make_event(*kinds: str, **fields: object) -> ParsedEvent:
    return ParsedEvent(kinds=kinds, reference=REFERENCE, **fields)  # type: ignore[arg-type]


def enrich(event: ParsedEvent, state: JSONObject, **options: str) -> ParsedEvent:
    credentials = {"token": "agent-token"}
    source = SourceView("Zammad", DESK, options, credentials, open_http(DESK))
    assert INTEGRATION.enrich is not None
    return INTEGRATION.enrich(event, source, state)


def answer_tags(zammad: responses.RequestsMock, *tags: str) -> None:
    asked = {"object": "Ticket", "o_id": "4711"}
    sent = {
        "Authorization": "Token token=agent-token",
        "Accept": "application/json",
        "Content-Type": "application/json",
    }
    zammad.get(
        f"{DESK}/api/v1/tags",
        json={"tags": list(tags)},
        match=[matchers.query_param_matcher(asked), matchers.header_matcher(sent)],
    )


def test_tags_are_read_with_one_call(zammad: responses.RequestsMock) -> None:
    answer_tags(zammad, "vip", "hardware")

    event = enrich(make_event("ticket.closed", data={"number": "74001"}), {})

    assert event.data == {"number": "74001", "tags": ["vip", "hardware"]}
    assert event.kinds == ("ticket.closed",)
    assert len(zammad.calls) == 1


def test_a_tag_that_is_new_on_a_ticket_is_told(zammad: responses.RequestsMock) -> None:
    answer_tags(zammad, "vip", "Mattermost")
    state: JSONObject = {"tags:4711": ["vip"], "told:4711": None}

    event = enrich(make_event("ticket.replied"), state)

    assert event.kinds == ("ticket.replied", "ticket.tagged")
    assert event.changed == ("tags",)
    assert state["tags:4711"] == ["vip", "Mattermost"]


def test_a_tag_seen_before_is_not_told_again(zammad: responses.RequestsMock) -> None:
    answer_tags(zammad, "mattermost")

    event = enrich(make_event("ticket.replied"), {"tags:4711": ["mattermost"]})

    assert event.kinds == ("ticket.replied",)


def test_a_tag_taken_off_and_put_on_again_is_told_again(zammad: responses.RequestsMock) -> None:
    state: JSONObject = {"tags:4711": ["mattermost"]}
    answer_tags(zammad)
    answer_tags(zammad, "mattermost")

    enrich(make_event("ticket.replied"), state)
    event = enrich(make_event("ticket.replied"), state)

    assert "ticket.tagged" in event.kinds


def test_a_private_update_that_brings_the_tag_becomes_public_without_its_note(
    zammad: responses.RequestsMock,
) -> None:
    answer_tags(zammad, "mattermost")
    note: JSONObject = {"article_text": "pays late", "attachment_names": ["bill.pdf"]}

    event = enrich(make_event("ticket.updated", is_private=True, data=note), {})

    assert event.kinds == ("ticket.tagged",)
    assert not event.is_private
    assert event.data == {"article_text": "", "attachment_names": [], "tags": ["mattermost"]}


def test_the_webhook_for_the_tag_is_not_told_after_the_change_that_brought_it(
    zammad: responses.RequestsMock,
) -> None:
    state: JSONObject = {}
    answer_tags(zammad, "mattermost")
    answer_tags(zammad, "mattermost")
    answer_tags(zammad, "mattermost")

    enrich(make_event("ticket.updated"), state)
    twin = enrich(make_event("ticket.tagged"), state)
    later = enrich(make_event("ticket.tagged"), state)

    assert "already" in twin.ignored_because
    assert later.ignored_because == ""


def test_the_change_after_the_webhook_for_the_tag_does_not_tell_it(
    zammad: responses.RequestsMock,
) -> None:
    state: JSONObject = {}
    zammad.get(f"{DESK}/api/v1/tags", status=500)
    answer_tags(zammad, "mattermost")

    with pytest.raises(DeliveryError):
        enrich(make_event("ticket.tagged"), state)
    event = enrich(make_event("ticket.updated"), state)

    assert event.kinds == ("ticket.updated",)


def test_a_ticket_being_closed_is_not_escalated(zammad: responses.RequestsMock) -> None:
    answer_tags(zammad, "mattermost")

    assert enrich(make_event("ticket.closed"), {}).kinds == ("ticket.closed",)


def test_the_admin_chooses_the_tag(zammad: responses.RequestsMock) -> None:
    answer_tags(zammad, "dev")

    event = enrich(make_event("ticket.replied"), {}, tag="dev")

    assert "ticket.tagged" in event.kinds


def test_a_ticket_without_tags_leaves_no_state(zammad: responses.RequestsMock) -> None:
    answer_tags(zammad)
    state: JSONObject = {"tags:4711": None, "told:4711": None}

    enrich(make_event("ticket.updated"), state)

    assert state == {"tags:4711": None, "told:4711": None}


def test_without_a_token_nothing_is_asked() -> None:
    event = make_event("ticket.updated")
    source = SourceView("Zammad", DESK, http=open_http(DESK))
    assert INTEGRATION.enrich is not None

    assert INTEGRATION.enrich(event, source, {}) is event


@pytest.mark.parametrize("body", ['{"tags": "vip"}', "[]", "<html>"])
def test_an_answer_of_another_shape_is_an_error(zammad: responses.RequestsMock, body: str) -> None:
    zammad.get(f"{DESK}/api/v1/tags", body=body)

    with pytest.raises(DeliveryError):
        enrich(make_event("ticket.updated"), {})
