"""The page of the Mattermost stand-in: writing, commands, buttons, and what one person sees."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.hub.callee import Callee
from tests.hub.mattermost_api import Api
from tests.standins.mattermost import MattermostStandin
from tests.standins.serving import Response

CHROMIUM_OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run"]


def in_json(**fields: Any) -> Response:
    return Response(200, json.dumps(fields).encode())


@pytest.fixture
def integration(standin: MattermostStandin) -> Iterator[Callee]:
    """It stands behind `/reply` and all buttons."""
    with Callee(in_json(text="Which ticket?")) as callee:
        standin.create_command("reply", callee.url)
        yield callee


@pytest.fixture
def bot(standin: MattermostStandin) -> Iterator[Api]:
    with Api(standin) as api:
        yield api


@pytest.fixture
def root(standin: MattermostStandin, bot: Api, integration: Callee) -> dict[str, Any]:
    """A post of the bot in ~support with a button and a select."""
    approve: dict[str, Any] = {
        "id": "approve",
        "name": "Approve",
        "integration": {"url": integration.url},
    }
    options = [{"text": "Low", "value": "1"}, {"text": "High", "value": "3"}]
    select = {**approve, "id": "level", "name": "Level", "type": "select", "options": options}
    dead = {"id": "dead", "name": "Dead"}
    attachments = [{"title": "ZD#74001", "actions": [approve, select, dead]}]
    return bot.say(standin.channel_id("support"), "", props={"attachments": attachments})


def view(standin: MattermostStandin, viewer: str) -> Any:
    url = f"{standin.url}/_chat/view?channel=support&viewer={viewer}"
    return requests.get(url, timeout=10).json()


def test_an_ephemeral_answer_is_in_the_view_of_its_person_only(
    standin: MattermostStandin, root: dict[str, Any]
) -> None:
    standin.execute("anja", "support", "/reply hello")

    mine, other, nobody = (view(standin, viewer)["posts"] for viewer in ("anja", "bart", ""))

    assert [len(posts) for posts in (mine, other, nobody)] == [2, 1, 1]
    assert "Only visible to you" in mine[1]["html"]


def test_an_ephemeral_answer_in_a_thread_changes_its_root(
    standin: MattermostStandin, root: dict[str, Any]
) -> None:
    before = view(standin, "anja")["posts"]

    standin.execute("anja", "support", "/reply hello", root_id=root["id"])

    (after,) = view(standin, "anja")["posts"]
    assert after["revision"] != before[0]["revision"]
    assert "Which ticket?" in after["html"]
    assert "Which ticket?" not in view(standin, "bart")["posts"][0]["html"]


def test_only_buttons_that_lead_somewhere_can_be_pressed(
    standin: MattermostStandin, root: dict[str, Any]
) -> None:
    html = view(standin, "anja")["posts"][0]["html"]

    assert 'data-action="approve">Approve' in html
    assert 'data-action="dead" title="It leads nowhere" disabled>Dead' in html
    assert '<option value="3">High</option>' in html


def test_the_page_knows_its_people_and_the_guest(standin: MattermostStandin) -> None:
    people = {one["username"]: one["kind"] for one in view(standin, "")["people"]}

    expected = {"admin": "person", "anja": "person", "bart": "person", "guest": "guest"}
    assert people == {**expected, "hub": "bot"}


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, standin: MattermostStandin, root: dict[str, Any]) -> Iterator[Page]:
    """~support, seen by anja."""
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.goto(f"{standin.url}/demo/channels/support")
        expect(page.get_by_label("Write as")).to_have_value("anja")
        yield page


def write(page: Page, text: str) -> None:
    page.get_by_label("Message or /command").fill(text)
    page.keyboard.press("Enter")


@pytest.mark.browser
def test_text_becomes_a_post_of_the_chosen_person(standin: MattermostStandin, page: Page) -> None:
    page.get_by_label("Write as").select_option("bart")

    write(page, "I am looking at it")

    expect(page.locator("#list").get_by_text("I am looking at it")).to_be_visible()
    assert standin.posts("support")[1]["username"] == "bart"


@pytest.mark.browser
def test_a_telephone_is_wide_enough(page: Page, root: dict[str, Any]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Reply", exact=True).click()

    write(page, "/reply hello")

    expect(page.locator(".thread").get_by_text("Which ticket?")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.browser
def test_a_command_is_answered_to_the_one_who_typed_it(page: Page, integration: Callee) -> None:
    write(page, "/reply hello")
    expect(page.get_by_text("Which ticket?")).to_be_visible()
    expect(page.get_by_text("Only visible to you")).to_be_visible()

    page.get_by_label("Write as").select_option("bart")

    expect(page.get_by_text("Which ticket?")).to_have_count(0)
    assert integration.form()["text"] == "hello"


@pytest.mark.browser
def test_a_command_in_a_thread_names_it_and_is_answered_there(
    page: Page, integration: Callee, root: dict[str, Any]
) -> None:
    page.locator(f"#post-{root['id']}").hover()
    page.get_by_role("button", name="Reply", exact=True).click()

    write(page, "/reply hello")

    expect(page.locator(".thread").get_by_text("Which ticket?")).to_be_visible()
    assert integration.form()["root_id"] == root["id"]


@pytest.mark.browser
def test_a_reply_joins_the_thread_and_can_be_called_off(
    standin: MattermostStandin, page: Page, root: dict[str, Any]
) -> None:
    page.locator(f"#post-{root['id']}").hover()
    page.get_by_role("button", name="Reply", exact=True).click()
    write(page, "in the thread")
    expect(page.locator(".thread").get_by_text("in the thread")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Replying to")).to_be_hidden()

    write(page, "in the channel")

    expect(page.locator("#list > article").get_by_text("in the channel")).to_be_visible()
    assert [post["root_id"] for post in standin.posts("support")] == ["", root["id"], ""]


@pytest.mark.browser
def test_what_was_refused_stays_in_the_box(page: Page) -> None:
    write(page, "/nonsense and a long text")

    expect(page.get_by_role("status").get_by_text("There is no such command.")).to_be_visible()
    expect(page.get_by_label("Message or /command")).to_have_value("/nonsense and a long text")


@pytest.mark.browser
def test_a_press_changes_the_post_and_answers_the_person(page: Page, integration: Callee) -> None:
    update = {"message": "Approved by anja", "props": {}}
    integration.reply_with(in_json(update=update, ephemeral_text="Noted"))
    button = page.get_by_role("button", name="Approve")
    button.focus()

    page.keyboard.press("Enter")

    expect(page.get_by_text("Approved by anja")).to_be_visible()
    expect(page.locator(".thread").get_by_text("Noted")).to_be_visible()
    expect(button).to_have_count(0)


@pytest.mark.browser
def test_a_choice_is_sent_and_trouble_is_told(page: Page, integration: Callee) -> None:
    integration.reply_with(Response(500))

    page.get_by_label("Level").select_option("High")

    expect(page.get_by_text("The system behind the button has failed. (502)")).to_be_visible()
    assert json.loads(integration.requests[-1].body)["context"] == {"selected_option": "3"}


@pytest.mark.browser
def test_a_browser_follows_the_websocket(standin: MattermostStandin, page: Page) -> None:
    read = """token => new Promise(done => {
        const socket = new WebSocket(`ws://${location.host}/api/v4/websocket`);
        const action = "authentication_challenge";
        socket.onopen = () => socket.send(JSON.stringify({seq: 1, action, data: {token}}));
        socket.onmessage = event => {
            const told = JSON.parse(event.data);
            if (told.event === "hello") done(told.data.connection_id);
        };
    })"""

    connection_id = page.evaluate(read, standin.token)

    assert len(connection_id) == 26
