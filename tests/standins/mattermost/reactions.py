"""Reactions to posts."""

import re

from tests.standins.mattermost.call import STATUS_OK, Call, ok
from tests.standins.mattermost.decoding import text_of
from tests.standins.mattermost.errors import ApiError, invalid_body, invalid_url, missing_permission
from tests.standins.mattermost.records import Change, Reaction
from tests.standins.serving import Response

EMOJI_NAME = re.compile(r"[a-zA-Z0-9\-+_]{1,64}")


def add_reaction(call: Call) -> Response:
    """Answers 200, as a running server did; the OpenAPI file says 201."""
    wish = call.json_object("reaction")
    try:
        user_id, post_id = text_of(wish, "user_id"), text_of(wish, "post_id")
        emoji_name = text_of(wish, "emoji_name")
    except ValueError as error:
        raise invalid_body("reaction") from error
    if not EMOJI_NAME.fullmatch(emoji_name):
        raise ApiError("api.reaction.save_reaction.invalid.app_error", 400)
    if user_id != call.user.id:
        raise ApiError("api.reaction.save_reaction.user_id.app_error", 403)
    post = call.state.live_post(post_id)
    if post is None:
        raise missing_permission("add_reaction")
    channel = call.channel_as_member(post.channel_id, "add_reaction")
    if channel.deleted_at:
        raise ApiError("api.reaction.save.archived_channel.app_error", 403)
    reaction = Reaction(user_id, post_id, emoji_name, call.state.now_ms(), channel.id)
    known = _find(post.reactions, user_id, emoji_name)
    if known is None:
        post.reactions.append(reaction)
        call.state.change_post(post)
        call.state.announce(Change("reaction_added", post, reaction=reaction))
    return ok((known or reaction).as_json())


def remove_reaction(call: Call) -> Response:
    """Removing what is not there is fine, too."""
    user_id, emoji_name = call.id("user_id"), call.ids["emoji_name"]
    if not EMOJI_NAME.fullmatch(emoji_name):
        raise invalid_url("emoji_name")
    post = call.post()
    call.channel_as_member(post.channel_id, "remove_reaction")
    if user_id != call.user.id:
        call.require_admin_or("remove_others_reactions")
    known = _find(post.reactions, user_id, emoji_name)
    if known is not None:
        post.reactions.remove(known)
        call.state.change_post(post)
        call.state.announce(Change("reaction_removed", post, reaction=known))
    return ok(STATUS_OK)


def fetch_reactions(call: Call) -> Response:
    """null without any, as Go writes an empty list of them."""
    reactions = [reaction.as_json() for reaction in call.post().reactions]
    return ok(reactions or None)


def _find(reactions: list[Reaction], user_id: str, emoji_name: str) -> Reaction | None:
    same = (one for one in reactions if (one.user_id, one.emoji_name) == (user_id, emoji_name))
    return next(same, None)
