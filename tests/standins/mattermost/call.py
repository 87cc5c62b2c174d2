"""One authenticated request to the API: its ids, its body, and what its account may do."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hub.contracts import JSONObject, JSONValue
from tests.standins.mattermost.decoding import as_object, decode, encode, strings_of
from tests.standins.mattermost.errors import ApiError, invalid_body, invalid_url, missing_permission
from tests.standins.mattermost.records import PUBLIC, Channel, Post, User
from tests.standins.mattermost.state import State
from tests.standins.serving import Request, Response

ID = re.compile(r"[A-Za-z0-9]{26}")
DEFAULT_PER_PAGE = 60
MAX_PER_PAGE = 200  # more is silently cut
STATUS_OK: JSONObject = {"status": "OK"}
NOBODY = User("", "", 0, roles="")


@dataclass(slots=True)
class Call:
    state: State
    request: Request
    ids: dict[str, str]  # the variable parts of the path
    user: User
    # Run when the answer leaves: a slow answer is one that is still being worked on.
    when_answered: list[Callable[[], None]] = field(default_factory=list)

    def id(self, name: str) -> str:
        """An id in the path; `me` is the caller. Raises ApiError."""
        value = self.ids[name]
        if value == "me" and name == "user_id":
            return self.user.id
        if not ID.fullmatch(value):
            raise invalid_url(name)
        return value

    def json_object(self, name: str) -> JSONObject:
        """The body. Raises ApiError, naming the parameter, when it is not an object."""
        try:
            return as_object(decode(self.request.body), name)
        except ValueError as error:
            raise invalid_body(name) from error

    def json_strings(self, name: str) -> list[str]:
        try:
            return strings_of(decode(self.request.body))
        except ValueError as error:
            raise invalid_body(name) from error

    def page(self) -> slice:
        """What `page` and `per_page` ask for; what is not a number counts as absent."""
        query = self.request.query()
        page, per_page = query.get("page", ""), query.get("per_page", "")
        size = min(int(per_page), MAX_PER_PAGE) if per_page.isdecimal() else DEFAULT_PER_PAGE
        start = (int(page) if page.isdecimal() else 0) * size
        return slice(start, start + size)

    def require_admin_or(self, permission: str) -> None:
        if not (self.user.is_admin or permission in self.user.permissions):
            raise missing_permission(permission)

    def is_member(self, channel: Channel | None) -> bool:
        return channel is not None and self.user.id in channel.members

    def can_read(self, channel: Channel) -> bool:
        """Members and admins; public channels also everybody of the team but guests."""
        if self.is_member(channel) or self.user.is_admin:
            return True
        team = self.state.teams.get(channel.team_id)
        in_team = team is not None and self.user.id in team.member_ids
        return channel.type == PUBLIC and in_team and not self.user.is_guest

    def channel(self, permission: str = "read_channel") -> Channel:
        """The channel of the path. Raises ApiError when it is gone or may not be read."""
        channel = self.state.channels.get(self.id("channel_id"))
        if channel is None:
            raise ApiError("app.channel.get.existing.app_error", 404)
        if not self.can_read(channel):
            raise missing_permission(permission)
        return channel

    def channel_as_member(self, channel_id: str, permission: str) -> Channel:
        """Raises ApiError 403 for a channel that is unknown or not joined: it is the same."""
        channel = self.state.channels.get(channel_id)
        if channel is None or not (self.is_member(channel) or self.user.is_admin):
            raise missing_permission(permission)
        return channel

    def post(self) -> Post:
        """The post of the path. Raises ApiError when it is gone or may not be read."""
        post = self.state.live_post(self.id("post_id"))
        if post is None:
            raise ApiError("app.post.get.app_error", 404)
        if not self.can_read(self.state.channels[post.channel_id]):
            raise missing_permission("read_channel_content")
        return post

    def existing_user(self, user_id: str) -> User:
        user = self.state.users.get(user_id)
        if user is None:
            raise ApiError("app.user.missing_account.const", 404)
        return user


def ok(value: "JSONValue | Sequence[JSONValue]", status: int = 200) -> Response:
    return Response(status, encode(value))
