"""What the tests of the Mattermost destination share: postings, and a server far away."""

from typing import Any

import pytest

from hub.contracts import DeliveryError, JSONObject, Message
from hub.destinations import ChannelView, Posting, ServerView
from hub.http import open_http
from integrations.mattermost import DESTINATION
from tests.standins.mattermost import MattermostStandin

API = "https://mattermost.example.test/api/v4"
CARD: JSONObject = {"title": "ZD#74001", "color": "#d24b4e", "fields": []}


def posting_to(mm: MattermostStandin, name: str = "support", **fields: Any) -> Posting:
    channel = ChannelView(name, "public", mm.channel_id(name))
    message = Message(text=fields.pop("text", "Urgent: Server down"))
    known: dict[str, Any] = {"message": message, "channel": channel, "key": "key-1"}
    return Posting(**(known | fields))


def root_of(mm: MattermostStandin, server: ServerView, name: str = "support") -> str:
    return DESTINATION.post(server, posting_to(mm, name, key="root", text="root")).post_id


def refused(server: ServerView, posting: Posting) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        DESTINATION.post(server, posting)
    return caught.value


def far_server() -> ServerView:
    """For the `responses` library: answers that the stand-in has no reason to give."""
    client = open_http("https://mattermost.example.test")
    return ServerView("https://mattermost.example.test", "demo", "token", "me", client)


def far_posting(**fields: Any) -> Posting:
    channel = ChannelView("support", "public", "c1")
    known: dict[str, Any] = {"message": Message("hello"), "channel": channel, "key": "key-1"}
    return Posting(**(known | fields))
