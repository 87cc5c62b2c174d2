"""Setting up a source in a real browser: from a request that came in to a message that says it."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from hub.models import Source
from tests.browser.test_admin import NARROW
from tests.factories import make_channel, make_event, make_rule, make_server, make_source
from tests.hub.admin_pages import page_url
from tests.running import running_worker
from tests.standins.mattermost import MattermostStandin

pytestmark = pytest.mark.browser

BUILD = {"build": {"name": "Nightly build", "id": 7, "state": "FAILED"}, "minutes": 12}


@pytest.fixture
def builds(transactional_db: None, standin: MattermostStandin) -> Source:
    """A source of any JSON that has sent one request, and a rule for what it sends."""
    source = make_source("generic", "Builds")
    make_event(source, body=json.dumps(BUILD).encode(), state="unknown", note="no title")
    server = make_server(base_url=standin.url, bot_token=standin.token)
    make_rule(
        make_channel("alerts", server),
        name="Broken",
        integration="generic",
        kinds=("alert.opened",),
    )
    return source


def pick(page: Page, field: str, path: str) -> None:
    page.locator(f"[name=path_{field}]").click()
    page.locator(f"[data-path='{path}']").click()


def test_what_is_picked_is_shown_saved_and_told(
    builds: Source, standin: MattermostStandin, page: Page
) -> None:
    with running_worker():
        page.goto(page_url("source", "mapping", builds.pk))
        pick(page, "title", "build.name")
        pick(page, "kind", "build.state")
        page.locator("[name=kinds_value]").first.select_option("alert.opened")
        expect(page.locator("#hub-mapping-preview")).to_contain_text("Alert: Nightly build")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved: this is how Builds is read.")).to_be_visible()

        page.get_by_role("link", name="Set up and test").click()
        page.locator("textarea[name=body]").fill(json.dumps(BUILD))
        page.get_by_role("button", name="Send the test request").click()
        page.get_by_role("button", name="Send it inside").click()

        expect(page.locator("#hub-progress")).to_contain_text("delivered", timeout=20_000)
    posts = [post["message"] for post in standin.posts(channel="alerts")]
    assert posts == ["**Test of the hub: nothing has happened.**\nAlert: Nightly build"]


def test_a_picked_word_gets_a_row_for_its_meaning(builds: Source, page: Page) -> None:
    page.goto(page_url("source", "mapping", builds.pk))

    pick(page, "kind", "build.state")

    expect(page.locator("[name=kinds_key]").first).to_have_value("FAILED")
    expect(page.locator("[data-path='build.state'] + .hub-tag")).to_have_text("kind")


def test_pasted_json_is_picked_from(builds: Source, page: Page) -> None:
    page.goto(page_url("source", "mapping", builds.pk))
    page.locator("[name=on]").select_option("pasted")

    page.locator("[name=pasted]").fill('{"subject": "Disk is full"}')
    pick(page, "title", "subject")

    expect(page.locator("#hub-mapping-preview dl")).to_contain_text("Disk is full")


def test_another_sample_is_loaded_by_choosing_it(builds: Source, page: Page) -> None:
    page.goto(page_url("source", "setup", builds.pk))

    page.locator("#hub-sample").select_option("alert.opened__grafana")

    expect(page.locator("textarea[name=body]")).to_have_value(re.compile("grafana"))


@pytest.mark.parametrize("name", ["setup", "mapping"])
def test_a_page_of_setup_fits_on_a_telephone_and_has_no_error(
    builds: Source, page: Page, name: str
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]

    page.goto(page_url("source", name, builds.pk))
    page.wait_for_load_state("networkidle")

    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert errors == []
