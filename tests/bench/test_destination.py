"""The destination answers as far as the hub asks."""

from collections.abc import Iterator

import pytest

from hub.contracts import Message
from hub.destinations import ChannelView, Posting, ServerView
from hub.http import open_http
from integrations.mattermost import DESTINATION
from tests.bench.ground import DestinationClient, destination


@pytest.fixture(scope="module")
def came() -> Iterator[DestinationClient]:
    with destination() as client:
        yield client


@pytest.fixture
def server(came: DestinationClient) -> Iterator[ServerView]:
    came.reset()
    http = open_http(came.url)
    yield ServerView(came.url, "demo", "token", "b" * 26, http)
    http.close()


def test_bot_and_channel_are_found(server: ServerView) -> None:
    connection = DESTINATION.check_connection(server)
    channel = DESTINATION.find_channel(server, "public", "support")

    assert connection.username == "hub"
    assert (channel.name, channel.problem) == ("support", "")


def test_post_is_noted_with_the_time_its_text_names(
    server: ServerView, came: DestinationClient
) -> None:
    message = Message(text="Urgent: Webshop down, sent 1234567890123")
    channel = ChannelView("support", "public", "c" * 26)

    posted = DESTINATION.post(server, Posting(message, channel, key="k" * 32))

    [(sent, _arrived)] = came.arrivals()
    assert sent == 1234567890123
    assert (len(posted.post_id), posted.status_code) == (26, 201)


def test_reset_forgets_what_came(server: ServerView, came: DestinationClient) -> None:
    channel = ChannelView("support", "public", "c" * 26)
    DESTINATION.post(server, Posting(Message(text="one"), channel, key="k" * 32))

    came.reset()

    assert came.count() == 0
