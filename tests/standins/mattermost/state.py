"""All that the stand-in remembers: in memory, touched by the server's thread only."""

import base64
import hashlib
import os
import secrets
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from hub.contracts import JSONObject, JSONValue
from tests.standins.mattermost.call_records import (
    Command,
    Ephemeral,
    OutgoingHook,
    ResponseUrl,
)
from tests.standins.mattermost.decoding import encode
from tests.standins.mattermost.records import (
    DIRECT,
    Change,
    Channel,
    IncomingHook,
    Post,
    Team,
    Token,
    User,
)

MAX_POST_RUNES = 16_383  # posts.message, PostgreSQL
MAX_EPHEMERALS = 1000  # nobody scrolls further back
PENDING_POST_ID_S = 30.0  # how long Mattermost knows a pending_post_id
VERSION = "11.10.0"

# System console settings as a fresh self-hosted server has them, and two of our own.
DEFAULT_SETTINGS: dict[str, JSONValue] = {
    "SiteURL": "",  # the stand-in's own address, once it listens
    "EnableCommands": False,
    "EnableIncomingWebhooks": True,
    "EnableOutgoingWebhooks": True,
    "OutgoingIntegrationRequestsTimeout": 30,  # seconds; tests may want fractions
    "EnablePostUsernameOverride": False,
    "EnablePostIconOverride": False,
    "EnableUserAccessTokens": False,
    "EnableBotAccountCreation": False,
    "EnforceIncomingWebhookChannelLocking": False,
    "EnableDeveloper": False,
    "PostPriority": True,
    "MaxPostSize": MAX_POST_RUNES,
    "MaximumPayloadSizeBytes": 300_000,
    "SiteName": "Stand-in chat",
    "Version": VERSION,
    "RateLimitPerSec": 0,  # ours: 0 is RateLimitSettings.Enable=false
    "RateLimitMaxBurst": 100,
    "WebSocketAuthTimeout": 5,  # ours: seconds until a socket without a token is closed
    "WrapHookErrors": True,  # ours: false answers as a server before 10.4
}

ID_ALPHABET = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"ybndrfg8ejkmcpqxot1uwisza345h769"
)


def _as_id(raw: bytes) -> str:
    return base64.b32encode(raw)[:26].translate(ID_ALPHABET).decode()


def new_id() -> str:
    """26 characters of z-base-32, as every Mattermost id."""
    return _as_id(secrets.token_bytes(16))


def fixed_id(name: str) -> str:
    """The same id for the same name in every run, so that a hub set up yesterday still fits."""
    return _as_id(hashlib.sha256(name.encode()).digest()[:16])


