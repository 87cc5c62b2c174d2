"""What tests and demos may see and do behind the API's back."""

from hub.contracts import JSONObject, JSONValue
from tests.standins.mattermost.call_records import Command, OutgoingHook
from tests.standins.mattermost.records import Channel, Post, User
from tests.standins.mattermost.seed import BOT_USERNAME, seed_hook
from tests.standins.mattermost.state import State, new_id


def find_channel(state: State, name: str) -> Channel:
    """Raises LookupError."""
    team = next(iter(state.teams.values()))
    channel = state.channel_named(team.id, name)
    if channel is None:
        raise LookupError(f"no channel {name!r}")
    return channel


def find_user(state: State, username: str) -> User:
    """Raises LookupError."""
    user = state.user_named(username)
    if user is None:
        raise LookupError(f"no user {username!r}")
    return user


def stored_posts(state: State, channel_name: str = "") -> list[JSONObject]:
    """Live posts in the order they were stored, with integrations and the channel's name."""
    if channel_name:
        posts = state.channel_posts[find_channel(state, channel_name).id]
    else:
        posts = list(state.posts.values())
    return [_whole_post(state, post) for post in posts if not post.deleted_at]


def count_posts(state: State, channel_name: str = "") -> int:
    if channel_name:
        return find_channel(state, channel_name).post_count
    return sum(channel.post_count for channel in state.channels.values())


def reactions(state: State) -> list[JSONObject]:
    """To live posts, in the order of the posts."""
    live = (post for post in state.posts.values() if not post.deleted_at)
    return [reaction.as_json() for post in live for reaction in post.reactions]


def delete_post(state: State, post_id: str) -> None:
    """Raises LookupError."""
    post = state.live_post(post_id)
    if post is None:
        raise LookupError(f"no post {post_id!r}")
    state.delete_post(post)


def kick(state: State, channel_name: str, username: str = BOT_USERNAME) -> None:
    """Take somebody out of a channel, the hub's bot for instance. Raises LookupError."""
    find_channel(state, channel_name).members.pop(find_user(state, username).id, None)
    state.touch()


def add_member(state: State, channel_name: str, username: str = BOT_USERNAME) -> None:
    """Raises LookupError."""
    state.join(find_channel(state, channel_name), find_user(state, username))


def archive(state: State, channel_name: str, *, is_archived: bool = True) -> None:
    channel = find_channel(state, channel_name)
    channel.deleted_at = state.now_ms() if is_archived else 0
    state.touch()


def grant(state: State, username: str, permission: str) -> None:
    """On top of the roles: `create_post_ephemeral`, `edit_others_posts` and the like."""
    find_user(state, username).permissions.add(permission)


def withdraw(state: State, username: str, permission: str) -> None:
    find_user(state, username).permissions.discard(permission)


def configure(state: State, changes: dict[str, JSONValue]) -> None:
    """Change settings of the system console. Raises LookupError for an unknown one."""
    unknown = set(changes) - set(state.settings)
    if unknown:
        raise LookupError(f"no setting {', '.join(sorted(unknown))}")
    state.settings |= changes


def create_command(
    state: State, trigger: str, url: str, *, creator: str = "admin", method: str = "P"
) -> Command:
    """As an administrator adds one; commands are switched on for it."""
    state.settings["EnableCommands"] = True
    team = next(iter(state.teams.values()))
    creator_id = find_user(state, creator).id
    command = Command(new_id(), new_id(), state.now_ms(), creator_id, team.id, trigger, url, method)
    state.commands[command.id] = command
    return command


def create_outgoing_hook(
    state: State, channel_name: str, urls: list[str], *, words: list[str], content_type: str = ""
) -> OutgoingHook:
    """Without words it wants every post of the channel."""
    channel, owner = find_channel(state, channel_name), find_user(state, "admin")
    hook = OutgoingHook(
        new_id(), new_id(), state.now_ms(), owner.id, channel.team_id, channel.id, words, 0, urls
    )
    hook.content_type = content_type
    state.outgoing_hooks[hook.id] = hook
    return hook


def ephemerals_of(state: State, username: str) -> list[JSONObject]:
    """What only this person was shown, oldest first, with the integrations of buttons."""
    user = find_user(state, username)
    return [one.as_json() for one in state.ephemerals if one.user_id == user.id]


def hook_path(state: State, channel_name: str, owner: str = "admin") -> str:
    """The path of an incoming webhook of that channel; the same in every run."""
    return f"/hooks/{seed_hook(state, channel_name, find_user(state, owner)).id}"


def _whole_post(state: State, post: Post) -> JSONObject:
    value = state.journal_line(post)
    value["reply_count"] = state.reply_count(post)
    value["username"] = state.users[post.user_id].username
    return value
