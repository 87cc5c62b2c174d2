"""A ticket's thread in the stand-in, in a channel whose replies become notes."""

from dataclasses import dataclass
from typing import Any

import pytest

from hub import registry
from hub.models import Channel, MattermostServer, Reference, Thread
from tests.commands import run_due
from tests.factories import make_channel, make_server, make_source
from tests.notebook import INTEGRATION, NOTEBOOK, Notebook
from tests.standins.mattermost import MattermostStandin

CARD = "New: Server down"


@dataclass(frozen=True, slots=True)
class Stage:
    standin: MattermostStandin
    server: MattermostServer
    channel: Channel
    thread: Thread
    notebook: Notebook

    @property
    def root_id(self) -> str:
        return self.thread.root_post_id

    def say(self, text: str, *, user: str = "anja", **fields: Any) -> dict[str, Any]:
        """In the ticket's thread, unless told."""
        root_id = fields.pop("root_id", self.root_id)
        answer = self.standin.post_as(user, self.channel.name, text, root_id=root_id)
        assert answer.status == 201, answer
        return dict(answer.body)

    def run(self) -> list[str]:
        """What a drain does; the texts of the notes that are there then."""
        while run_due():
            pass
        return self.notebook.texts()

    def marks_on(self, post_id: str) -> list[str]:
        reactions = self.standin.reactions()
        return [one["emoji_name"] for one in reactions if one["post_id"] == post_id]


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    monkeypatch.setitem(registry._integrations, INTEGRATION.name, INTEGRATION)
    NOTEBOOK.clear()
    NOTEBOOK.add("#23")
    return NOTEBOOK


@pytest.fixture
def stage(standin: MattermostStandin, notebook: Notebook) -> Stage:
    server = make_server(
        base_url=standin.url, bot_token=standin.token, bot_user_id=standin.user_id("hub")
    )
    channel = make_channel(
        "support",
        server,
        channel_id=standin.channel_id("support"),
        thread_replies=Channel.ThreadReplies.NOTES,
    )
    root = standin.post_as("hub", "support", CARD).body
    reference = Reference.objects.create(
        source=make_source("notebook", "Notebook"), external_id="23", display="#23"
    )
    thread = Thread.objects.create(
        channel=channel, reference=reference, root_post_id=str(root["id"])
    )
    return Stage(standin, server, channel, thread, notebook)
