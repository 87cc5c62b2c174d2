"""Channels of all four kinds, and who is in them."""

import hashlib
import re

from tests.standins.mattermost.call import ID, STATUS_OK, Call, ok
from tests.standins.mattermost.decoding import strings_of, text_of
from tests.standins.mattermost.errors import ApiError, invalid_body, missing_permission
from tests.standins.mattermost.records import DIRECT, GROUP, PRIVATE, PUBLIC, Channel, User
from tests.standins.mattermost.state import new_id
from tests.standins.serving import Response

NAME = re.compile(r"[a-z0-9]+([a-z\-_0-9]+|(__)?)[a-z0-9]*")
RESERVED_NAME = re.compile(r"[0-9a-f]{40}|[a-z0-9]{26}__[a-z0-9]{26}")
MAX_NAME_CHARS = 64
MAX_PURPOSE_RUNES = 250
MAX_HEADER_RUNES = 1024
GROUP_SIZES = range(3, 9)
MANAGE_MEMBERS = {
    PUBLIC: "manage_public_channel_members",
    PRIVATE: "manage_private_channel_members",
}
CREATE = {PUBLIC: "create_public_channel", PRIVATE: "create_private_channel"}


def fetch_channel(call: Call) -> Response:
    return ok(call.channel().as_json())


def fetch_channel_by_name(call: Call) -> Response:
    return _channel_by_name(call, call.id("team_id"))


def fetch_channel_by_names(call: Call) -> Response:
    team = call.state.team_named(call.ids["team_name"])
    return _channel_by_name(call, team.id if team is not None else "")


def fetch_user_channels(call: Call) -> Response:
    user_id, team_id = call.id("user_id"), call.id("team_id")
    mine = [one for one in call.state.channels.values() if user_id in one.members]
    return ok([one.as_json() for one in mine if one.team_id in (team_id, "")])


def search_channels(call: Call) -> Response:
    """Public channels of the team by a part of their name."""
    term = text_of(call.json_object("channel_search"), "term").lower()
    public = [
        one
        for one in call.state.channels.values()
        if one.team_id == call.id("team_id") and one.type == PUBLIC and not one.deleted_at
    ]
    return ok([one.as_json() for one in public if term in f"{one.name} {one.display_name}".lower()])


def create_channel(call: Call) -> Response:
    wish = call.json_object("channel")
    try:
        channel = Channel(
            new_id(),
            text_of(wish, "name"),
            text_of(wish, "display_name"),
            call.state.now_ms(),
            text_of(wish, "type"),
            text_of(wish, "team_id"),
            text_of(wish, "purpose"),
            text_of(wish, "header"),
        )
    except ValueError as error:
        raise invalid_body("channel") from error
    _check_new_channel(call, channel)
    channel.creator_id = call.user.id
    channel.members[call.user.id] = "channel_user channel_admin"
    return ok(call.state.add_channel(channel).as_json(), 201)


def create_direct_channel(call: Call) -> Response:
    user_ids = call.json_strings("user_ids")
    if len(user_ids) != 2 or not all(map(ID.fullmatch, user_ids)):
        raise invalid_body("user_ids")
    if call.user.id not in user_ids:
        call.require_admin_or("manage_system")
    first, second = (call.existing_user(user_id) for user_id in user_ids)
    return ok(call.state.direct_channel(first.id, second.id).as_json(), 201)


def create_group_channel(call: Call) -> Response:
    user_ids = sorted({*call.json_strings("user_ids"), call.user.id})
    if len(user_ids) not in GROUP_SIZES:
        raise ApiError("api.channel.create_group.bad_size.app_error", 400)
    if not set(user_ids) <= set(call.state.users):
        raise ApiError("api.channel.create_group.bad_user.app_error", 400)
    name = hashlib.sha1("".join(user_ids).encode(), usedforsecurity=False).hexdigest()
    channel = call.state.channel_named("", name)
    if channel is None:
        people = ", ".join(call.state.users[user_id].username for user_id in user_ids)
        channel = Channel(new_id(), name, people, call.state.now_ms(), GROUP)
        channel.members = dict.fromkeys(user_ids, "channel_user")
        call.state.add_channel(channel)
    return ok(channel.as_json(), 201)


def patch_channel(call: Call) -> Response:
    channel, wish = call.channel(), call.json_object("channel")
    if not (call.is_member(channel) or call.user.is_admin):
        raise missing_permission("manage_public_channel_properties")
    try:
        channel.display_name = text_of(wish, "display_name", channel.display_name)
        channel.purpose = text_of(wish, "purpose", channel.purpose)
        channel.header = text_of(wish, "header", channel.header)
        channel.name = text_of(wish, "name", channel.name)
    except ValueError as error:
        raise invalid_body("channel") from error
    call.state.touch()
    return ok(channel.as_json())


def update_channel(call: Call) -> Response:
    """As a patch, but the body must name the channel, and its name may not go missing."""
    wish = call.json_object("channel")
    if wish.get("id") != call.id("channel_id"):
        raise invalid_body("channel_id")
    return patch_channel(call)


