"""What is there from the start: a team, some people, the hub's bot and its channels."""

from tests.standins.mattermost.records import (
    PRIVATE,
    PUBLIC,
    Channel,
    IncomingHook,
    Team,
    User,
)
from tests.standins.mattermost.state import State, fixed_id

BOT_USERNAME = "hub"
DEFAULT_BOT_TOKEN = "standin-bot-token"
TEAM_NAME = "demo"
MANAGE_HOOKS = "manage_own_incoming_webhooks"
MANAGE_COMMANDS = "manage_own_slash_commands"

# username, first name, last name, roles, language
PEOPLE = (
    ("admin", "Ada", "Beheer", "system_user system_admin", "en"),
    ("anja", "Anja", "Voorbeeld", "system_user", "nl"),
    ("bart", "Bart", "Voorbeeld", "system_user", "nl"),
    ("guest", "Gita", "Extern", "system_guest", "en"),
)

# name, display name, type, purpose
CHANNELS = (
    ("general", "General", PUBLIC, "For everybody"),
    ("support", "Support", PUBLIC, "Tickets from Zammad"),
    ("development", "Development", PUBLIC, "Issues from Redmine, pushes and reviews from Git"),
    ("business", "Business", PUBLIC, "Deals and milestones from ERPNext"),
    ("finance", "Finance", PUBLIC, "Invoices from ERPNext"),
    ("alerts", "Alerts", PUBLIC, "Monitoring and n8n"),
    ("private-team", "Private team", PRIVATE, "The hub is no member here"),
)
GUEST_CHANNELS = ("general", "support")
PRIVATE_MEMBERS = ("admin", "anja")


def user_token(username: str) -> str:
    """The access token of a seeded person."""
    return f"standin-{username}-token"


def seed(state: State, bot_token: str) -> None:
    now = state.now_ms()
    for username, first, last, roles, language in PEOPLE:
        user = User(fixed_id(f"user:{username}"), username, now, first, last, roles=roles)
        user.email, user.locale = f"{username}@example.test", language
        state.add_user(user)
        state.add_token(user.id, user_token(username), "seeded")
    admin = state.users[state.user_ids["admin"]]
    bot = User(fixed_id(f"user:{BOT_USERNAME}"), BOT_USERNAME, now, "Hub", is_bot=True)
    bot.owner_id, bot.bot_description = admin.id, "Posts for the integration hub"
    bot.email = f"{BOT_USERNAME}@localhost"
    bot.permissions |= {MANAGE_HOOKS, MANAGE_COMMANDS}
    state.add_user(bot)
    state.add_token(bot.id, bot_token, "seeded")
    _seed_channels(state, admin)


def _seed_channels(state: State, admin: User) -> None:
    now = state.now_ms()
    team = Team(fixed_id(f"team:{TEAM_NAME}"), TEAM_NAME, "Demo", now)
    team.member_ids = set(state.users)
    state.teams[team.id] = team
    for name, display_name, kind, purpose in CHANNELS:
        channel = Channel(fixed_id(f"channel:{name}"), name, display_name, now, kind, team.id)
        channel.purpose, channel.creator_id = purpose, admin.id
        state.add_channel(channel)
        for user in state.users.values():
            if _is_seeded_member(channel, user):
                state.join(channel, user)
        channel.members[admin.id] = "channel_user channel_admin"
    seed_hook(state, "general", admin)


def _is_seeded_member(channel: Channel, user: User) -> bool:
    if channel.type == PRIVATE:
        return user.username in PRIVATE_MEMBERS
    return not user.is_guest or channel.name in GUEST_CHANNELS


def seed_hook(state: State, channel_name: str, owner: User) -> IncomingHook:
    """An incoming webhook, the same id in every run."""
    team = next(iter(state.teams.values()))
    channel = state.channel_named(team.id, channel_name)
    if channel is None:
        raise LookupError(f"no channel {channel_name!r}")
    hook_id = fixed_id(f"hook:{channel_name}:{owner.username}")
    hook = IncomingHook(hook_id, state.now_ms(), owner.id, channel.id, team.id, "Seeded")
    state.hooks[hook.id] = hook
    return hook
