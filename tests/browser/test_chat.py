"""Typing and pressing in the stand-in's page, with a real hub between it and the systems."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django import DjangoDbBlocker

from hub.demo import SIGNING_SECRET, StandinMattermost, load_demo, register_commands
from hub.models import SlashCommand
from tests.browser.chromium import running_chromium
from tests.running import free_port, running_web, running_worker, wait_until
from tests.standins import n8n
from tests.standins.mattermost import MattermostStandin
from tests.standins.n8n.traffic import approval
from tests.standins.platform import Platform
from tests.standins.stories import Request
from tests.standins.traffic import send

pytestmark = pytest.mark.browser

KEY = "key-of-the-hub"
ANSWER_MS = 15_000  # a machine that does something else as well
UNDO_SECONDS = 4  # long enough to press, short enough to wait for
FIRST_INVOICE = 118


@dataclass
class Stage:
    """A hub between a Mattermost with a page and systems that can be asked what they hold."""

    chat: MattermostStandin
    platform: Platform
    browser: Browser
    hooks: dict[str, str]

    def open(self, channel: str, username: str = "anja") -> Page:
        """As this person sees it, in a browser of her own."""
        page = self.browser.new_page()
        page.goto(f"{self.chat.url}/demo/channels/{channel}")
        expect(page.locator("#who")).to_have_value("anja")  # whom the page begins with
        page.locator("#who").select_option(username)
        return page

    @contextmanager
    def n8n_takes_its_time(self) -> Iterator[None]:
        webhook = self.platform.n8n.default_webhook or n8n.Webhook()
        webhook.is_held = True
        try:
            yield
        finally:
            webhook.is_held = False

    def ask_for_approval(self, number: int) -> None:
        body = n8n.HttpRequestNode(secret=SIGNING_SECRET).build(
            approval(number, self.platform.n8n.url)
        )
        request = Request("n8n", "approval", "", body.headers, body.body)
        assert send(self.hooks["n8n"], request) == ""

    @property
    def notes_of_issue(self) -> list[str]:
        return [journal.notes for journal in self.platform.redmine.site.issues[23].journals]

    @property
    def articles(self) -> list[dict[str, Any]]:
        return [*self.platform.zammad.desk.articles.values()]

    def presses_about(self, number: int) -> list[dict[str, Any]]:
        """What the workflow was told."""
        webhook = self.platform.n8n.default_webhook
        told = [one.body for one in webhook.received] if webhook else []
        return [one for one in told if f"INV-2026-{number}" in str(one)]


@pytest.fixture(scope="module")
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """In place of pytest-django's own: what is in the database stays for all tests here."""
    with django_db_blocker.unblock():
        yield
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    expect.set_options(timeout=ANSWER_MS)
    yield
    expect.set_options(timeout=None)


@pytest.fixture(scope="module")
def stage(db: None, chromium_path: str) -> Iterator[Stage]:
    """One for all tests here: each is about words of its own."""
    port = free_port()
    hub_url = f"http://127.0.0.1:{port}"
    with MattermostStandin() as chat, Platform(KEY, first_number=75_000) as platform:
        chat.configure(EnableCommands=True)
        paths = load_demo(
            StandinMattermost(chat.url, chat.token, chat.user_token("admin")),
            platform.addresses,
            KEY,
        )
        SlashCommand.objects.update(undo_seconds=UNDO_SECONDS)
        hooks = {name: f"{hub_url}{path}" for name, path in paths.items()}
        platform.tell(hooks, SIGNING_SECRET)
        with (
            running_web(port=port, HUB_BASE_URL=hub_url),
            running_worker(HUB_BASE_URL=hub_url),
            override_settings(HUB_BASE_URL=hub_url),
        ):
            assert list(register_commands(timezone.now())) == []
            with running_chromium(chromium_path) as browser:
                yield Stage(chat, platform, browser, hooks)


