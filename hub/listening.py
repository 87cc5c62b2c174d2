"""Hears replies in threads through the WebSocket: one listener a server, whoever has its lease."""

import logging
import random
import threading
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from hub import registry
from hub.contracts import DeliveryError
from hub.destinations import ChatPost, Heard, ServerView
from hub.leases import RENEW_EVERY, release_lease, take_lease
from hub.models import Channel, MattermostServer
from hub.streams import Stream, open_stream
from hub.thread_notes import accept_thread_reply
from hub.views import server_view

logger = logging.getLogger(__name__)

OVERLAP = timedelta(seconds=30)  # read again after a break: clocks differ, posts overtake
LONGEST_PAUSE_S = 60.0
MAX_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class Pace:
    """How often it looks, in seconds."""

    read_wait_s: float = 1.0  # how late a stop is seen
    look_every_s: float = 2.0  # for servers that are to be listened to
    renew_every_s: float = RENEW_EVERY.total_seconds()  # the lease, and what is wanted
    first_pause_s: float = 1.0  # after a failure


DEFAULT_PACE = Pace()


def reconnect_pause(failure_count: int, jitter: float, first_s: float = 1.0) -> float:
    """Seconds after so many failures in a row; `jitter` is a random number in [0, 1)."""
    pause = first_s * 2.0 ** min(failure_count - 1, MAX_DOUBLINGS)
    return min(pause, LONGEST_PAUSE_S) * (0.5 + jitter / 2)


def wanted_channels(server: MattermostServer) -> list[Channel]:
    rows = server.channels.filter(thread_replies=Channel.ThreadReplies.NOTES)
    return list(rows.exclude(channel_id=""))


def listen(stop: threading.Event, pace: Pace = DEFAULT_PACE) -> None:
    """Keep a listener for every server that has a channel for it, until `stop`."""
    running: dict[int, threading.Thread] = {}
    while not stop.is_set():
        try:
            for server in MattermostServer.objects.filter(is_active=True).exclude(bot_token=""):
                thread = running.get(server.pk)
                if (thread is None or not thread.is_alive()) and wanted_channels(server):
                    running[server.pk] = _start(server, stop, pace)
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database is away, looking again: %s", error)
            connection.close()
        stop.wait(pace.look_every_s)
    for thread in running.values():
        thread.join(pace.read_wait_s * 3)
    connection.close()


def _start(server: MattermostServer, stop: threading.Event, pace: Pace) -> threading.Thread:
    listener = Listener(server.pk, stop, pace)
    thread = threading.Thread(target=listener.run, name=f"hub-listen-{server.pk}", daemon=True)
    thread.start()
    return thread


class Listener:
    """Of one server. Whoever has the lease listens; the others wait."""

    def __init__(self, server_id: int, stop: threading.Event, pace: Pace = DEFAULT_PACE) -> None:
        self._server_id, self._stop, self._pace = server_id, stop, pace
        self._holder, self._lease = uuid.uuid4().hex, f"listener:{server_id}"
        self._renew_at = timezone.now()
        self._channels: dict[str, int] = {}
        self._connection_id, self._next_sequence = "", 0
        self._failure_count = 0
        self._server: MattermostServer

    def run(self) -> None:
        """Until it is to stop, or no channel of the server wants it any more."""
        try:
            while not self._stop.is_set() and self._round():
                pass
            release_lease(self._lease, self._holder)
        except (OperationalError, InterfaceError):
            logger.warning("The database is away: the listener's lease runs out")
        finally:
            connection.close()

    def _round(self) -> bool:
        """One connection, or one wait for the lease. False when nobody is to be listened to."""
        try:
            if not self._refresh():
                return False
            if take_lease(self._lease, self._holder, timezone.now()):
                self._listen()
            else:
                self._stop.wait(self._pace.renew_every_s)
        except DeliveryError as error:
            self._pause(f"Not listening to {self._server}: {error}")
        except (OperationalError, InterfaceError) as error:
            connection.close()
            self._pause(f"The database is away: {error}")
        except Exception:
            logger.exception("A listener failed")
            self._pause("")
        return True

    def _pause(self, reason: str) -> None:
        self._failure_count += 1
        if reason:
            logger.warning("%s", reason)
        jitter = random.random()  # noqa: S311  # a spread, no secret
        pause_s = reconnect_pause(self._failure_count, jitter, self._pace.first_pause_s)
        self._stop.wait(pause_s)

    def _listen(self) -> None:
        """Raises DeliveryError when the connection ends."""
        view, listening = server_view(self._server), registry.destination().listening
        target = listening.target(view, self._connection_id, self._next_sequence)
        with open_stream(view.base_url, target, listening.headers(view)) as stream:
            while not self._stop.is_set() and self._still_listens():
                self._read(stream, view)

    def _read(self, stream: Stream, view: ServerView) -> None:
        text = stream.read(self._pace.read_wait_s)
        if text is None:
            return
        heard = registry.destination().listening.read(text)
        if self._has_missed(heard):
            self._catch_up(view)
        if heard.post is not None:
            self._take(heard.post, heard.username)
        if heard.sequence is not None:
            self._next_sequence = heard.sequence + 1
        self._failure_count = 0

    def _has_missed(self, heard: Heard) -> bool:
        if heard.connection_id:
            is_new = heard.connection_id != self._connection_id
            self._connection_id = heard.connection_id
            return is_new
        return heard.sequence not in (None, self._next_sequence)

    def _catch_up(self, view: ServerView) -> None:
        """What was written since the last post that was heard. Raises DeliveryError."""
        conversations = registry.destination().conversations
        for channel in wanted_channels(self._server):
            if channel.heard_until is None:
                continue
            since = channel.heard_until - OVERLAP
            for post in conversations.fetch_since(view, channel.channel_id, since):
                if post.created_at >= since:  # an older one was edited, or got a reaction
                    self._take(post, "")

    def _take(self, post: ChatPost, username: str) -> None:
        """Raises DeliveryError where it may be taken later: the connection is then begun anew."""
        channel_pk = self._channels.get(post.channel_id)
        if channel_pk is None:
            return
        try:
            accept_thread_reply(self._server, post, username)
        except DeliveryError as error:
            if not error.permanent:
                self._connection_id = ""
                raise
            logger.warning("Post %s became no note: %s", post.post_id, error)
        # Without save(): a post is no change of configuration.
        Channel.objects.filter(pk=channel_pk, heard_until__lt=post.created_at).update(
            heard_until=post.created_at
        )

    def _still_listens(self) -> bool:
        """Looks every few seconds whether it has the lease and is wanted."""
        now = timezone.now()
        if now < self._renew_at:
            return True
        self._renew_at = now + timedelta(seconds=self._pace.renew_every_s)
        return take_lease(self._lease, self._holder, now) and self._refresh()

    def _refresh(self) -> bool:
        """The server and its channels as they are now; False when there is nothing to hear."""
        rows = MattermostServer.objects.filter(pk=self._server_id, is_active=True)
        server = rows.exclude(bot_token="").first()
        if server is None:
            return False
        self._server = server
        channels = wanted_channels(server)
        self._channels = {channel.channel_id: channel.pk for channel in channels}
        fresh = [channel.pk for channel in channels if channel.heard_until is None]
        if fresh:
            # What is read again after a break does not reach back before this moment.
            start = timezone.now() + OVERLAP
            Channel.objects.filter(pk__in=fresh).update(heard_until=start)
        return bool(channels)
