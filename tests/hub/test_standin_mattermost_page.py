"""The page of the Mattermost stand-in: what it shows, that it is safe, that it follows along."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect, sync_playwright

from tests.hub.mattermost_api import Api
from tests.standins.mattermost import MattermostStandin
from tests.standins.mattermost.page.emoji import find_emoji
from tests.standins.mattermost.page.markdown import render_inline, render_markdown

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture
def standin() -> Iterator[MattermostStandin]:
    with MattermostStandin() as standin:
        yield standin


@pytest.fixture
def bot(standin: MattermostStandin) -> Iterator[Api]:
    with Api(standin) as api:
        yield api


@pytest.fixture
def support(standin: MattermostStandin) -> str:
    return standin.channel_id("support")


def view(standin: MattermostStandin, channel: str = "support") -> Any:
    url = f"{standin.url}/_chat/view?channel={channel}"
    return requests.get(url, timeout=10).json()


def shown_html(standin: MattermostStandin) -> str:
    html: str = view(standin)["posts"][0]["html"]
    return html


def test_a_reaction_to_a_reply_is_shown_in_the_thread_that_is_open(
    standin: MattermostStandin, bot: Api, support: str
) -> None:
    root = bot.say(support, "Urgent")
    reply = bot.say(support, "I call them", root_id=root["id"])
    (before,) = view(standin)["posts"]

    mark = {"post_id": reply["id"], "emoji_name": "white_check_mark"}
    bot.post("/reactions", {**mark, "user_id": reply["user_id"]})

    (after,) = view(standin)["posts"]
    assert after["revision"] != before["revision"]
    assert "\N{WHITE HEAVY CHECK MARK}" in after["html"]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** *soft* ~~gone~~", "<p><strong>bold</strong> <em>soft</em> <s>gone</s></p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("@channel and a@b.example.test", '<span class="mention">@channel</span>'),
        ("see ~support", '<span class="channel">~support</span>'),
        ("#urgent but #23 and a#b", '<p><span class="hashtag">#urgent</span> but #23 and a#b</p>'),
        (":tada:", '<span class="emoji" title=":tada:">\N{PARTY POPPER}</span>'),
        ("12:30:45 :nonsense:", "<p>12:30:45 :nonsense:</p>"),
        ("`@channel`", "<p><code>@channel</code></p>"),
        ("@\u200bchannel", "<p>@\u200bchannel</p>"),
    ],
)
def test_markdown_is_shown_as_the_chat_shows_it(text: str, html: str) -> None:
    assert html in render_markdown(text)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "![x](https://pictures.example.test/x.png)",
        '@"onmouseover=alert(1)',
        ":<script>:",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
    ],
)
def test_nothing_active_gets_through(text: str) -> None:
    html = render_markdown(text)

    assert re.search(r"<(script|img)|<[^>]+\son\w+=|<[^>]+(javascript|data):", html) is None


def test_a_short_value_has_no_paragraph_around_it() -> None:
    assert render_inline("**P1** urgent") == "<strong>P1</strong> urgent"


@pytest.mark.parametrize(
    ("name", "character"),
    [("white_check_mark", "\N{WHITE HEAVY CHECK MARK}"), ("rocket", "\N{ROCKET}"), ("a", None)],
)
def test_emoji_are_found_by_their_short_names(name: str, character: str | None) -> None:
    found = find_emoji(name)

    assert (found or "").rstrip("\N{VARIATION SELECTOR-16}") == (character or "")


@pytest.mark.parametrize(
    "path", ["/", "/demo/channels/alerts", "/demo/pl/{id}", "/_redirect/pl/{id}"]
)
def test_the_page_says_that_it_is_a_stand_in(
    bot: Api, standin: MattermostStandin, support: str, path: str
) -> None:
    post = bot.say(support, "hello")

    response = requests.get(standin.url + path.format(id=post["id"]), timeout=10)

    assert response.status_code == 200
    assert "This is not Mattermost." in response.text
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path", ["/nonsense", "/_chat/nonsense.css", "/_chat/../view.py", "/_chat/post.html"]
)
def test_what_is_not_there_is_404(standin: MattermostStandin, path: str) -> None:
    assert requests.get(standin.url + path, timeout=10).status_code == 404


def test_channels_are_listed_with_what_is_known_of_them(
    bot: Api, standin: MattermostStandin, support: str
) -> None:
    bot.say(support, "hello")
    standin.hook_url("support")

    channels = {channel["name"]: channel for channel in view(standin)["channels"]}

    assert list(channels)[:3] == ["general", "support", "development"]
    assert channels["support"]["count"] == 1
    assert channels["support"]["has_bot"] is True
    assert channels["private-team"]["has_bot"] is False


def test_replies_are_folded_under_their_root(
    bot: Api, standin: MattermostStandin, support: str
) -> None:
    root = bot.say(support, "root")
    bot.say(support, "first", root_id=root["id"])
    bot.say(support, "second", root_id=root["id"])

    posts = view(standin)["posts"]

    assert [post["id"] for post in posts] == [root["id"]]
    assert "2 replies" in posts[0]["html"]


def test_an_attachment_becomes_a_card(bot: Api, standin: MattermostStandin, support: str) -> None:
    attachment = {
        "color": "danger",
        "author_name": "Zammad",
        "title": "ZD#74001 **down**",
        "title_link": "https://zammad.example.test/1",
        "fields": [{"title": "Priority", "value": "P1", "short": True}],
        "actions": [{"name": "Approve", "style": "primary"}],
        "footer": "Acme Corp",
        "ts": 1_790_000_000,
    }

    bot.say(support, "", props={"attachments": [attachment], "card": "**more**"})

    html = shown_html(standin)
    assert "--bar: #d2382e" in html
    assert '<a href="https://zammad.example.test/1" target="_blank"' in html
    assert re.search(r'class="button primary".* disabled>Approve', html)
    assert "2026-09-21T" in html
    assert "<strong>more</strong>" in html


@pytest.mark.parametrize(
    "attachment",
    [
        {"color": "red;}</style>", "title_link": "javascript:alert(1)", "title": "<b>x"},
        {"fields": "nonsense", "actions": [7], "ts": "nonsense", "title": 7, "text": True},
        {"ts": 1e300, "image_url": "https://x.example.test/a.png", "fields": [{"value": None}]},
    ],
)
def test_a_strange_attachment_is_shown_harmlessly(
    bot: Api, standin: MattermostStandin, support: str, attachment: dict[str, Any]
) -> None:
    bot.say(support, "hello", props={"attachments": [attachment, None, "x"]})

    html = shown_html(standin)

    assert "javascript:" not in html
    assert "</style>" not in html
    assert "<img" not in html


def test_a_view_is_answered_at_once_only_when_there_is_news(
    bot: Api, standin: MattermostStandin, support: str
) -> None:
    seen = view(standin)
    query = f"channel=support&boot_id={seen['boot_id']}&version={seen['version']}"
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{standin.url}/_chat/view?{query}", timeout=0.2)

    bot.say(support, "hello")

    news = requests.get(f"{standin.url}/_chat/view?{query}", timeout=10).json()
    assert len(news["posts"]) == 1


@pytest.fixture(scope="module")
def browser_page(chromium_path: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_OPTIONS)
        yield browser.new_page(viewport={"width": 1280, "height": 800})
        browser.close()


@pytest.mark.browser
def test_messages_appear_without_a_reload(
    bot: Api, standin: MattermostStandin, support: str, browser_page: Page
) -> None:
    browser_page.goto(f"{standin.url}/demo/channels/support")
    expect(browser_page.get_by_text("No messages here yet")).to_be_visible()

    root = bot.say(support, "Urgent: webshop down")
    expect(browser_page.get_by_text("Urgent: webshop down")).to_be_visible()
    bot.say(support, "looking at it", root_id=root["id"])
    browser_page.get_by_role("button", name="1 reply").click()

    expect(browser_page.get_by_text("looking at it")).to_be_visible()


@pytest.mark.browser
def test_other_channels_count_what_was_not_read(
    bot: Api, standin: MattermostStandin, browser_page: Page
) -> None:
    browser_page.goto(f"{standin.url}/demo/channels/support")
    alerts = browser_page.get_by_role("link", name="Alerts")
    bot.say(standin.channel_id("alerts"), "first")
    bot.say(standin.channel_id("alerts"), "second")
    expect(alerts.get_by_label("2 unread")).to_be_visible()

    alerts.click()

    expect(browser_page.get_by_text("second")).to_be_visible()
    expect(alerts.get_by_label("2 unread")).to_have_count(0)


@pytest.mark.browser
def test_the_page_says_when_the_server_is_gone_and_comes_back(
    bot: Api, standin: MattermostStandin, support: str, browser_page: Page
) -> None:
    browser_page.goto(f"{standin.url}/demo/channels/support")
    expect(browser_page.get_by_text("Live", exact=True)).to_be_visible()
    standin.stop()
    expect(browser_page.get_by_text("Reconnecting…")).to_be_visible()

    standin.start()
    bot.say(support, "back again")

    expect(browser_page.get_by_text("back again")).to_be_visible()
