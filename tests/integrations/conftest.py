"""A Mattermost stand-in and the hub's view of it."""

from collections.abc import Iterator

import pytest

from hub.destinations import ServerView
from hub.http import open_http
from tests.standins.mattermost import MattermostStandin


@pytest.fixture
def mm() -> Iterator[MattermostStandin]:
    with MattermostStandin() as standin:
        yield standin


@pytest.fixture
def server(mm: MattermostStandin) -> Iterator[ServerView]:
    client = open_http(mm.url, purpose="mattermost")
    yield ServerView(mm.url, mm.team, mm.token, mm.user_id("hub"), client)
    client.close()