class PendingPosts:
    """Which pending_post_id became which post, for 30 seconds; empty while it is being stored."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._posts: dict[str, tuple[str, float]] = {}  # in the order of their expiry
        self._expiries: deque[tuple[float, str]] = deque()

    def find(self, pending_id: str) -> str | None:
        """None when unknown, "" when it is being stored, else the id of the post."""
        self._forget_expired()
        known = self._posts.get(pending_id)
        return None if known is None else known[0]

    def remember(self, pending_id: str, post_id: str) -> None:
        expires_at = self._clock() + PENDING_POST_ID_S
        self._posts[pending_id] = (post_id, expires_at)
        self._expiries.append((expires_at, pending_id))

    def _forget_expired(self) -> None:
        now = self._clock()
        while self._expiries and self._expiries[0][0] <= now:
            expires_at, pending_id = self._expiries.popleft()
            if self._posts.get(pending_id, ("", 0.0))[1] == expires_at:
                del self._posts[pending_id]


class Journal:
    """One JSON line per stored post, written at once: it survives the death of any process."""

    def __init__(self, path: Path | None) -> None:
        self._file = None
        if path is not None:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, line: JSONObject) -> None:
        if self._file is not None:
            os.write(self._file, encode(line) + b"\n")

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class State:
    """Users, channels and posts with the indexes that the API needs."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._last_ms = 0
        self.boot_id = new_id()  # a page notices by it that everything is new
        self.settings = dict(DEFAULT_SETTINGS)
        self.users: dict[str, User] = {}
        self.user_ids: dict[str, str] = {}  # by username
        self.tokens: dict[str, Token] = {}  # by secret
        self.teams: dict[str, Team] = {}
        self.channels: dict[str, Channel] = {}
        self.hooks: dict[str, IncomingHook] = {}
        self.posts: dict[str, Post] = {}
        self.channel_posts: dict[str, list[Post]] = {}  # oldest first, deleted ones too
        self.replies: dict[str, list[Post]] = {}  # by root id, oldest first
        self.commands: dict[str, Command] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.outgoing_hooks: dict[str, OutgoingHook] = {}
        self.triggers: dict[str, tuple[str, int]] = {}  # trigger_id → user id, made at
        self.dialogs: list[tuple[str, JSONObject]] = []  # user id, what was opened
        self.ephemerals: deque[Ephemeral] = deque(maxlen=MAX_EPHEMERALS)
        self.announce: Callable[[Change], None] = lambda _change: None
        self.trigger_webhooks: Callable[[Post], None] = lambda _post: None
        self.pending = PendingPosts(clock)
        self.journal = Journal(None)
        self.stored_count = 0
        self.version = 0  # counts changes a page can see
        self.listeners: list[Callable[[], None]] = []

    def now_ms(self) -> int:
        """Unix milliseconds that never go back."""
        self._last_ms = max(self._last_ms, int(self._clock() * 1000))
        return self._last_ms

    def is_on(self, setting: str) -> bool:
        return bool(self.settings[setting])

    def number(self, setting: str) -> int:
        return int(str(self.settings[setting]))

    def seconds(self, setting: str) -> float:
        return float(str(self.settings[setting]))

    def is_since(self, *version: int) -> bool:
        """Whether the server says that it is of that version or a newer one."""
        numbers = str(self.settings["Version"]).split(".")
        return tuple(int(number) for number in numbers if number.isdecimal()) >= version

    def touch(self) -> None:
        """Something visible has changed."""
        self.version += 1
        for listener in list(self.listeners):
            listener()

    def add_user(self, user: User) -> User:
        self.users[user.id] = user
        self.user_ids[user.username] = user.id
        return user

    def user_named(self, username: str) -> User | None:
        return self.users.get(self.user_ids.get(username.lower(), ""))

    def add_token(self, user_id: str, secret: str, description: str) -> Token:
        token = Token(new_id(), secret, user_id, description)
        self.tokens[secret] = token
        return token

    def token_of(self, user: User) -> str:
        """A token that works for this account; one is made when there is none."""
        own = (one for one in self.tokens.values() if one.user_id == user.id and one.is_active)
        known = next(own, None)
        return (known or self.add_token(user.id, new_id(), "stand-in")).secret

    def user_of_token(self, secret: str) -> User | None:
        """None when the token is unknown, disabled or expired, or its account is."""
        token = self.tokens.get(secret)
        if token is None or not token.is_active or 0 < token.expires_at <= self.now_ms():
            return None
        user = self.users[token.user_id]
        return None if user.deleted_at else user

    def team_named(self, name: str) -> Team | None:
        return next((team for team in self.teams.values() if team.name == name), None)

    def add_channel(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        self.channel_posts[channel.id] = []
        self.touch()
        return channel

    def channel_named(self, team_id: str, name: str) -> Channel | None:
        """Archived ones too; direct and group messages belong to no team."""
        teams = (team_id, "")
        matching = (c for c in self.channels.values() if c.name == name and c.team_id in teams)
        return next(matching, None)

    def direct_channel(self, user_id: str, other_id: str) -> Channel:
        """The direct message of two people, made when there is none."""
        name = "__".join(sorted((user_id, other_id)))
        known = self.channel_named("", name)
        if known is not None:
            return known
        channel = Channel(fixed_id(name), name, "", self.now_ms(), type=DIRECT)
        channel.members = {user_id: "channel_user", other_id: "channel_user"}
        return self.add_channel(channel)

    def join(self, channel: Channel, user: User) -> None:
        role = "channel_guest" if user.is_guest else "channel_user"
        channel.members.setdefault(user.id, role)
        self.touch()

    def store_post(self, post: Post) -> None:
        post.updated_at = post.created_at
        channel = self.channels[post.channel_id]
        channel.last_post_at = post.created_at
        channel.post_count += 1
        self.posts[post.id] = post
        self.channel_posts[post.channel_id].append(post)
        if post.root_id:
            self.replies.setdefault(post.root_id, []).append(post)
            self.change_post(self.posts[post.root_id])
        self.stored_count += 1
        self.journal.write(self.journal_line(post))
        self.announce(Change("posted", post))
        self.touch()

    def show_only_to(self, user_id: str, post: Post) -> Ephemeral:
        """Nothing is stored but for the page, for tests, and for the buttons in it."""
        post.updated_at = post.created_at
        ephemeral = Ephemeral(user_id, post)
        self.ephemerals.append(ephemeral)
        self.announce(Change("ephemeral_message", post, user_id))
        self.touch()
        return ephemeral

    def find_ephemeral(self, post_id: str) -> Ephemeral | None:
        return next((one for one in self.ephemerals if one.post.id == post_id), None)

    def add_trigger(self, user_id: str) -> str:
        """The trigger_id of something that a person did; a dialog can be opened with it."""
        made_at = self.now_ms()
        clear = f"{new_id()}:{user_id}:{made_at}:{secrets.token_hex(16)}"
        trigger_id = base64.b64encode(clear.encode()).decode()
        self.triggers[trigger_id] = (user_id, made_at)
        return trigger_id

    def edit_post(self, post: Post, *, seen_by: str = "") -> None:
        self.change_post(post)
        self.announce(Change("post_edited", post, seen_by))

    def change_post(self, post: Post) -> None:
        post.updated_at = self.now_ms()
        post.revision += 1
        if post.root_id in self.posts:  # the page shows it with its replies
            self.posts[post.root_id].revision += 1
        self.touch()

    def delete_post(self, post: Post) -> None:
        """A root takes its replies with it; rows stay, as in the real one."""
        for one in (post, *self.replies.get(post.id, ())):
            if not one.deleted_at:
                one.deleted_at = self.now_ms()
                self.channels[one.channel_id].post_count -= 1
                self.change_post(one)
        self.announce(Change("post_deleted", post))

    def live_post(self, post_id: str) -> Post | None:
        post = self.posts.get(post_id)
        return None if post is None or post.deleted_at else post

    def reply_count(self, post: Post) -> int:
        replies = self.replies.get(post.root_id or post.id, ())
        return sum(1 for reply in replies if not reply.deleted_at)

    def journal_line(self, post: Post) -> JSONObject:
        channel = self.channels[post.channel_id]
        return {"channel": channel.name, **post.as_json(pending_post_id=post.pending_post_id)}
