"""What a Mattermost server stores, and how each looks on the wire."""

from dataclasses import dataclass, field

from hub.contracts import JSONObject, JSONValue

PUBLIC, PRIVATE, DIRECT, GROUP = "O", "P", "D", "G"


@dataclass(slots=True)
class User:
    id: str
    username: str
    created_at: int
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    roles: str = "system_user"
    locale: str = "en"
    is_bot: bool = False
    bot_description: str = ""
    owner_id: str = ""  # of a bot
    deleted_at: int = 0
    permissions: set[str] = field(default_factory=set)  # granted on top of the roles

    @property
    def is_admin(self) -> bool:
        return "system_admin" in self.roles.split()

    @property
    def is_guest(self) -> bool:
        return "system_guest" in self.roles.split()

    @property
    def display_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.username

    def as_json(self) -> JSONObject:
        value: JSONObject = {
            "id": self.id,
            "create_at": self.created_at,
            "update_at": max(self.created_at, self.deleted_at),
            "delete_at": self.deleted_at,
            "username": self.username,
            "auth_data": "",
            "auth_service": "",
            "email": self.email,
            "nickname": "",
            "first_name": self.first_name,
            "last_name": self.last_name,
            "position": "",
            "roles": self.roles,
            "locale": self.locale,
            "timezone": {
                "automaticTimezone": "",
                "manualTimezone": "",
                "useAutomaticTimezone": "true",
            },
        }
        if self.is_bot:
            value |= {"is_bot": True, "bot_description": self.bot_description}
        return value

    def as_bot_json(self) -> JSONObject:
        return {
            "user_id": self.id,
            "username": self.username,
            "display_name": self.first_name,
            "description": self.bot_description,
            "owner_id": self.owner_id,
            "create_at": self.created_at,
            "update_at": max(self.created_at, self.deleted_at),
            "delete_at": self.deleted_at,
        }


@dataclass(slots=True)
class Token:
    id: str
    secret: str
    user_id: str
    description: str
    is_active: bool = True
    expires_at: int = 0

    def as_json(self, *, has_secret: bool = False) -> JSONObject:
        value: JSONObject = {
            "id": self.id,
            "user_id": self.user_id,
            "description": self.description,
            "is_active": self.is_active,
            "expires_at": self.expires_at,
        }
        return {"token": self.secret, **value} if has_secret else value


@dataclass(slots=True)
class Team:
    id: str
    name: str
    display_name: str
    created_at: int
    type: str = PUBLIC
    member_ids: set[str] = field(default_factory=set)

    def as_json(self) -> JSONObject:
        return {
            "id": self.id,
            "create_at": self.created_at,
            "update_at": self.created_at,
            "delete_at": 0,
            "display_name": self.display_name,
            "name": self.name,
            "description": "",
            "email": "",
            "type": self.type,
            "company_name": "",
            "allowed_domains": "",
            "invite_id": "",
            "allow_open_invite": self.type == PUBLIC,
            "group_constrained": None,
        }


@dataclass(slots=True)
class Channel:
    id: str
    name: str
    display_name: str
    created_at: int
    type: str = PUBLIC
    team_id: str = ""  # empty for direct and group messages
    purpose: str = ""
    header: str = ""
    creator_id: str = ""
    deleted_at: int = 0  # archived
    last_post_at: int = 0
    post_count: int = 0
    members: dict[str, str] = field(default_factory=dict)  # user id → roles in the channel

    def as_json(self) -> JSONObject:
        return {
            "id": self.id,
            "create_at": self.created_at,
            "update_at": max(self.created_at, self.deleted_at),
            "delete_at": self.deleted_at,
            "team_id": self.team_id,
            "type": self.type,
            "display_name": self.display_name,
            "name": self.name,
            "header": self.header,
            "purpose": self.purpose,
            "last_post_at": self.last_post_at,
            "total_msg_count": self.post_count,
            "extra_update_at": 0,
            "creator_id": self.creator_id,
            "scheme_id": None,
            "props": None,
            "group_constrained": None,
            "shared": None,
        }

    def member_json(self, user_id: str) -> JSONObject:
        roles = self.members[user_id]
        return {
            "channel_id": self.id,
            "user_id": user_id,
            "roles": roles,
            "last_viewed_at": 0,
            "msg_count": 0,
            "mention_count": 0,
            "notify_props": {"desktop": "default", "mark_unread": "all", "push": "default"},
            "last_update_at": self.created_at,
            "scheme_guest": "channel_guest" in roles,
            "scheme_user": "channel_user" in roles,
            "scheme_admin": "channel_admin" in roles,
            "explicit_roles": "",
        }


