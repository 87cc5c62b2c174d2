"""The admin in a real browser: the live preview, the page of a token, small screens."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from hub.models import Monitor
from tests.factories import (
    make_channel,
    make_delivery,
    make_event,
    make_rule,
    make_source,
    zammad_body,
)
from tests.hub.admin_pages import page_url

pytestmark = pytest.mark.browser

NARROW = {"width": 390, "height": 844}
WIDE = {"width": 1440, "height": 900}
LONG_TEXT = (
    "shop.example.test is a name that cannot be resolved, whoever is asked and however often"
)
FORMS = ("silence", "maintenance", "monitor", "slashcommand")
SERVER_PAGES = ("change", "channels", "hooks", "tokens")
CUT_CELLS = """() => {
  const cells = [...document.querySelectorAll("#changelist td[data-label]")];
  return cells.filter((cell) => cell.scrollHeight > cell.clientHeight + 1)
    .map((cell) => cell.dataset.label);
}"""
# Rows are made before the page: playwright's event loop keeps the ORM from being used after it.


@dataclass(frozen=True)
class Ticket:
    """The addresses of the pages that show it, and of the one that issues a token."""

    pages: Mapping[str, str]
    issue_page: str


@pytest.fixture
def ticket(transactional_db: None) -> Ticket:
    """A new P1 ticket that a rule has sent to ~support."""
    body = json.dumps(zammad_body()).encode()
    kinds = {"kinds": ["ticket.created"], "kind": "ticket.created", "state": "matched"}
    event = make_event(make_source(), body=body, event_hint="created", **kinds)
    support = make_channel("support")
    rule = make_rule(support, name="P1 tickets", line="Urgent: {{ title }}")
    delivery = make_delivery(support, event=event, rule=rule, state="delivered")
    rows = {"delivery": delivery, "event": event, "triggerrule": rule, "channel": support}
    Monitor.objects.create(name="Webshop", url="https://shop.example.test/", problem=LONG_TEXT)
    pages = {name: page_url(name, "change", row.pk) for name, row in rows.items()}
    pages |= {"monitors": page_url("monitor", "changelist")}
    pages |= {f"new {name}": page_url(name, "add") for name in FORMS}
    server = support.server_id
    pages |= {name: page_url("mattermostserver", name, server) for name in SERVER_PAGES}
    issue_page = f"{page_url('webhooktoken', 'add')}?source={event.source_id}"
    return Ticket(pages | {"overview": "/admin/"}, issue_page)


def test_the_preview_follows_what_is_typed(ticket: Ticket, page: Page) -> None:
    page.goto(ticket.pages["triggerrule"])
    preview = page.locator("#hub-preview")
    expect(preview).to_contain_text("Urgent: Webshop down")

    page.locator("[name=texts-0-line]").fill("Alarm: {{ title }}")

    expect(preview).to_contain_text("Alarm: Webshop down")
    page.reload()
    expect(page.locator("[name=texts-0-line]")).to_have_value("Urgent: {{ title }}")


def test_a_condition_that_is_added_is_tried_at_once(ticket: Ticket, page: Page) -> None:
    page.goto(ticket.pages["triggerrule"])

    expect(page.locator("#hub-paths option[value='group']")).to_be_attached()
    page.get_by_text("Add another Condition").click()
    page.locator("[name=conditions-0-path]").fill("group")
    page.locator("[name=conditions-0-value]").fill("Sales")

    expect(page.locator("#hub-preview")).to_contain_text("It does not hold for this event.")
    expect(page.locator("#hub-preview")).to_contain_text("group")


def test_the_backtest_runs_on_a_press(ticket: Ticket, page: Page) -> None:
    page.goto(ticket.pages["triggerrule"])
    page.locator("[name=texts-0-line]").fill("Alarm: {{ title }}")

    page.locator("#hub-backtest-run").click()

    expect(page.locator("#hub-backtest")).to_contain_text("Posted in other words or places")


def test_the_preview_can_be_kept_in_view(ticket: Ticket, page: Page) -> None:
    page.goto(ticket.pages["triggerrule"])

    page.get_by_role("button", name="Keep in view").click()

    expect(page.locator("#hub-preview-box")).to_be_in_viewport()


def test_only_the_kinds_of_the_chosen_integration_are_shown(page: Page) -> None:
    page.goto("/admin/hub/triggerrule/add/")
    expect(page.get_by_text("Choose an integration or a source first.").first).to_be_visible()

    page.locator("[name=integration]").select_option("zammad")

    expect(page.locator("input[value='ticket.created']")).to_be_visible()
    expect(page.locator("input[value='service.down']")).to_be_hidden()


def test_quiet_hours_are_asked_for_once_they_begin(ticket: Ticket, page: Page) -> None:
    page.goto(ticket.pages["triggerrule"])
    until = page.locator("input[name=quiet_until]")
    expect(until).to_be_hidden()

    page.locator("input[name=quiet_from]").fill("22:00")

    expect(until).to_be_visible()
    expect(page.locator("select[name=quiet_afterwards]")).to_be_visible()


def test_a_rule_saved_with_quiet_hours_keeps_its_channels(ticket: Ticket, page: Page) -> None:
    page.goto(ticket.pages["triggerrule"])
    page.locator("input[name=quiet_from]").fill("22:00")
    page.locator("input[name=quiet_until]").fill("07:00")
    page.locator("input[name=quiet_days][value='5']").check()

    page.locator("[name=_continue]").click()

    expect(page.locator("input[name=quiet_until]")).to_have_value("07:00:00")
    expect(page.locator("input[name=quiet_days][value='5']")).to_be_checked()
    expect(page.locator("select[name=channels] option[selected]")).to_have_text("~support")


def test_a_token_is_issued_with_a_secret_made_up_here(ticket: Ticket, page: Page) -> None:
    page.goto(ticket.issue_page)

    page.get_by_role("button", name="Make one up").click()
    secret = page.locator("[name=signing_secret]").input_value()
    page.get_by_role("button", name="Issue the token").click()

    assert len(secret) == 64
    expect(page.locator("#hub-secret")).to_have_text(secret)
    expect(page.locator("#hub-url")).to_contain_text("/hooks/")
    page.get_by_role("link", name="I have copied it").click()
    expect(page.locator("body")).not_to_contain_text(secret)


def test_the_address_is_copied_by_a_press(ticket: Ticket, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(ticket.issue_page)
    page.get_by_role("button", name="Issue the token").click()

    page.get_by_role("button", name="Copy").first.click()

    expect(page.get_by_role("button", name="copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#hub-url").text_content()


def test_no_page_asks_anything_of_another_host(ticket: Ticket, page: Page, hub_url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto("/admin/")
    page.goto("/admin/hub/delivery/")
    page.goto(ticket.pages["triggerrule"])
    expect(page.locator("#hub-preview")).to_contain_text("Urgent: Webshop down")

    assert [url for url in asked if not url.startswith((hub_url, "data:"))] == []


@pytest.mark.parametrize(
    "name",
    [
        *("overview", "delivery", "event", "triggerrule", "channel"),
        "monitors",
        *(f"new {name}" for name in FORMS),
        *SERVER_PAGES,
    ],
)
def test_a_page_fits_on_a_telephone_and_has_no_error(ticket: Ticket, page: Page, name: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]

    page.goto(ticket.pages[name])
    page.wait_for_load_state("networkidle")

    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert errors == []


@pytest.mark.parametrize("name", ["new silence", "new maintenance"])
def test_a_form_fits_on_a_wide_screen(ticket: Ticket, page: Page, name: str) -> None:
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]

    page.goto(ticket.pages[name])

    assert page.evaluate("document.documentElement.scrollWidth") <= WIDE["width"]


def test_a_list_on_a_telephone_cuts_no_text(ticket: Ticket, page: Page) -> None:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]

    page.goto(ticket.pages["monitors"])

    expect(page.locator("td[data-label=State]")).to_contain_text("whoever is asked")
    assert page.evaluate(CUT_CELLS) == []