def set_privacy(call: Call) -> Response:
    channel, privacy = call.channel(), call.json_object("privacy").get("privacy")
    if privacy not in (PUBLIC, PRIVATE):
        raise invalid_body("privacy")
    permission = "convert_public_channel_to_private"
    if privacy == PUBLIC:
        permission = "convert_private_channel_to_public"
    is_channel_admin = "channel_admin" in channel.members.get(call.user.id, "")
    if not is_channel_admin:
        call.require_admin_or(permission)
    channel.type = privacy
    call.state.touch()
    return ok(channel.as_json())


def archive_channel(call: Call) -> Response:
    channel = call.channel()
    if not (call.is_member(channel) or call.user.is_admin):
        raise missing_permission("delete_public_channel")
    channel.deleted_at = call.state.now_ms()
    call.state.touch()
    return ok(STATUS_OK)


def restore_channel(call: Call) -> Response:
    channel = call.channel()
    call.require_admin_or("manage_team")
    channel.deleted_at = 0
    call.state.touch()
    return ok(channel.as_json())


def fetch_members(call: Call) -> Response:
    channel = call.channel()
    return ok([channel.member_json(user_id) for user_id in list(channel.members)[call.page()]])


def fetch_member(call: Call) -> Response:
    channel, user_id = call.channel(), call.id("user_id")
    _require_member(channel, user_id)
    return ok(channel.member_json(user_id))


def add_members(call: Call) -> Response:
    """One `user_id` answers the member, several `user_ids` a list."""
    wish = call.json_object("channel_member")
    try:
        several = strings_of(wish["user_ids"]) if "user_ids" in wish else []
        user_ids = several or [text_of(wish, "user_id")]
    except ValueError as error:
        raise invalid_body("user_id") from error
    if not all(map(ID.fullmatch, user_ids)):
        raise invalid_body("user_id")
    channel = call.state.channels.get(call.id("channel_id"))
    if channel is None:
        raise ApiError("app.channel.get.existing.app_error", 404)
    for user_id in user_ids:
        _add_member(call, channel, call.existing_user(user_id))
    members = [channel.member_json(user_id) for user_id in user_ids]
    return ok(members if several else members[0], 201)


def remove_member(call: Call) -> Response:
    channel, user_id = call.channel(), call.id("user_id")
    if channel.type in (DIRECT, GROUP):
        raise ApiError("api.channel.remove_channel_member.type.app_error", 400)
    if user_id != call.user.id:
        call.channel_as_member(channel.id, MANAGE_MEMBERS[channel.type])
    _require_member(channel, user_id)
    del channel.members[user_id]
    call.state.touch()
    return ok(STATUS_OK)


def _channel_by_name(call: Call, team_id: str) -> Response:
    channel = call.state.channel_named(team_id, call.ids["channel_name"])
    with_archived = call.request.query().get("include_deleted") == "true"
    is_gone = channel is None or (channel.deleted_at and not with_archived)
    if channel is None or is_gone or (channel.type != PUBLIC and not call.can_read(channel)):
        raise ApiError("app.channel.get_by_name.missing.app_error", 404)
    if not call.can_read(channel):
        raise missing_permission("read_public_channel")
    return ok(channel.as_json())


def _check_new_channel(call: Call, channel: Channel) -> None:
    if channel.team_id not in call.state.teams:
        raise invalid_body("team_id")
    if not channel.display_name:
        raise invalid_body("display_name")
    if channel.type not in CREATE:
        raise ApiError("model.channel.is_valid.type.app_error", 400)
    team = call.state.teams[channel.team_id]
    if call.user.id not in team.member_ids or call.user.is_guest:
        raise missing_permission(CREATE[channel.type])
    if not NAME.fullmatch(channel.name) or RESERVED_NAME.fullmatch(channel.name):
        raise ApiError("model.channel.is_valid.1_or_more.app_error", 400)
    if max(len(channel.name), len(channel.display_name)) > MAX_NAME_CHARS:
        raise ApiError("model.channel.is_valid.display_name.app_error", 400)
    if len(channel.purpose) > MAX_PURPOSE_RUNES or len(channel.header) > MAX_HEADER_RUNES:
        raise ApiError("model.channel.is_valid.purpose.app_error", 400)
    known = call.state.channel_named(channel.team_id, channel.name)
    if known is not None:
        kind = "save.archived_channel" if known.deleted_at else "save_channel.exists"
        raise ApiError(f"store.sql_channel.{kind}.app_error", 400)


def _add_member(call: Call, channel: Channel, user: User) -> None:
    if channel.type in (DIRECT, GROUP):
        raise ApiError("api.channel.add_user_to_channel.type.app_error", 400)
    if channel.deleted_at:
        raise ApiError("api.channel.add_user_to_channel.deleted.app_error", 400)
    is_joining = user.id == call.user.id and channel.type == PUBLIC
    if is_joining and not call.can_read(channel):
        raise missing_permission("join_public_channels")
    if not is_joining:
        call.channel_as_member(channel.id, MANAGE_MEMBERS[channel.type])
    if user.id not in call.state.teams[channel.team_id].member_ids:
        raise ApiError("app.team.get_member.missing.app_error", 404)
    call.state.join(channel, user)


def _require_member(channel: Channel, user_id: str) -> None:
    if user_id not in channel.members:
        raise ApiError("app.channel.get_member.missing.app_error", 404)
