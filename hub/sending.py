"""Stage 4, the part that talks: runs in send threads and never touches the database."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from threading import Lock
from typing import Any

from django.utils import timezone

from hub.contracts import DeliveryError, JSONObject, Message
from hub.destinations import (
    ChannelView,
    Connection,
    Destination,
    FoundChannel,
    Posted,
    Posting,
    ServerView,
)

# Buttons are wrapped before a message is stored: they stand in its attachments.
MESSAGE_FIELDS = frozenset(one.name for one in fields(Message)) - {"buttons"}


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this drain, and no other, is to send now."""

    delivery_id: int
    key: str
    action: str
    message: JSONObject
    channel_id: int
    server_id: int
    reference_id: int | None
    is_threaded: bool
    attempt_count: int
    unknown_since: datetime | None
    claimed_at: datetime
    requested_by_id: int | None = None
    told_in_id: int | None = None
    root_post_id: str = ""
    post_id: str = ""  # that a count is put behind
    card: JSONObject = field(default_factory=dict)

    @property
    def changed_post_id(self) -> str:
        """Of an edit or a reaction."""
        return self.post_id if self.action == "count" else self.root_post_id


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one attempt, to be written by the drain."""

    claim: Claim
    started_at: datetime
    duration_ms: int
    posted: Posted | None = None
    error: DeliveryError | None = None
    request: JSONObject = field(default_factory=dict)
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class Openings:
    """What a dispatcher could send this moment: free places by server, but no limited channel."""

    places: Mapping[int, int] = field(default_factory=dict)
    limited_channels: frozenset[int] = frozenset()


class Routes:
    """Servers and channels as views, and what sending finds out about them on the way."""

    def __init__(
        self,
        destination: Destination,
        servers: Mapping[int, ServerView],
        channels: Mapping[int, ChannelView],
    ) -> None:
        self.destination = destination
        self._servers = dict(servers)
        self._channels = dict(channels)
        self._lock = Lock()
        self.connections: dict[int, Connection] = {}  # to be saved by the drain
        self.found_channels: dict[int, FoundChannel] = {}

    def server(self, server_id: int) -> ServerView:
        """With the bot's own id, asked for once. Raises DeliveryError."""
        view = self._servers[server_id]
        if view.bot_user_id or not view.token:
            return view
        with self._lock:
            if not self._servers[server_id].bot_user_id:
                connection = self.destination.check_connection(view)
                self.connections[server_id] = connection
                self._servers[server_id] = ServerView(
                    view.base_url, view.team, view.token, connection.user_id, view.http
                )
        return self._servers[server_id]

    def channel(self, channel_id: int, server: ServerView) -> ChannelView:
        """With Mattermost's id, looked up by name once. Raises DeliveryError."""
        view = self._channels[channel_id]
        if view.channel_id or view.webhook_url:
            return view
        with self._lock:
            if not self._channels[channel_id].channel_id:
                found = self.destination.find_channel(server, view.kind, view.name)
                self.found_channels[channel_id] = found
                self._channels[channel_id] = ChannelView(view.name, view.kind, found.channel_id)
        return self._channels[channel_id]


def send(claim: Claim, routes: Routes) -> Result:
    """One attempt. Never raises: whatever goes wrong is in the result."""
    started_at, started = timezone.now(), time.monotonic()
    posted, error, request = None, None, {}
    try:
        request = _request_excerpt(claim)
        posted = _carry_out(claim, routes)
    except DeliveryError as delivery_error:
        error = delivery_error
    except Exception as unexpected:
        error = DeliveryError(f"Sending failed: {unexpected!r}"[:500], is_fate_unknown=True)
        error.__cause__ = unexpected
    return Result(
        claim=claim,
        started_at=started_at,
        duration_ms=round((time.monotonic() - started) * 1000),
        posted=posted,
        error=error,
        request=request,
        jitter=random.uniform(-1, 1),  # noqa: S311  # spreads retries, guards nothing
    )


def message_as_json(message: Message) -> JSONObject:
    """What is stored: without the empty parts."""
    parts = ((name, getattr(message, name)) for name in MESSAGE_FIELDS)
    return {name: list(v) if name == "attachments" else v for name, v in parts if v}


def message_from_json(stored: JSONObject) -> Message:
    known: dict[str, Any] = {name: stored[name] for name in MESSAGE_FIELDS & stored.keys()}
    known["attachments"] = tuple(known.get("attachments") or ())
    return Message(**known)  # as message_as_json wrote it


def edited_card(claim: Claim) -> JSONObject:
    """The card or the line changes, the rest stays, and so do buttons that wait for a press."""
    edited = {**claim.card, **claim.message}
    attachments, shown = claim.message.get("attachments"), claim.card.get("attachments")
    if not isinstance(attachments, list):
        return edited
    asking = [
        one
        for one in (shown if isinstance(shown, list) else [])
        if isinstance(one, dict) and one.get("actions") and one not in attachments
    ]
    return {**edited, "attachments": [*attachments, *asking]}


def _carry_out(claim: Claim, routes: Routes) -> Posted:
    server = routes.server(claim.server_id)
    channel = routes.channel(claim.channel_id, server)
    posting = _posting(claim, channel)
    if claim.action == "post":
        return routes.destination.post(server, posting)
    if not claim.changed_post_id or channel.webhook_url:
        return Posted(note="nothing to change: this channel has no card of it")
    if claim.action == "react":
        return routes.destination.react(server, posting)
    if edited_card(claim) == claim.card:
        return Posted(post_id=claim.root_post_id, note="the card is up to date")
    return routes.destination.edit(server, posting)


def _posting(claim: Claim, channel: ChannelView) -> Posting:
    stored = dict(claim.message)
    if claim.action in ("edit", "count"):
        stored = edited_card(claim)
    return Posting(
        message=message_from_json(stored),
        channel=channel,
        key=claim.key,
        root_post_id=claim.root_post_id if claim.is_threaded else "",
        look_since=claim.unknown_since,
        post_id=claim.changed_post_id,
        reaction=str(claim.message.get("reaction") or ""),
    )


def _request_excerpt(claim: Claim) -> JSONObject:
    """What the attempt's row shows of the request: the message and its thread, no credential."""
    return {"action": claim.action, "root_post_id": claim.root_post_id, "hub_key": claim.key}
