"""Forty recorded channels: the ticket that is meant is found, or asked about; never guessed."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.contracts import JSONObject
from hub.destinations import ChatPost, Conversations, ServerView
from hub.finding import Found, Place, find_named, find_unnamed
from hub.models import Channel, Reference, ReferencePattern, Source, Thread
from hub.references import load_patterns
from hub.views import server_view
from integrations.mattermost.conversations import CONVERSATIONS
from tests.factories import NOON, make_channel, make_delivery, make_source

pytestmark = pytest.mark.django_db

HISTORIES = yaml.safe_load((Path(__file__).parent / "histories" / "channels.yaml").read_text())
PATTERNS = (
    ("Zammad", r"ZD#\d+", ""),
    ("Redmine", r"#(\d+)", "#{}"),
    ("Redmine CRM", r"crm#(\d+)", "#{}"),
    ("ERPNext", r"TASK-\d{4}-\d+", ""),
)


@dataclass
class Room:
    """The posts of one channel, and the rows that the hub has about them."""

    channel: Channel
    posts: list[ChatPost] = field(default_factory=list)

    def add(self, post: dict[str, Any]) -> None:
        written = next(
            name for name in ("card", "in", "hub", "says", "webhook", "system") if name in post
        )
        add = {"card": self._card, "in": self._reply, "hub": self._delivery}.get(
            written, self._text
        )
        props, root_id, text = add(written, str(post[written]))
        self.posts.append(
            ChatPost(
                post_id=f"post{len(self.posts)}",
                channel_id="channel",
                user_id="user",
                text=text,
                created_at=NOON - timedelta(minutes=post.get("age", 5)),
                root_id=root_id,
                kind="system_join_channel" if written == "system" else "",
                props=props,
                is_deleted=post.get("deleted", False),
            )
        )

    def _card(self, _written: str, display: str) -> tuple[JSONObject, str, str]:
        Thread.objects.create(
            channel=self.channel,
            reference=reference(display),
            root_post_id=f"post{len(self.posts)}",
        )
        return {"from_bot": "true"}, "", f"Urgent: {display}"

    def _reply(self, _written: str, display: str) -> tuple[JSONObject, str, str]:
        thread = Thread.objects.get(reference__display=display)
        return {"from_bot": "true"}, thread.root_post_id, "New note"

    def _delivery(self, _written: str, display: str) -> tuple[JSONObject, str, str]:
        delivery = make_delivery(self.channel, reference=reference(display))
        return {"hub_key": str(delivery.key)}, "", "A line without its number"

    def _text(self, written: str, text: str) -> tuple[JSONObject, str, str]:
        return ({"from_webhook": "true"} if written == "webhook" else {}), "", text


def reference(display: str) -> Reference:
    source = Source.objects.get(name="Zammad" if display.startswith("ZD") else "Redmine")
    row, _is_new = Reference.objects.get_or_create(
        source=source, external_id=display, defaults={"display": display, "title": "Server down"}
    )
    return row


@pytest.fixture
def room() -> Room:
    for name, pattern, display in PATTERNS:
        source = make_source("redmine", name)
        ReferencePattern.objects.create(source=source, pattern=pattern, display=display)
    return Room(make_channel("support", channel_id="channel"))


def find(room: Room, typed_in: int | None) -> Found:
    def fetch_post(_server: ServerView, post_id: str) -> ChatPost | None:
        return next((post for post in room.posts if post.post_id == post_id), None)

    def fetch_recent(_server: ServerView, _channel: str, limit: int) -> tuple[ChatPost, ...]:
        return tuple(reversed(room.posts))[:limit]

    conversations = Conversations(
        **{name: getattr(CONVERSATIONS, name) for name in Conversations.__slots__}
        | {"fetch_post": fetch_post, "fetch_recent": fetch_recent}
    )
    root_id = f"post{typed_in}" if typed_in is not None else ""
    place = Place(room.channel.server_id, "channel", root_id)
    return find_unnamed(
        place, load_patterns(), server_view(room.channel.server), conversations, NOON
    )


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history["name"])
def test_a_recorded_channel_resolves_right_or_asks(room: Room, history: dict[str, Any]) -> None:
    for post in history["posts"]:
        room.add(post)

    found = find(room, history.get("typed_in"))

    expected = [history["one"]] if "one" in history else history.get("ask", [])
    assert [candidate.display for candidate in found.candidates] == expected


def test_there_are_forty_histories() -> None:
    assert len(HISTORIES) == 40


def test_a_reference_that_two_systems_write_alike_is_asked_about(room: Room) -> None:
    ReferencePattern.objects.create(
        source=Source.objects.get(name="Redmine CRM"), pattern=r"#(\d+)", display="#{}"
    )

    found = find_named("#23", load_patterns())

    assert len({candidate.source_id for candidate in found.candidates}) == 2


def test_the_lower_order_decides_between_two_systems(room: Room) -> None:
    crm = Source.objects.get(name="Redmine CRM")
    ReferencePattern.objects.create(source=crm, pattern=r"#(\d+)", display="#{}", order=10)

    found = find_named("#23", load_patterns())

    assert [candidate.source_id for candidate in found.candidates] == [crm.pk]


def test_a_prefix_of_its_own_leads_to_the_other_redmine(room: Room) -> None:
    found = find_named("crm#23", load_patterns())

    assert [(one.source_id, one.display) for one in found.candidates] == [
        (Source.objects.get(name="Redmine CRM").pk, "#23")
    ]


def test_what_cannot_be_written_to_is_no_candidate(room: Room) -> None:
    Source.objects.filter(name="Redmine").update(integration="git")
    room.add({"card": "#23"})
    room.add({"card": "ZD#74001"})

    found = find(room, None)

    assert [candidate.display for candidate in found.candidates] == ["ZD#74001"]
