"""Writing to a Redmine: what stands there afterwards, and under whose name."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from hub.contracts import DeliveryError, InboundRequest, SourceView
from hub.markup import plain_text
from hub.tickets import Account, Note, Ticket, TicketAddress, Written, fingerprint
from integrations.redmine import INTEGRATION
from tests.integrations.redmine_requests import (
    ANJA,
    HUB,
    KEY,
    NOW,
    ROBIN,
    from_outgoing,
    source_of,
)
from tests.integrations.typed_texts import LONG_TEXT, typed_texts
from tests.standins.outgoing import OutgoingRequest
from tests.standins.redmine import NativeWebhook, RedmineStandin, Site, User

ADMIN = replace(HUB, is_admin=True)
LOCKED = User(3, "old", "Old", "Hand", is_locked=True)
GUEST = User(9, "sam", "Sam", "Veld", is_member=False, may_write_private=False)
MUTE = User(10, "mute", "Mute", "Ed", may_write=False)
USERS = (ADMIN, ANJA, ROBIN, LOCKED, GUEST, MUTE)
NOTE = Note("I am **on it**", "Anja Klein", "anja")
AS_ANJA = Account("7", "anja", "anja@example.test", "Anja Klein")
AS_SAM = Account("9", "sam", "sam@example.test", "Sam Veld")
AS_PERSON = {"write_as": "person"}
IN_PROGRESS, CLOSED = 2, 5


@dataclass(frozen=True)
class CollectingWebhook(NativeWebhook):
    """Keeps what it would send."""

    received: list[InboundRequest] = field(default_factory=list)

    def send(self, request: OutgoingRequest) -> int:
        self.received.append(from_outgoing(request))
        return 200


@pytest.fixture
def redmine() -> Iterator[RedmineStandin]:
    with RedmineStandin(Site(NOW, USERS, first_id=23)) as redmine:
        redmine.site.create(ROBIN, "Login fails")
        yield redmine


def find(source: SourceView, display: str = "#23", external_id: str = "") -> Ticket | None:
    assert INTEGRATION.find_ticket is not None
    return INTEGRATION.find_ticket(source, TicketAddress(display, external_id))


def reply(source: SourceView, note: Note) -> Written:
    assert INTEGRATION.reply is not None
    return INTEGRATION.reply(source, Ticket("23", "#23"), note)


def notes(redmine: RedmineStandin) -> list[tuple[str, str]]:
    """Author and text of each."""
    return [(one.user.login, one.notes) for one in redmine.site.issues[23].journals if one.notes]


def test_an_issue_is_found_by_its_number_or_id(redmine: RedmineStandin) -> None:
    source = source_of(redmine, prefix="crm")

    ticket = find(source, "crm#23")

    assert ticket is not None
    assert (ticket.external_id, ticket.display, ticket.title) == ("23", "crm#23", "Login fails")
    assert (ticket.status, ticket.priority, ticket.is_closed) == ("New", "Normal", False)
    assert ticket.url == f"{redmine.url}/issues/23"
    assert find(source, "whatever", "23") == ticket


def test_what_is_not_there_is_none(redmine: RedmineStandin) -> None:
    assert find(source_of(redmine), "#99") is None
    assert find(source_of(redmine), "no number") is None


def test_what_the_key_may_not_see_is_an_error(redmine: RedmineStandin) -> None:
    redmine.site.issues[23].is_private = True
    redmine.site.users[2] = replace(HUB, may_see_private=False)

    with pytest.raises(DeliveryError, match="does not allow it"):
        find(source_of(redmine))


def test_without_the_option_the_text_names_the_person(redmine: RedmineStandin) -> None:
    written = reply(source_of(redmine), replace(NOTE, account=AS_ANJA))

    assert notes(redmine) == [("hub", "Anja Klein via Mattermost:\n\nI am **on it**")]
    assert written == Written(note_id=str(redmine.site.last_journal_id))


def test_with_the_option_the_person_writes(redmine: RedmineStandin) -> None:
    written = reply(source_of(redmine, **AS_PERSON), replace(NOTE, account=AS_ANJA))

    assert notes(redmine) == [("anja", "I am **on it**")]
    assert written.written_as == "anja"


@pytest.mark.parametrize(
    "account",
    [Account("3", "old"), Account("99", "ghost"), Account("99", "anja"), Account("7", "")],
    ids=["locked", "unknown", "another of that name", "without login"],
)
def test_who_cannot_be_written_as_is_named(redmine: RedmineStandin, account: Account) -> None:
    written = reply(source_of(redmine, **AS_PERSON), replace(NOTE, account=account))

    assert notes(redmine) == [("hub", "Anja Klein via Mattermost:\n\nI am **on it**")]
    assert written.written_as == ""


def test_the_key_of_an_ordinary_user_names_the_person(redmine: RedmineStandin) -> None:
    redmine.site.users[2] = HUB

    written = reply(source_of(redmine, **AS_PERSON), replace(NOTE, account=AS_ANJA))

    assert notes(redmine)[0][0] == "hub"
    assert notes(redmine)[0][1].startswith("Anja Klein via Mattermost:")
    assert written.written_as == ""


def test_status_and_assignee_are_changed_and_read_back(redmine: RedmineStandin) -> None:
    written = reply(source_of(redmine), replace(NOTE, status="in progress", assignee=AS_ANJA))

    assert (written.status, written.assignee, written.problems) == (
        "In Progress",
        "Anja Klein",
        (),
    )
    assert len(redmine.site.issues[23].journals) == 1


@pytest.mark.parametrize(
    ("option", "status"), [({}, "Closed"), ({"closed_status": "Rejected"}, "Rejected")]
)
def test_closing_takes_the_status_the_option_names(
    redmine: RedmineStandin, option: dict[str, str], status: str
) -> None:
    assert reply(source_of(redmine, **option), replace(NOTE, is_closing=True)).status == status


def test_a_status_the_workflow_bars_leaves_the_note_and_names_the_allowed(
    redmine: RedmineStandin,
) -> None:
    redmine.site.barred = {(1, CLOSED), (1, 6), (1, 4)}

    written = reply(source_of(redmine), replace(NOTE, is_closing=True))

    assert len(notes(redmine)) == 1
    assert written.status == "New"
    assert written.problems == (
        "Redmine allows no change from “New” to a closed status; "
        "allowed: New, In Progress, Resolved",
    )


def test_an_old_redmine_that_does_not_say_is_read_back(redmine: RedmineStandin) -> None:
    redmine.is_before_5, redmine.site.barred = True, {(1, CLOSED)}

    written = reply(source_of(redmine), replace(NOTE, is_closing=True))

    assert len(notes(redmine)) == 1
    assert written.problems == ("The issue is still “New”: the workflow does not allow the change",)


def test_a_refused_assignee_leaves_the_note_and_says_why(redmine: RedmineStandin) -> None:
    written = reply(source_of(redmine), replace(NOTE, assignee=AS_SAM))

    assert len(notes(redmine)) == 1
    assert written.problems == ("Redmine refused the change: Assignee is invalid",)


def test_an_issue_is_changed_without_a_note(redmine: RedmineStandin) -> None:
    written = reply(source_of(redmine), replace(NOTE, text="", status="In Progress"))

    assert written == Written(status="In Progress")
    assert redmine.site.issues[23].status_id == IN_PROGRESS


def test_a_private_note_beside_a_change_is_found_in_its_own_journal(
    redmine: RedmineStandin,
) -> None:
    written = reply(source_of(redmine), replace(NOTE, is_private=True, is_closing=True))

    journal = redmine.site.issues[23].journals[-1]
    assert (journal.is_private, journal.details) == (True, ())
    assert written.note_id == str(journal.id)


def test_a_private_note_is_the_hubs_own_so_that_it_stays_private(redmine: RedmineStandin) -> None:
    note = replace(NOTE, is_private=True, account=AS_SAM)

    written = reply(source_of(redmine, **AS_PERSON), note)

    journal = redmine.site.issues[23].journals[-1]
    assert (journal.is_private, written.written_as, written.problems) == (True, "", ())
    assert journal.notes.startswith(note.author_name)


def test_a_private_note_that_became_public_is_a_problem(redmine: RedmineStandin) -> None:
    redmine.site.users[2] = replace(ADMIN, may_write_private=False)

    written = reply(source_of(redmine), replace(NOTE, is_private=True))

    assert "not private" in written.problems[0]


def test_a_note_that_was_not_stored_is_an_error(redmine: RedmineStandin) -> None:
    redmine.site.users[2] = replace(ADMIN, may_write=False)

    with pytest.raises(DeliveryError, match="did not store the note") as raised:
        reply(source_of(redmine), NOTE)

    assert raised.value.permanent
    assert not raised.value.is_fate_unknown


def test_public_is_refused_before_anything_is_asked(redmine: RedmineStandin) -> None:
    with pytest.raises(DeliveryError, match="--public"):
        reply(source_of(redmine), replace(NOTE, is_public=True))

    assert redmine.calls == []


def test_a_wrong_key_is_a_sentence_with_advice(redmine: RedmineStandin) -> None:
    with pytest.raises(DeliveryError, match="API access key"):
        reply(source_of(redmine, key="wrong"), NOTE)


@pytest.mark.parametrize("options", [{}, AS_PERSON])
def test_a_note_whose_answer_was_lost_is_found_and_not_written_again(
    redmine: RedmineStandin, options: dict[str, str]
) -> None:
    source, note = source_of(redmine, **options), replace(NOTE, account=AS_ANJA, is_closing=True)
    redmine.lost_answers = 1

    with pytest.raises(DeliveryError) as raised:
        reply(source, note)
    again = reply(source, replace(note, look_since=NOW))

    assert raised.value.is_fate_unknown
    assert again.was_there
    assert again.note_id == str(redmine.site.last_journal_id)
    assert len(notes(redmine)) == 1


def test_after_a_note_was_found_a_failing_change_is_tried_again_behind_it(
    redmine: RedmineStandin,
) -> None:
    source = source_of(redmine)
    reply(source, NOTE)
    redmine.lost_answers = 1

    with pytest.raises(DeliveryError) as raised:
        reply(source, replace(NOTE, look_since=NOW, is_closing=True))

    assert raised.value.is_fate_unknown
    assert len(notes(redmine)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"look_since": NOW + timedelta(minutes=5)},
        {"known_ids": frozenset(("1",))},
        {"author_name": "Robin"},
        {"text": "I am off it"},
    ],
    ids=["older", "another of the hub", "another author", "another text"],
)
def test_another_note_is_not_taken_for_the_lost_one(
    redmine: RedmineStandin, change: dict[str, Any]
) -> None:
    source, note = source_of(redmine), replace(NOTE, look_since=NOW)
    reply(source, NOTE)

    written = reply(source, replace(note, **change))

    assert not written.was_there
    assert len(notes(redmine)) == 2


def test_an_account_has_exactly_the_address(redmine: RedmineStandin) -> None:
    source = source_of(redmine)
    assert INTEGRATION.find_account is not None

    assert INTEGRATION.find_account(source, "Anja@example.test") == AS_ANJA
    assert INTEGRATION.find_account(source, "nja@example.test") is None
    assert INTEGRATION.find_account(source, "old@example.test") is None
    assert INTEGRATION.find_account(source, " ") is None


def test_accounts_want_the_key_of_an_administrator(redmine: RedmineStandin) -> None:
    redmine.site.users[2] = HUB
    assert INTEGRATION.find_account is not None

    with pytest.raises(DeliveryError, match="administrators only"):
        INTEGRATION.find_account(source_of(redmine, key=KEY), "anja@example.test")


@pytest.mark.parametrize("markup", ["markdown", "textile"])
def test_the_webhook_about_the_note_tells_its_id_and_text(
    redmine: RedmineStandin, markup: str
) -> None:
    redmine.webhook = webhook = CollectingWebhook()
    source, text = source_of(redmine, markup=markup), "See [the page](https://x.example.test) <b>"

    written = reply(source, replace(NOTE, text=text))
    redmine.outbox.wait()

    event = INTEGRATION.parse(webhook.received[0], source)
    assert event.note_id == written.note_id
    assert fingerprint(event.note_text) == fingerprint(plain_text(text))


@pytest.mark.parametrize("markup", ["markdown", "textile"])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=typed_texts())
def test_any_text_is_known_again(redmine: RedmineStandin, markup: str, text: str) -> None:
    redmine.site.issues[23].journals.clear()
    source, note = source_of(redmine, markup=markup), replace(NOTE, text=text, look_since=NOW)

    first, second = reply(source, note), reply(source, note)

    assert len(notes(redmine)) == 1
    assert (first.was_there, second.was_there) == (False, True)


@pytest.mark.parametrize("markup", ["markdown", "textile"])
def test_a_long_text_arrives_whole(redmine: RedmineStandin, markup: str) -> None:
    reply(source_of(redmine, markup=markup), replace(NOTE, text=LONG_TEXT))

    assert notes(redmine)[0][1].count("gallop") == LONG_TEXT.count("gallop")
