"""Writing to a Zammad: what stands there afterwards, and under whose name."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from hub.contracts import DeliveryError, InboundRequest, SourceView
from hub.http import open_http
from hub.markup import plain_text
from hub.tickets import Account, Note, Ticket, TicketAddress, Written, fingerprint
from integrations.zammad import INTEGRATION
from tests.integrations.typed_texts import LONG_TEXT, typed_texts
from tests.integrations.zammad_requests import make_request
from tests.standins.outgoing import OutgoingRequest
from tests.standins.zammad import Desk, User, Webhook, ZammadStandin

TOKEN = "agent-token"
HUB = User(4, "hub", "Hub", "Bot", "hub@ons.example.test", token=TOKEN, may_impersonate=True)
ANJA = User(7, "anja", "Anja", "de Boer", "anja@ons.example.test")
JET = User(58, "jet", "Jet", "Vos", "jet@klant.example.test", roles=("Customer",))
STRANGER = User(9, "sam", "Sam", "Veld", "sam@ons.example.test", is_in_group=False)
GONE = User(11, "old", "Old", "Hand", "old@ons.example.test", is_active=False)
NOTE = Note("I am **on it**", "Anja de Boer", "anja")
AS_ANJA = Account("7", "anja", "anja@ons.example.test", "Anja de Boer")
AS_SAM = Account("9", "sam", "sam@ons.example.test", "Sam Veld")


@dataclass(frozen=True)
class CollectingWebhook(Webhook):
    """Keeps what it would send."""

    received: list[InboundRequest] = field(default_factory=list)

    def send(self, request: OutgoingRequest) -> int:
        headers = {name.lower(): value for name, value in request.headers.items()}
        made = InboundRequest("POST", request.body, headers, event_hint="updated")
        self.received.append(made)
        return 202


@pytest.fixture(scope="module")
def running() -> Iterator[ZammadStandin]:
    with ZammadStandin(Desk()) as standin:
        yield standin


@pytest.fixture
def zammad(running: ZammadStandin) -> ZammadStandin:
    desk = Desk((HUB, ANJA, JET, STRANGER, GONE))
    desk.add_ticket(4711, "74001", "Webshop down", customer_id=58)
    fresh = ZammadStandin(desk)
    for name in (
        "fault",
        "lost_answers",
        "has_elasticsearch",
        "is_of_2022",
        "ignores_from",
        "hides_states",
    ):
        setattr(running, name, getattr(fresh, name))
    running.desk, running.webhook, running.calls = desk, None, []
    return running


def source_of(zammad: ZammadStandin, token: str = TOKEN, **options: Any) -> SourceView:
    client = open_http(zammad.url, purpose="zammad")
    return SourceView("Zammad", zammad.url, options, {"token": token}, client)


def find(source: SourceView, display: str = "ZD#74001", external_id: str = "") -> Ticket | None:
    assert INTEGRATION.find_ticket is not None
    return INTEGRATION.find_ticket(source, TicketAddress(display, external_id))


def reply(source: SourceView, note: Note) -> Written:
    assert INTEGRATION.reply is not None
    return INTEGRATION.reply(source, Ticket("4711", "ZD#74001"), note)


def articles(zammad: ZammadStandin) -> list[dict[str, Any]]:
    return list(zammad.desk.articles.values())


def test_a_ticket_is_found_by_its_number(zammad: ZammadStandin) -> None:
    source = source_of(zammad)

    ticket = find(source)

    assert ticket is not None
    assert (ticket.external_id, ticket.display, ticket.title) == (
        "4711",
        "ZD#74001",
        "Webshop down",
    )
    assert (ticket.status, ticket.priority, ticket.owner) == ("open", "2 normal", "")
    assert ticket.url == f"{source.base_url}/#ticket/zoom/4711"
    assert ticket.customer == "jet"


@pytest.mark.parametrize("has_elasticsearch", [True, False])
@pytest.mark.parametrize("is_of_2022", [True, False])
def test_only_the_exact_number_counts_in_either_shape_of_a_search(
    zammad: ZammadStandin, has_elasticsearch: bool, is_of_2022: bool
) -> None:
    zammad.has_elasticsearch, zammad.is_of_2022 = has_elasticsearch, is_of_2022
    zammad.desk.add_ticket(1, "174001", "Another")
    zammad.desk.add_ticket(2, "90000", "About ticket 74001")

    ticket = find(source_of(zammad))

    assert ticket is not None
    assert ticket.external_id == "4711"


def test_an_id_that_is_known_needs_no_search(zammad: ZammadStandin) -> None:
    find(source_of(zammad), external_id="4711")

    assert zammad.calls == ["GET /api/v1/tickets/4711"]


def test_what_is_not_there_is_none(zammad: ZammadStandin) -> None:
    source = source_of(zammad)

    assert find(source, "ZD#99") is None
    assert find(source, "ZD#74001", external_id="5") is None


def test_a_wrong_token_is_a_sentence_with_advice(zammad: ZammadStandin) -> None:
    with pytest.raises(DeliveryError, match="Token Access") as raised:
        find(source_of(zammad, token="wrong"))

    assert raised.value.permanent


def test_a_note_is_internal_unless_it_is_public(zammad: ZammadStandin) -> None:
    source = source_of(zammad)

    reply(source, NOTE)
    reply(source, replace(NOTE, is_public=True))

    assert [one["internal"] for one in articles(zammad)] == [True, False]
    assert [one["type"] for one in articles(zammad)] == ["note", "note"]


def test_without_the_option_the_text_names_the_person(zammad: ZammadStandin) -> None:
    written = reply(source_of(zammad), replace(NOTE, account=AS_ANJA))

    article = articles(zammad)[0]
    assert article["body"] == (
        "<p>Anja de Boer via Mattermost:</p>\n<p>I am <strong>on it</strong></p>"
    )
    assert article["created_by"] == "hub"
    assert written == Written(note_id=str(article["id"]))


def test_with_the_option_the_person_writes(zammad: ZammadStandin) -> None:
    written = reply(source_of(zammad, write_as="person"), replace(NOTE, account=AS_ANJA))

    article = articles(zammad)[0]
    assert article["body"] == "<p>I am <strong>on it</strong></p>"
    assert (article["created_by"], written.written_as) == ("anja", "anja")


@pytest.mark.parametrize(
    "account",
    [Account("99", "ghost"), Account("58", "jet", "jet@klant.example.test")],
    ids=["nobody", "customer"],
)
def test_who_cannot_be_written_as_is_named(zammad: ZammadStandin, account: Account) -> None:
    written = reply(source_of(zammad, write_as="person"), replace(NOTE, account=account))

    assert articles(zammad)[0]["created_by"] == "hub"
    assert articles(zammad)[0]["internal"] is True
    assert "Anja de Boer via Mattermost:" in articles(zammad)[0]["body"]
    assert written.written_as == ""


def test_a_token_that_may_not_impersonate_names_the_person(zammad: ZammadStandin) -> None:
    zammad.desk.users[4] = replace(HUB, may_impersonate=False)

    written = reply(source_of(zammad, write_as="person"), replace(NOTE, account=AS_ANJA))

    assert "Anja de Boer via Mattermost:" in articles(zammad)[0]["body"]
    assert written.written_as == ""


def test_a_zammad_that_ignores_the_header_gets_the_name_in_the_text(zammad: ZammadStandin) -> None:
    zammad.ignores_from = True

    reply(source_of(zammad, write_as="person"), replace(NOTE, account=AS_ANJA))

    assert "Anja de Boer via Mattermost:" in articles(zammad)[0]["body"]


def test_who_may_not_write_to_the_group_does_not_write_through_the_hub(
    zammad: ZammadStandin,
) -> None:
    with pytest.raises(DeliveryError, match=r"403 Forbidden .*: Not authorized") as raised:
        reply(source_of(zammad, write_as="person"), replace(NOTE, account=AS_SAM))

    assert raised.value.permanent
    assert articles(zammad) == []


def test_state_and_owner_are_changed_and_read_back(zammad: ZammadStandin) -> None:
    note = replace(NOTE, is_closing=True, assignee=AS_ANJA)

    written = reply(source_of(zammad), note)

    assert (written.status, written.assignee, written.problems) == ("closed", "Anja de Boer", ())
    assert zammad.desk.tickets[4711]["state_id"] == 4
    assert zammad.desk.tickets[4711]["owner_id"] == 7


def test_a_state_is_known_in_any_case(zammad: ZammadStandin) -> None:
    assert reply(source_of(zammad), replace(NOTE, text="", status="Closed")).status == "closed"
    assert articles(zammad) == []


def test_an_unknown_state_leaves_the_note_and_names_those_there_are(zammad: ZammadStandin) -> None:
    written = reply(source_of(zammad), replace(NOTE, status="done"))

    assert len(articles(zammad)) == 1
    assert written.problems == (
        "Zammad has no state “done”. "
        "It has new, open, pending reminder, closed, merged, pending close",
    )


@pytest.mark.parametrize(("status", "problems"), [("closed", 0), ("done", 1)])
def test_where_states_are_hidden_zammad_judges(
    zammad: ZammadStandin, status: str, problems: int
) -> None:
    zammad.hides_states = True

    written = reply(source_of(zammad), replace(NOTE, status=status))

    assert len(written.problems) == problems
    assert len(articles(zammad)) == 1


def test_a_state_that_is_refused_leaves_the_note_and_says_why(zammad: ZammadStandin) -> None:
    written = reply(source_of(zammad), replace(NOTE, status="pending reminder"))

    assert len(articles(zammad)) == 1
    assert "pending_time" in written.problems[0]


def test_an_owner_who_is_no_agent_of_the_group_is_a_problem(zammad: ZammadStandin) -> None:
    written = reply(source_of(zammad), replace(NOTE, assignee=AS_SAM))

    assert written.assignee == ""
    assert "agent of its group" in written.problems[0]


def test_private_is_refused_before_anything_is_written(zammad: ZammadStandin) -> None:
    with pytest.raises(DeliveryError, match="--private") as raised:
        reply(source_of(zammad), replace(NOTE, is_private=True))

    assert raised.value.permanent
    assert zammad.calls == []


@pytest.mark.parametrize("options", [{}, {"write_as": "person"}])
def test_a_note_whose_answer_was_lost_is_found_and_not_written_again(
    zammad: ZammadStandin, options: dict[str, str]
) -> None:
    source, note = source_of(zammad, **options), replace(NOTE, account=AS_ANJA, is_closing=True)
    zammad.lost_answers = 1
    started_at = datetime.now(UTC)

    with pytest.raises(DeliveryError) as raised:
        reply(source, note)
    again = reply(source, replace(note, look_since=started_at))

    assert raised.value.is_fate_unknown
    assert again.was_there
    assert again.note_id == str(articles(zammad)[0]["id"])
    assert again.status == "closed"
    assert len(articles(zammad)) == 1


def test_a_change_that_may_pass_is_tried_again_behind_its_note(zammad: ZammadStandin) -> None:
    source, note = source_of(zammad), replace(NOTE, is_closing=True)
    started_at = datetime.now(UTC)
    first = reply(source, NOTE)
    zammad.lost_answers = 1

    with pytest.raises(DeliveryError) as raised:
        reply(source, replace(note, look_since=started_at))

    assert raised.value.is_fate_unknown
    assert not raised.value.permanent
    assert [str(one["id"]) for one in articles(zammad)] == [first.note_id]


@pytest.mark.parametrize(
    "change",
    [
        {"look_since": datetime(2099, 1, 1, tzinfo=UTC)},
        {"known_ids": frozenset(("9001",))},
        {"author_name": "Robin"},
        {"text": "I am off it"},
    ],
    ids=["older", "another of the hub", "another author", "another text"],
)
def test_another_note_is_not_taken_for_the_lost_one(
    zammad: ZammadStandin, change: dict[str, Any]
) -> None:
    source, note = source_of(zammad), replace(NOTE, look_since=datetime.now(UTC))
    reply(source, NOTE)

    written = reply(source, replace(note, **change))

    assert not written.was_there
    assert len(articles(zammad)) == 2


def test_a_note_of_somebody_else_with_the_same_text_is_not_ours(zammad: ZammadStandin) -> None:
    zammad.desk.add_article({"ticket_id": 4711, "body": "I am on it"}, ANJA)

    written = reply(source_of(zammad), replace(NOTE, look_since=datetime.now(UTC)))

    assert not written.was_there


def test_a_server_error_may_have_written_it(zammad: ZammadStandin) -> None:
    zammad.fault = 500

    with pytest.raises(DeliveryError) as raised:
        reply(source_of(zammad), NOTE)

    assert raised.value.is_fate_unknown
    assert not raised.value.permanent


def test_an_account_has_exactly_the_address(zammad: ZammadStandin) -> None:
    zammad.desk.users[12] = User(12, "x", "X", "Y", "banja@ons.example.test")
    zammad.has_elasticsearch = False
    assert INTEGRATION.find_account is not None
    source = source_of(zammad)

    assert INTEGRATION.find_account(source, "Anja@ons.example.test") == AS_ANJA
    assert INTEGRATION.find_account(source, "nja@ons.example.test") is None
    assert INTEGRATION.find_account(source, "old@ons.example.test") is None
    assert INTEGRATION.find_account(source, "") is None


def test_the_webhook_about_the_note_tells_its_id_and_text(zammad: ZammadStandin) -> None:
    zammad.webhook = webhook = CollectingWebhook()
    text = "See [the page](https://x.example.test)"

    written = reply(source_of(zammad), replace(NOTE, text=text))
    zammad.outbox.wait()

    event = INTEGRATION.parse(webhook.received[0], SourceView("Zammad"))
    assert event.note_id == written.note_id
    assert fingerprint(event.note_text) == fingerprint(plain_text(text))


def test_the_note_that_a_deadline_brings_along_is_no_news() -> None:
    body = {"id": 9001, "internal": True, "body": "an old note"}
    request = make_request("sla_warning", article=body, escalation_at="2026-11-24T09:00:00.000Z")

    event = INTEGRATION.parse(request, SourceView("Zammad"))

    assert (event.note_id, event.note_text) == ("", "")


def test_a_long_note_is_known_by_its_whole_text() -> None:
    text = "word " * 500
    request = make_request("updated", article={"id": 9001, "body": f"<p>{text}</p>"})

    event = INTEGRATION.parse(request, SourceView("Zammad"))

    assert fingerprint(event.note_text) == fingerprint(text)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=typed_texts())
def test_any_text_arrives_readable_and_is_known_again(zammad: ZammadStandin, text: str) -> None:
    zammad.desk.articles.clear()
    note = replace(NOTE, text=text, look_since=datetime.now(UTC) - timedelta(minutes=1))
    source = source_of(zammad)

    first, second = reply(source, note), reply(source, note)

    assert len(articles(zammad)) == 1
    assert (first.was_there, second.was_there) == (False, True)
    assert first.note_id == second.note_id


def test_a_long_text_arrives_whole(zammad: ZammadStandin) -> None:
    reply(source_of(zammad), replace(NOTE, text=LONG_TEXT))

    body = articles(zammad)[0]["body"]
    assert "&lt;script&gt;" in body
    assert body.count("gallop") == LONG_TEXT.count("gallop")