def write(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.locator("#text").press("Enter")
    expect(page.locator("#text")).to_have_value("")


def told(page: Page, text: str) -> Locator:
    """The answer that only this person sees."""
    return page.locator("article.is-ephemeral", has_text=text).last


def question(page: Page, number: int) -> Locator:
    return page.locator("#list > article", has_text=f"INV-2026-{number}")


def decision(button: str) -> re.Pattern[str]:
    return re.compile(rf"{button}: @anja.*The workflow goes on\.", re.DOTALL)


def test_a_reply_that_names_an_issue_is_a_note_in_redmine_by_the_person(stage: Stage) -> None:
    page = stage.open("general")

    write(page, "/reply #23 Code review is **done**")

    expect(told(page, "Written to #23")).to_contain_text("Show the delivery date in the portal")
    journal = stage.platform.redmine.site.issues[23].journals[-1]
    assert stage.notes_of_issue.count("Code review is **done**") == 1
    assert journal.user.login == "anja"


def test_a_reply_that_names_a_ticket_is_an_internal_note_in_zammad(stage: Stage) -> None:
    page = stage.open("general")

    write(page, "/reply ZD#74001 The customer has confirmed")

    expect(told(page, "Written to ZD#74001")).to_contain_text("in Zammad")
    (article,) = [one for one in stage.articles if "The customer has confirmed" in one["body"]]
    assert (article["ticket_id"], article["internal"]) == (4711, True)
    assert article["created_by"] == "anja"


def test_a_reply_that_names_a_task_is_a_comment_in_erpnext(stage: Stage) -> None:
    page = stage.open("general")

    write(page, "/reply TASK-2025-00006 Milestone reached")

    expect(told(page, "Written to TASK-2025-00006")).to_contain_text("in ERPNext")
    (comment,) = [
        one for one in stage.platform.erpnext.comments if "Milestone reached" in one["content"]
    ]
    assert comment["reference_name"] == "TASK-2025-00006"
    assert comment["comment_email"] == "anja@example.test"


def test_a_reply_without_a_reference_goes_to_the_only_ticket_of_the_channel(stage: Stage) -> None:
    page = stage.open("business")
    write(page, "Can somebody look at #23 today?")

    write(page, "/reply I take this one")

    expect(told(page, "Goes to #23")).to_be_visible()
    assert "I take this one" not in stage.notes_of_issue
    expect(told(page, "Written to #23")).to_be_visible()
    assert stage.notes_of_issue.count("I take this one") == 1


def test_two_tickets_are_asked_about_and_the_chosen_one_gets_the_note(stage: Stage) -> None:
    page = stage.open("alerts")
    write(page, "Are #23 and ZD#74001 the same thing?")
    write(page, "/reply It is the printer again")
    asked = told(page, "Which ticket do you mean?")
    expect(asked).to_contain_text("It is the printer again")

    asked.get_by_role("button", name="ZD#74001").click()

    expect(told(page, "Written to ZD#74001")).to_be_visible()
    expect(page.get_by_role("button", name="None of these")).to_have_count(0)
    assert [one["ticket_id"] for one in stage.articles if "printer again" in one["body"]] == [4711]
    assert "It is the printer again" not in stage.notes_of_issue


def test_an_undone_reply_is_never_written_and_its_text_comes_back(stage: Stage) -> None:
    page = stage.open("development")
    write(page, "#23 is nearly there")
    write(page, "/reply Oh, the wrong window")

    told(page, "Goes to #23").get_by_role("button", name="Undo").click()

    undone = told(page, "Undone: nothing was written.")
    expect(undone).to_contain_text("/reply Oh, the wrong window")
    page.wait_for_timeout(UNDO_SECONDS * 1000)
    assert "Oh, the wrong window" not in stage.notes_of_issue


@pytest.mark.parametrize(
    ("number", "button", "action"),
    [(FIRST_INVOICE, "Approve", "approve"), (FIRST_INVOICE + 1, "Reject", "reject")],
)
def test_a_decision_is_told_to_n8n_and_shown_to_everybody(
    stage: Stage, number: int, button: str, action: str
) -> None:
    page = stage.open("finance")
    stage.ask_for_approval(number)

    question(page, number).get_by_role("button", name=button).click()

    expect(question(page, number)).to_contain_text(decision(button))
    expect(question(page, number).locator("button[data-action]")).to_have_count(0)
    (press,) = stage.presses_about(number)
    assert (press["action"], press["user_name"]) == (action, "anja")


def test_a_second_press_is_told_who_was_first_and_changes_nothing(stage: Stage) -> None:
    number = FIRST_INVOICE + 2
    anja, bart = stage.open("finance"), stage.open("finance", "bart")
    stage.ask_for_approval(number)
    expect(question(bart, number).get_by_role("button", name="Reject")).to_be_visible()
    with stage.n8n_takes_its_time():
        question(anja, number).get_by_role("button", name="Approve").click()
        wait_until(lambda: stage.presses_about(number))

        question(bart, number).get_by_role("button", name="Reject").click()

        expect(told(bart, "This was decided already.")).to_contain_text("Approve: @anja")
    expect(question(bart, number)).to_contain_text(decision("Approve"))
    assert [press["action"] for press in stage.presses_about(number)] == ["approve"]
