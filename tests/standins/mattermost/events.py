"""What clients are told of a change: JSON in strings, as Mattermost has it."""

import re

from hub.contracts import JSONObject
from tests.standins.mattermost.decoding import encode
from tests.standins.mattermost.posts import post_json
from tests.standins.mattermost.records import Change, Post, User
from tests.standins.mattermost.state import State

POSTED = "posted"
MENTION = re.compile(r"(?<![\w@])@([a-z0-9.\-_]+)", re.IGNORECASE)
EVERYBODY = {"channel", "all", "here"}


def is_told(state: State, change: Change, user: User) -> bool:
    """The one person it is for, or the members of the channel."""
    if change.user_id:
        return change.user_id == user.id
    return user.id in state.channels[change.channel_id].members


def data_for(state: State, change: Change, user: User) -> JSONObject:
    if change.reaction is not None:
        return {"reaction": encode(change.reaction.as_json()).decode()}
    if change.post is None:
        return {"dialog": encode(change.dialog).decode()}
    data: JSONObject = {"post": encode(post_json(state, change.post)).decode()}
    if change.event == POSTED:
        data |= _details(state, change.post)
        if _concerns(change.post, user):
            data["mentions"] = encode([user.id]).decode()
    return data


def _details(state: State, post: Post) -> JSONObject:
    channel = state.channels[post.channel_id]
    override = post.props.get("override_username")
    sender = override if isinstance(override, str) else f"@{state.users[post.user_id].username}"
    details: JSONObject = {
        "channel_type": channel.type,
        "channel_display_name": channel.display_name,
        "channel_name": channel.name,
        "sender_name": sender,
        "team_id": channel.team_id,
        "set_online": post.props.get("from_webhook") != "true",
    }
    return {**details, "otherFile": "true"} if post.file_ids else details


def _concerns(post: Post, user: User) -> bool:
    names = {name.lower().rstrip(".-_") for name in MENTION.findall(post.message)}
    is_author = post.user_id == user.id and post.props.get("from_webhook") != "true"
    return not is_author and bool(names & {user.username, *EVERYBODY})
