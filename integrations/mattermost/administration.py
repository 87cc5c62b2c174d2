"""What an administrator does in Mattermost: channels, members, people, settings."""

from collections.abc import Mapping

from hub.contracts import DeliveryError, JSONObject
from hub.destinations import Administration, ChatUser, FoundChannel, NewChannel, ServerView
from integrations.mattermost.channels import found_channel, is_bot_member
from integrations.mattermost.connection import (
    answered_object,
    call,
    error_field,
    fetch,
    find,
    reworded,
    text_of,
)
from integrations.mattermost.conversations import chat_user
from integrations.mattermost.credentials import (
    create_bot,
    create_hook,
    create_token,
    delete_hook,
    fetch_hooks,
    fetch_tokens,
    revoke_token,
)
from integrations.mattermost.deeds import Deed, do, objects_of, team_id_of
from integrations.mattermost.slash_commands import (
    create_command,
    delete_command,
    fetch_commands,
    renew_command_token,
    update_command,
)

ARCHIVED = "archived"  # in the error's id, of every version
TAKEN = "exists"
MENTIONS_ALL = "use_channel_mentions"
NOT_TOLD = frozenset({400, 403, 404, 501})
SEARCH = Deed("search channels", "list_team_channels")
ADD = Deed("add somebody to the channel", "manage_public_channel_members")
SEARCH_USERS = Deed("search people", "view_members")


def create_channel(server: ServerView, wanted: NewChannel) -> FoundChannel:
    """Its maker becomes a member. A name that is taken is said to be. Raises DeliveryError."""
    sort = "private" if wanted.is_private else "public"
    deed = Deed(f"create a {sort} channel", f"create_{sort}_channel")
    body: JSONObject = {
        "team_id": team_id_of(server),
        "name": wanted.name,
        "display_name": wanted.display_name or wanted.name,
        "type": "P" if wanted.is_private else "O",
        "purpose": wanted.purpose,
    }
    try:
        made = answered_object(do(server, deed, "POST", "/channels", body))
    except DeliveryError as error:
        raise _taken(wanted.name, error) from error
    return found_channel(made, is_bot_member=True, problem="")


def find_channels(server: ServerView, term: str) -> tuple[FoundChannel, ...]:
    """Public ones by a part of their name, and those the account is in. Raises DeliveryError."""
    team_id = team_id_of(server)
    answer = do(server, SEARCH, "POST", f"/teams/{team_id}/channels/search", {"term": term})
    mine = objects_of(call(server, "GET", f"/users/me/teams/{team_id}/channels").json())
    own_ids = {text_of(one, "id") for one in mine}
    found = {text_of(one, "id"): one for one in objects_of(answer.json())}
    for one in mine:
        names = f"{text_of(one, 'name')} {text_of(one, 'display_name')}".lower()
        if one.get("team_id") and term.lower() in names:
            found.setdefault(text_of(one, "id"), one)
    shown = [
        found_channel(one, is_bot_member=channel_id in own_ids, problem="")
        for channel_id, one in found.items()
        if not one.get("delete_at")
    ]
    return tuple(sorted(shown, key=lambda channel: channel.name))


def add_member(server: ServerView, channel_id: str, user_id: str) -> None:
    """One who is in it already is no error. Raises DeliveryError."""
    if not is_bot_member(server, channel_id, user_id):
        do(server, ADD, "POST", f"/channels/{channel_id}/members", {"user_id": user_id})


def may_mention_all(server: ServerView, channel_id: str) -> bool | None:
    """Whether a post of the bot there may wake everybody. Raises DeliveryError."""
    member = find(server, f"/channels/{channel_id}/members/{server.bot_user_id}")
    if member is None:
        return None
    try:
        answer = call(server, "POST", "/roles/names", json=[*text_of(member, "roles").split()])
    except DeliveryError as error:
        if error.status_code not in NOT_TOLD:
            raise
        return None
    permissions = [one.get("permissions") for one in objects_of(answer.json())]
    return any(isinstance(some, list) and MENTIONS_ALL in some for some in permissions)


def search_users(server: ServerView, term: str) -> tuple[ChatUser, ...]:
    """By the beginning of a name or e-mail address. Raises DeliveryError."""
    answer = do(server, SEARCH_USERS, "POST", "/users/search", {"term": term})
    users = [chat_user(one) for one in objects_of(answer.json())]
    return tuple(user for user in users if user is not None)


def fetch_settings(server: ServerView) -> Mapping[str, str]:
    """Those that clients are told, as text: "true", "false". Raises DeliveryError."""
    found = fetch(server, "/config/client", format="old")  # before 11.0 it is asked for
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _taken(name: str, error: DeliveryError) -> DeliveryError:
    reason = error_field(error, "id")
    if ARCHIVED in reason:
        sentence = (
            f"An archived channel is called ~{name}: unarchive it in Mattermost, or choose another "
            "name"
        )
    elif TAKEN in reason:
        sentence = f"There is a channel ~{name} already: look it up instead of creating it"
    else:
        return error
    return reworded(error, sentence, permanent=True)


ADMINISTRATION = Administration(
    create_channel=create_channel,
    find_channels=find_channels,
    add_member=add_member,
    may_mention_all=may_mention_all,
    fetch_hooks=fetch_hooks,
    create_hook=create_hook,
    delete_hook=delete_hook,
    fetch_commands=fetch_commands,
    create_command=create_command,
    update_command=update_command,
    renew_command_token=renew_command_token,
    delete_command=delete_command,
    fetch_tokens=fetch_tokens,
    create_token=create_token,
    revoke_token=revoke_token,
    create_bot=create_bot,
    search_users=search_users,
    fetch_settings=fetch_settings,
)