@dataclass(frozen=True, slots=True)
class Reaction:
    user_id: str
    post_id: str
    emoji_name: str
    created_at: int
    channel_id: str

    def as_json(self) -> JSONObject:
        return {
            "user_id": self.user_id,
            "post_id": self.post_id,
            "emoji_name": self.emoji_name,
            "create_at": self.created_at,
            "update_at": self.created_at,
            "delete_at": 0,
            "remote_id": "",
            "channel_id": self.channel_id,
        }


@dataclass(slots=True)
class Post:
    id: str
    created_at: int
    user_id: str
    channel_id: str
    message: str
    props: JSONObject
    root_id: str = ""
    type: str = ""
    priority: JSONObject | None = None
    file_ids: list[JSONValue] = field(default_factory=list)
    pending_post_id: str = ""
    updated_at: int = 0
    edited_at: int = 0
    deleted_at: int = 0
    is_pinned: bool = False
    reactions: list[Reaction] = field(default_factory=list)
    revision: int = 0  # bumped by every change, also of its replies: the page caches by it

    def metadata(self) -> JSONObject:
        value: JSONObject = {}
        if self.reactions:
            value["reactions"] = [reaction.as_json() for reaction in self.reactions]
        if self.priority is not None:
            value["priority"] = self.priority
        return value

    def as_json(self, *, reply_count: int = 0, pending_post_id: str = "") -> JSONObject:
        """The post with the integrations of its buttons, which clients never get to see."""
        value: JSONObject = {
            "id": self.id,
            "create_at": self.created_at,
            "update_at": self.updated_at,
            "edit_at": self.edited_at,
            "delete_at": self.deleted_at,
            "is_pinned": self.is_pinned,
            "user_id": self.user_id,
            "channel_id": self.channel_id,
            "root_id": self.root_id,
            "original_id": "",
            "message": self.message,
            "type": self.type,
            "props": self.props,
            "hashtags": "",
            "pending_post_id": pending_post_id,
            "remote_id": "",
            "reply_count": reply_count,
            "last_reply_at": 0,
            "participants": None,
            "metadata": self.metadata(),
        }
        if self.file_ids:
            value["file_ids"] = self.file_ids
        if self.reactions:
            value["has_reactions"] = True
        return value


@dataclass(frozen=True, slots=True)
class Change:
    """Something that clients are told over their WebSockets."""

    event: str
    post: Post | None
    user_id: str = ""  # only this person is told
    reaction: Reaction | None = None
    dialog: JSONObject | None = None

    @property
    def channel_id(self) -> str:
        """Whose members are told, unless it is for one person."""
        return "" if self.user_id or self.post is None else self.post.channel_id


@dataclass(slots=True)
class IncomingHook:
    id: str
    created_at: int
    user_id: str
    channel_id: str
    team_id: str
    display_name: str = ""
    description: str = ""
    username: str = ""
    icon_url: str = ""
    channel_locked: bool = False
    updated_at: int = 0
    last_used: int = 0

    def as_json(self) -> JSONObject:
        return {
            "id": self.id,
            "create_at": self.created_at,
            "update_at": self.updated_at or self.created_at,
            "delete_at": 0,
            "user_id": self.user_id,
            "channel_id": self.channel_id,
            "team_id": self.team_id,
            "display_name": self.display_name,
            "description": self.description,
            "username": self.username,
            "icon_url": self.icon_url,
            "channel_locked": self.channel_locked,
            "last_used": self.last_used,
        }
