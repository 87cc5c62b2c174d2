"""`/reply` against a real Redmine: under whose name a note stands, and what became of a status."""

from typing import Any

import pytest

from hub.demo import StandinMattermost, load_demo
from hub.invocations import State
from hub.models import CommandInvocation, Event, MattermostServer, SlashCommand, Source
from hub.polling import poll_source
from hub.secrets import hash_token
from hub.starting import STARTER_SERVER
from tests.commands import TOKEN, Keyboard
from tests.live.redmine import MAPPED_LOGIN, Redmine, wait_for_the_next_second
from tests.pumping import Pump
from tests.standins.mattermost import MattermostStandin

pytestmark = [pytest.mark.live, pytest.mark.django_db, pytest.mark.timeout(1800)]

WITHOUT_ACCOUNT = "anja"  # in Mattermost; Redmine knows nobody with her address


@pytest.fixture
def source(redmine: Redmine, standin: MattermostStandin) -> Source:
    """Of the starter set, with the key of an administrator; the addresses in chat are verified."""
    load_demo(StandinMattermost(standin.url, standin.token))
    MattermostServer.objects.filter(name=STARTER_SERVER).update(has_verified_emails=True)
    SlashCommand.objects.filter(trigger="reply").update(token_sha256=hash_token(TOKEN))
    source = Source.objects.get(integration="redmine")
    source.base_url, source.credentials = redmine.url, {"api_key": redmine.admin_key}
    source.options = {"write_as": "person", "poll": "yes", "poll_seconds": 0}
    source.save()
    return source


@pytest.fixture
def keyboard(source: Source, standin: MattermostStandin) -> Keyboard:
    return Keyboard(standin, "development")


def text_of(row: CommandInvocation) -> str:
    return str(row.answer["text"])


def last_journal(redmine: Redmine, issue_id: int) -> dict[str, Any]:
    return redmine.journals(issue_id)[-1]


def status_of(redmine: Redmine, issue_id: int) -> str:
    return str(redmine.call("GET", f"/issues/{issue_id}.json")["issue"]["status"]["name"])


def test_a_note_stands_under_the_name_of_who_typed_it(keyboard: Keyboard, redmine: Redmine) -> None:
    issue_id = redmine.create_issue("Login fails after the update")

    row = keyboard.run(f"/reply #{issue_id} Code review is *done*, see `main`", user=MAPPED_LOGIN)

    journal = last_journal(redmine, issue_id)
    assert row.state == State.DONE, row.outcome
    assert journal["user"]["id"] == redmine.mapped_id
    assert journal["notes"] == "Code review is *done*, see `main`"
    assert row.note_id == str(journal["id"])


def test_who_has_no_account_there_is_named_in_the_note(
    keyboard: Keyboard, redmine: Redmine
) -> None:
    issue_id = redmine.create_issue("Printer on fire")

    keyboard.run(f"/reply #{issue_id} On my way", user=WITHOUT_ACCOUNT)

    journal = last_journal(redmine, issue_id)
    assert journal["user"]["id"] != redmine.mapped_id
    assert journal["notes"].startswith("Anja ")
    assert journal["notes"].endswith("via Mattermost:\n\nOn my way")


def test_an_address_that_nobody_verified_does_not_write_as_its_owner(
    keyboard: Keyboard, redmine: Redmine
) -> None:
    MattermostServer.objects.update(has_verified_emails=False)
    issue_id = redmine.create_issue("Contract")

    keyboard.run(f"/reply #{issue_id} I agree", user=MAPPED_LOGIN)

    journal = last_journal(redmine, issue_id)
    assert journal["user"]["id"] != redmine.mapped_id
    assert "via Mattermost:" in journal["notes"]


def test_a_status_that_his_role_allows_is_set_in_his_name(
    keyboard: Keyboard, redmine: Redmine
) -> None:
    issue_id = redmine.create_issue("Slow search")

    row = keyboard.run(
        f'/reply #{issue_id} --status "In Progress" I look into it', user=MAPPED_LOGIN
    )

    journal = last_journal(redmine, issue_id)
    assert "Status: In Progress." in text_of(row)
    assert status_of(redmine, issue_id) == "In Progress"
    assert (journal["user"]["id"], journal["notes"]) == (redmine.mapped_id, "I look into it")


def test_a_status_that_his_role_bars_is_said_and_the_note_stands(
    keyboard: Keyboard, redmine: Redmine
) -> None:
    issue_id = redmine.create_issue("Wrong total")

    row = keyboard.run(f"/reply #{issue_id} --status Rejected Not ours", user=MAPPED_LOGIN)

    journal = last_journal(redmine, issue_id)
    assert row.state == State.DONE, row.outcome
    assert "Redmine allows no change from “New” to “Rejected”" in text_of(row)
    assert "In Progress" in text_of(row)
    assert status_of(redmine, issue_id) == "New"
    assert (journal["user"]["id"], journal["notes"]) == (redmine.mapped_id, "Not ours")


def test_who_has_no_account_there_has_the_rights_of_the_key(
    keyboard: Keyboard, redmine: Redmine
) -> None:
    issue_id = redmine.create_issue("Old request")

    row = keyboard.run(f"/reply #{issue_id} --status Rejected Not ours", user=WITHOUT_ACCOUNT)

    assert "Status: Rejected." in text_of(row)
    assert status_of(redmine, issue_id) == "Rejected"


def test_what_was_written_from_chat_is_not_told_to_the_chat_again(
    source: Source, keyboard: Keyboard, redmine: Redmine, pump: Pump
) -> None:
    issue_id = redmine.create_issue("Broken link")
    poll_source(source)
    wait_for_the_next_second()
    keyboard.run(f"/reply #{issue_id} Mended", user=MAPPED_LOGIN)

    found = poll_source(source)
    pump.run()

    event = Event.objects.latest("pk")
    assert (found, event.kind) == (1, "issue.commented")
    assert event.state == Event.State.IGNORED
