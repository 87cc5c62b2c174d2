"""Channels, direct and group messages: found by name, joined, and what keeps the bot out."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from hub.contracts import DeliveryError, JSONObject
from hub.destinations import FoundChannel, ServerView
from integrations.mattermost.connection import (
    NOT_FOR_US,
    answered_object,
    call,
    fetch_bot,
    find,
    reworded,
    shown_bot,
    text_of,
)

KINDS: Mapping[str, str] = MappingProxyType(
    {"O": "public", "P": "private", "D": "direct", "G": "group"}
)
POSTS_ANYWHERE = "system_post_all"
POSTS_IN_PUBLIC = "system_post_all_public"


def find_channel(server: ServerView, kind: str, name: str) -> FoundChannel:
    """`support`, or people as `@anja` or `@anja,@bart`. Raises DeliveryError when there is none.

    `kind` is what was expected; what it really is stands in the answer.
    """
    bot = fetch_bot(server)
    if kind in ("direct", "group") or name.startswith("@"):
        return _open_conversation(server, bot, name)
    path = f"/teams/name/{quote(server.team, safe='')}/channels/name/{quote(name, safe='')}"
    channel = find(server, path, include_deleted="true")
    if channel is None:
        raise DeliveryError(
            f"There is no channel ~{name} in the team “{server.team}”, or it is private and "
            f"{shown_bot(bot)} is not a member",
            permanent=True,
        )
    is_member = is_bot_member(server, text_of(channel, "id"), text_of(bot, "id"))
    problem = _problem(channel, bot, is_member=is_member)
    return found_channel(channel, is_bot_member=is_member, problem=problem)


def join_channel(server: ServerView, channel_id: str) -> None:
    """The bot becomes a member by itself, where Mattermost lets it. Raises DeliveryError."""
    bot = fetch_bot(server)
    try:
        call(server, "POST", f"/channels/{channel_id}/members", json={"user_id": bot.get("id")})
    except DeliveryError as error:
        if error.status_code not in (400, *NOT_FOR_US):
            raise
        username = text_of(bot, "username")
        sentence = (
            f"The bot @{username} may not join by itself: add it to the team “{server.team}”, "
            f"then let a member of the channel type /invite @{username} there"
        )
        raise reworded(error, sentence, permanent=True) from error


def is_bot_member(server: ServerView, channel_id: str, bot_id: str) -> bool:
    return find(server, f"/channels/{channel_id}/members/{bot_id}") is not None


def not_a_member(bot: JSONObject, shown: str) -> str:
    return (
        f"The bot @{text_of(bot, 'username')} is not a member of {shown}: invite it there, "
        "or press “Repair membership”"
    )


def archived(shown: str) -> str:
    return f"{shown} is archived: unarchive it in Mattermost, or choose another channel"


def _open_conversation(server: ServerView, bot: JSONObject, name: str) -> FoundChannel:
    """A direct or group message; Mattermost makes it when there is none yet."""
    usernames = [one.strip().removeprefix("@") for one in name.split(",") if one.strip(" @")]
    people = [_fetch_person(server, username) for username in usernames]
    shown = ", ".join(f"@{username}" for username in usernames)
    path = "/channels/direct" if len(people) == 1 else "/channels/group"
    try:
        answer = call(server, "POST", path, json=[text_of(one, "id") for one in (bot, *people)])
    except DeliveryError as error:
        if error.status_code not in (400, 403):
            raise
        sentence = f"The bot may not write to {shown}: all must be in one team, seven at most"
        raise reworded(error, sentence) from error
    gone = [text_of(one, "username") for one in people if one.get("delete_at")]
    problem = f"@{', @'.join(gone)} is deactivated in Mattermost" if gone else ""
    channel = {**answered_object(answer), "display_name": shown}
    return found_channel(channel, is_bot_member=True, problem=problem)


def _fetch_person(server: ServerView, username: str) -> JSONObject:
    person = find(server, f"/users/username/{quote(username, safe='')}")
    if person is None:
        raise DeliveryError(f"There is nobody called @{username} in Mattermost", permanent=True)
    return person


def _problem(channel: JSONObject, bot: JSONObject, *, is_member: bool) -> str:
    shown = f"~{text_of(channel, 'name')}"
    if channel.get("delete_at"):
        return archived(shown)
    roles = text_of(bot, "roles").split()
    is_public = channel.get("type") == "O"
    if is_member or POSTS_ANYWHERE in roles or (is_public and POSTS_IN_PUBLIC in roles):
        return ""
    return not_a_member(bot, shown)


def found_channel(channel: JSONObject, *, is_bot_member: bool, problem: str) -> FoundChannel:
    return FoundChannel(
        channel_id=text_of(channel, "id"),
        name=text_of(channel, "name"),
        display_name=text_of(channel, "display_name"),
        kind=KINDS.get(text_of(channel, "type"), "public"),
        is_bot_member=is_bot_member,
        problem=problem,
    )
