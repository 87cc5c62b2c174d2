"""Posting to Mattermost through an incoming webhook."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import responses

from hub.contracts import DeliveryError, Message
from hub.destinations import ChannelView, Posting, ServerView
from hub.http import open_http
from integrations.mattermost import DESTINATION
from tests.integrations.mattermost_stage import CARD, far_server, refused
from tests.standins.mattermost import MattermostStandin

HOOK = "https://mattermost.example.test/hooks/abcdefghijklmnopqrstuvwxyz"
MESSAGE = Message(
    "New deployment",
    attachments=(CARD,),
    username="Klant BV",
    icon_emoji=":rocket:",
    card="**Version** 4.2",
    priority="important",
)


def by_webhook(url: str = HOOK, name: str = "support", kind: str = "public") -> Posting:
    return Posting(MESSAGE, ChannelView(name, kind, webhook_url=url), "key-1")


def test_a_webhook_posts_with_name_icon_and_card(mm: MattermostStandin, server: ServerView) -> None:
    mm.configure(EnablePostUsernameOverride=True, EnablePostIconOverride=True)

    posted = DESTINATION.post(server, by_webhook(mm.hook_url("support")))

    [post] = mm.posts(channel="support")
    assert post["message"] == "New deployment"
    assert post["props"]["override_username"] == "Klant BV"
    assert post["props"]["override_icon_emoji"] == ":rocket:"
    assert post["props"]["card"] == "**Version** 4.2"
    assert post["props"]["attachments"] == [CARD]
    assert (posted.post_id, posted.status_code) == ("", 200)
    assert posted.response_excerpt == "ok"


@responses.activate
def test_a_webhook_is_sent_what_is_set_and_never_the_bot_token() -> None:
    responses.post(HOOK, body="ok")

    DESTINATION.post(far_server(), replace(by_webhook(), message=Message("hello")))

    request = responses.calls[0].request
    assert json.loads(request.body or "") == {
        "channel": "support",
        "text": "hello",
        "props": {"hub_key": "key-1"},
    }
    assert "Authorization" not in request.headers


def test_a_webhook_of_another_origin_needs_to_be_listed(mm: MattermostStandin) -> None:
    http = open_http("https://mattermost.example.test")
    server = ServerView("https://mattermost.example.test", "demo", "", "", http)

    error = refused(server, by_webhook(mm.hook_url("support")))

    assert "may not be called" in str(error)
    assert mm.posts() == []


def test_a_repeat_of_unknown_fate_is_marked_as_possibly_double(
    mm: MattermostStandin, server: ServerView
) -> None:
    posting = replace(by_webhook(mm.hook_url("support")), look_since=datetime.now(UTC))

    posted = DESTINATION.post(server, posting)

    assert posted.note == "sent again: a webhook cannot tell whether the first attempt arrived"


@responses.activate
@pytest.mark.parametrize(
    ("status", "permanent", "words"),
    [
        (400, True, "or the incoming webhook was deleted"),
        (403, True, "locked to another channel"),
        (404, True, "does not exist, or is archived"),
        (413, True, "MaximumPayloadSizeBytes"),
        (501, True, "EnableIncomingWebhooks"),
        (429, False, "answered 429 Too Many Requests to POST /hooks/…"),
        (500, False, "answered 500 Internal Server Error to POST /hooks/…"),
    ],
)
def test_a_refused_webhook_is_explained_by_its_status(
    status: int, permanent: bool, words: str
) -> None:
    told = {"message": "webhook abcdefghijklmnopqrstuvwxyz", "status_code": status}
    responses.post(HOOK, status=status, json=told)

    error = refused(far_server(), by_webhook())

    assert words in str(error)
    assert (error.permanent, error.status_code) == (permanent, status)
    assert "abcdefgh" not in f"{error} {error.response_excerpt}"


def test_a_deleted_webhook_is_refused_by_mattermost(
    mm: MattermostStandin, server: ServerView
) -> None:
    error = refused(server, by_webhook(f"{mm.url}/hooks/{'x' * 26}"))

    assert "the incoming webhook was deleted" in str(error)


@responses.activate
def test_a_page_instead_of_ok_is_no_success() -> None:
    responses.post(HOOK, body="<html>Please log in</html>\x00")

    error = refused(far_server(), by_webhook())

    assert "not as an incoming webhook does" in str(error)
    assert error.response_excerpt == "<html>Please log in</html>�"
    assert (error.permanent, error.is_fate_unknown) == (False, True)


def test_a_webhook_writes_to_people_but_not_to_groups(
    mm: MattermostStandin, server: ServerView
) -> None:
    hook_url = mm.hook_url("support")

    DESTINATION.post(server, by_webhook(hook_url, "@anja", "direct"))
    with pytest.raises(DeliveryError, match="cannot post to a group message"):
        DESTINATION.post(server, by_webhook(hook_url, "@anja,@bart", "group"))

    assert len(mm.posts()) == 1
