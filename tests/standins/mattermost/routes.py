"""Which address is which call."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from tests.standins.mattermost import (
    accounts,
    channels,
    commands,
    dialogs,
    hooks,
    incoming,
    invoking,
    outgoing_hooks,
    people,
    post_lists,
    posts,
    pressing,
    reactions,
    system,
)
from tests.standins.mattermost.call import Call
from tests.standins.serving import Response

Function: TypeAlias = Callable[[Call], Response | Awaitable[Response]]

API: dict[str, Function] = {
    "GET /users/{user_id}": people.fetch_user,
    "GET /users/username/{username}": people.fetch_user_by_username,
    "GET /users/email/{email}": people.fetch_user_by_email,
    "POST /users/search": people.search_users,
    "POST /users/ids": people.fetch_users_by_ids,
    "POST /users/usernames": people.fetch_users_by_usernames,
    "GET /users/{user_id}/teams": people.fetch_user_teams,
    "GET /users/{user_id}/teams/{team_id}/channels": channels.fetch_user_channels,
    "PUT /users/{user_id}/status/custom": people.set_custom_status,
    "DELETE /users/{user_id}/status/custom": people.set_custom_status,
    "POST /users/{user_id}/tokens": accounts.create_token,
    "GET /users/{user_id}/tokens": accounts.fetch_tokens,
    "GET /users/tokens/{token_id}": accounts.fetch_token,
    "POST /users/tokens/revoke": accounts.revoke_token,
    "POST /users/tokens/disable": accounts.disable_token,
    "POST /users/tokens/enable": accounts.enable_token,
    "POST /users/tokens/rotate": accounts.rotate_token,
    "POST /bots": accounts.create_bot,
    "POST /bots/{bot_user_id}/disable": accounts.disable_bot,
    "POST /bots/{bot_user_id}/enable": accounts.enable_bot,
    "GET /teams": people.fetch_teams,
    "POST /teams": people.create_team,
    "GET /teams/{team_id}": people.fetch_team,
    "GET /teams/name/{team_name}": people.fetch_team_by_name,
    "POST /teams/{team_id}/members": people.add_team_member,
    "GET /teams/{team_id}/channels/name/{channel_name}": channels.fetch_channel_by_name,
    "GET /teams/name/{team_name}/channels/name/{channel_name}": channels.fetch_channel_by_names,
    "POST /teams/{team_id}/channels/search": channels.search_channels,
    "POST /channels": channels.create_channel,
    "POST /channels/direct": channels.create_direct_channel,
    "POST /channels/group": channels.create_group_channel,
    "GET /channels/{channel_id}": channels.fetch_channel,
    "PUT /channels/{channel_id}": channels.update_channel,
    "PUT /channels/{channel_id}/privacy": channels.set_privacy,
    "PUT /channels/{channel_id}/patch": channels.patch_channel,
    "DELETE /channels/{channel_id}": channels.archive_channel,
    "POST /channels/{channel_id}/restore": channels.restore_channel,
    "GET /channels/{channel_id}/members": channels.fetch_members,
    "POST /channels/{channel_id}/members": channels.add_members,
    "GET /channels/{channel_id}/members/{user_id}": channels.fetch_member,
    "DELETE /channels/{channel_id}/members/{user_id}": channels.remove_member,
    "GET /channels/{channel_id}/posts": post_lists.fetch_channel_posts,
    "POST /posts": posts.create_post,
    "POST /posts/ephemeral": posts.create_ephemeral_post,
    "GET /posts/{post_id}": posts.fetch_post,
    "PUT /posts/{post_id}": posts.update_post,
    "PUT /posts/{post_id}/patch": posts.patch_post,
    "DELETE /posts/{post_id}": posts.delete_post,
    "GET /posts/{post_id}/thread": post_lists.fetch_thread,
    "POST /posts/{post_id}/pin": posts.pin_post,
    "POST /posts/{post_id}/unpin": posts.unpin_post,
    "POST /posts/{post_id}/actions/{action_id}": pressing.press_action,
    "POST /actions/dialogs/open": dialogs.open_dialog,
    "POST /actions/dialogs/submit": dialogs.submit_dialog,
    "POST /reactions": reactions.add_reaction,
    "GET /posts/{post_id}/reactions": reactions.fetch_reactions,
    "DELETE /users/{user_id}/posts/{post_id}/reactions/{emoji_name}": reactions.remove_reaction,
    "POST /hooks/incoming": hooks.create_hook,
    "GET /hooks/incoming": hooks.fetch_hooks,
    "GET /hooks/incoming/{hook_id}": hooks.fetch_hook,
    "PUT /hooks/incoming/{hook_id}": hooks.update_hook,
    "DELETE /hooks/incoming/{hook_id}": hooks.delete_hook,
    "POST /hooks/incoming/{hook_id}/move/{user_id}": hooks.move_hook,
    "POST /hooks/outgoing": outgoing_hooks.create_hook,
    "GET /hooks/outgoing": outgoing_hooks.fetch_hooks,
    "GET /hooks/outgoing/{hook_id}": outgoing_hooks.fetch_hook,
    "PUT /hooks/outgoing/{hook_id}": outgoing_hooks.update_hook,
    "DELETE /hooks/outgoing/{hook_id}": outgoing_hooks.delete_hook,
    "POST /hooks/outgoing/{hook_id}/regen_token": outgoing_hooks.regenerate_token,
    "POST /commands": commands.create_command,
    "GET /commands": commands.fetch_commands,
    "POST /commands/execute": invoking.execute_command,
    "GET /commands/{command_id}": commands.fetch_command,
    "PUT /commands/{command_id}": commands.update_command,
    "DELETE /commands/{command_id}": commands.delete_command,
    "PUT /commands/{command_id}/regen_token": commands.regenerate_token,
    "GET /system/ping": system.ping,
    "GET /config/client": system.fetch_client_config,
}
WITHOUT_SESSION: frozenset[Function] = frozenset(
    {
        system.ping,
        system.fetch_client_config,
        incoming.receive,
        invoking.take_later_answer,
        dialogs.open_dialog,
    }
)


@dataclass(frozen=True, slots=True)
class Route:
    name: str  # as in the table, for the counters
    segments: tuple[str, ...]
    function: Function

    def ids(self, segments: list[str]) -> dict[str, str] | None:
        """The variable parts, or None when the path is another one."""
        found = {}
        for mine, theirs in zip(self.segments, segments, strict=True):
            if mine.startswith("{"):
                found[mine[1:-1]] = theirs
            elif mine != theirs:
                return None
        return found


def _routes() -> dict[tuple[str, int], list[Route]]:
    table: dict[tuple[str, int], list[Route]] = {}
    named = {
        f"{method} /api/v4{path}": function
        for (method, path), function in ((name.split(" "), one) for name, one in API.items())
    }
    named["POST /hooks/{hook_id}"] = incoming.receive
    named["POST /hooks/commands/{response_id}"] = invoking.take_later_answer
    for name, function in named.items():
        method, path = name.split(" ")
        segments = tuple(path.split("/"))
        table.setdefault((method, len(segments)), []).append(Route(name, segments, function))
    return table


ROUTES = _routes()
FIXED_ROUTES = {
    route.name: route for routes in ROUTES.values() for route in routes if "{" not in route.name
}


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The most exact route: the table names fixed words before variable ones."""
    fixed = FIXED_ROUTES.get(f"{method} {path}")
    if fixed is not None:
        return fixed, {}
    segments = path.rstrip("/").split("/")
    for route in ROUTES.get((method, len(segments)), ()):
        ids = route.ids(segments)
        if ids is not None:
            return route, ids
    return None
