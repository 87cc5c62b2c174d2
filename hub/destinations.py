"""The contract with destinations: Mattermost as messages go there and as people talk there.

Frozen records; standard library only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub.contracts import Http, JSONObject, Message


@dataclass(frozen=True, slots=True)
class ServerView:
    """What a destination sees of one Mattermost server."""

    base_url: str
    team: str
    token: str = field(repr=False)
    bot_user_id: str
    http: Http = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChannelView:
    """Where to post. Either `channel_id`, or the address of an incoming webhook."""

    name: str
    kind: str  # public, private, direct, group
    channel_id: str = ""
    webhook_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Posting:
    """One attempt: the message, its thread, and the keys that keep it from being posted twice."""

    message: Message
    channel: ChannelView
    key: str  # props.hub_key and pending_post_id
    root_post_id: str = ""
    look_since: datetime | None = None  # the fate of an attempt since then is unknown: look first
    post_id: str = ""  # the post to edit or react to
    reaction: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of it. `root_post_id` is the root it now stands under (itself, for a root)."""

    post_id: str = ""
    root_post_id: str = ""
    status_code: int = 0
    response_excerpt: str = ""
    note: str = ""  # found already posted; root replaced


@dataclass(frozen=True, slots=True)
class FoundChannel:
    channel_id: str
    name: str
    display_name: str
    kind: str
    is_bot_member: bool
    problem: str = ""  # in words an admin understands; empty when the bot may post


@dataclass(frozen=True, slots=True)
class Connection:
    """The answer of a connection test: who the token belongs to and what the server is."""

    user_id: str
    username: str
    server_version: str
    team_id: str


@dataclass(frozen=True, slots=True)
class ChatUser:
    user_id: str
    username: str
    email: str = ""  # empty where the bot may not see it
    name: str = ""  # as people read it; the username where no name was given
    is_bot: bool = False
    is_guest: bool = False
    is_system_admin: bool = False
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class ChatPost:
    """One post as it is now."""

    post_id: str
    channel_id: str
    user_id: str
    text: str
    created_at: datetime
    root_id: str = ""  # empty for a root
    kind: str = ""  # Mattermost's type: empty for an ordinary one, system_… for its own
    props: JSONObject = field(default_factory=dict)
    is_deleted: bool = False

    @property
    def is_by_program(self) -> bool:
        """Of a bot or a webhook: no person typed it."""
        return any(self.props.get(name) == "true" for name in ("from_webhook", "from_bot"))


@dataclass(frozen=True, slots=True)
class Conversations:
    """What can be asked and said in a channel beside deliveries. All raise DeliveryError."""

    fetch_user: Callable[[ServerView, str], ChatUser | None]  # by id
    find_user: Callable[[ServerView, str], ChatUser | None]  # by username or e-mail
    is_member: Callable[[ServerView, str, str], bool]  # channel id, user id
    is_channel_admin: Callable[[ServerView, str, str], bool]  # channel id, user id
    fetch_post: Callable[[ServerView, str], ChatPost | None]
    fetch_recent: Callable[[ServerView, str, int], tuple[ChatPost, ...]]  # newest first
    fetch_since: Callable[[ServerView, str, datetime], tuple[ChatPost, ...]]  # oldest first
    patch_post: Callable[[ServerView, str, JSONObject], None]  # post id, fields to replace
    add_reaction: Callable[[ServerView, str, str], None]  # post id, emoji name
    remove_reaction: Callable[[ServerView, str, str], None]
    respond: Callable[[ServerView, str, JSONObject], None]  # a command's response_url, its answer


@dataclass(frozen=True, slots=True)
class Heard:
    """One frame of the stream of events."""

    sequence: int | None = None  # of its connection; a gap means that something was missed
    connection_id: str = ""  # a greeting: everything before a new one may have been missed
    post: ChatPost | None = None  # just written
    username: str = ""  # of who wrote it


@dataclass(frozen=True, slots=True)
class Listening:
    """How to hear what is written in the channels where the bot is a member."""

    target: Callable[[ServerView, str, int], str]  # to go on with: connection id, next sequence
    headers: Callable[[ServerView], Mapping[str, str]]
    read: Callable[[str], Heard]


@dataclass(frozen=True, slots=True)
class NewChannel:
    name: str
    display_name: str
    is_private: bool = False
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class IncomingHook:
    """An incoming webhook. Its id is its secret, and so is its address."""

    hook_id: str = field(repr=False)
    url: str = field(repr=False)
    channel_id: str
    name: str = ""
    owner_id: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A bot's or a person's token. Its id is no secret: it names the token to revoke."""

    token_id: str
    user_id: str
    description: str = ""
    is_active: bool = True
    expires_at: datetime | None = None
    secret: str = field(default="", repr=False)  # in the answer that makes it, and never again


@dataclass(frozen=True, slots=True)
class CustomCommand:
    """A slash command as Mattermost holds it."""

    trigger: str
    url: str
    command_id: str = ""
    token: str = field(default="", repr=False)
    method: str = "P"  # or G
    name: str = ""
    description: str = ""  # beside it while somebody types
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Administration:
    """What an administrator's token, or a bot with the permission, can change there.

    All raise DeliveryError with the setting or the permission that is missing.
    """

    create_channel: Callable[[ServerView, NewChannel], FoundChannel]
    find_channels: Callable[[ServerView, str], tuple[FoundChannel, ...]]  # by a part of the name
    add_member: Callable[[ServerView, str, str], None]  # channel id, user id
    may_mention_all: Callable[[ServerView, str], bool | None]  # channel id; None: it does not tell
    fetch_hooks: Callable[[ServerView], tuple[IncomingHook, ...]]
    create_hook: Callable[[ServerView, str, str], IncomingHook]  # channel id, name
    delete_hook: Callable[[ServerView, str], None]
    fetch_commands: Callable[[ServerView], tuple[CustomCommand, ...]]
    create_command: Callable[[ServerView, CustomCommand], CustomCommand]
    update_command: Callable[[ServerView, CustomCommand], CustomCommand]
    renew_command_token: Callable[[ServerView, str], str]  # the old one is dead at once
    delete_command: Callable[[ServerView, str], None]
    fetch_tokens: Callable[[ServerView, str], tuple[AccessToken, ...]]  # user id
    create_token: Callable[[ServerView, str, str], AccessToken]  # user id, description
    revoke_token: Callable[[ServerView, str], None]  # token id
    create_bot: Callable[[ServerView, str, str], ChatUser]  # username, name
    search_users: Callable[[ServerView, str], tuple[ChatUser, ...]]
    fetch_settings: Callable[[ServerView], Mapping[str, str]]  # those that clients may know


@dataclass(frozen=True, slots=True)
class Destination:
    """Where messages go. All functions raise DeliveryError."""

    name: str
    label: str
    post: Callable[[ServerView, Posting], Posted]
    edit: Callable[[ServerView, Posting], Posted]
    react: Callable[[ServerView, Posting], Posted]
    check_connection: Callable[[ServerView], Connection]
    find_channel: Callable[[ServerView, str, str], FoundChannel]  # (server, kind, name)
    join_channel: Callable[[ServerView, str], None]  # (server, channel_id): the bot becomes member
    is_up: Callable[[ServerView], bool]
    conversations: Conversations
    listening: Listening
    administration: Administration
