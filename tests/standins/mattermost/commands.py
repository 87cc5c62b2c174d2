"""Slash commands as an administrator sees them: create, list, change, delete, a new token."""

import re

from hub.contracts import JSONObject
from tests.standins.mattermost.call import STATUS_OK, Call, ok
from tests.standins.mattermost.call_records import Command
from tests.standins.mattermost.decoding import flag_of, text_of
from tests.standins.mattermost.errors import ApiError, invalid_body, invalid_url, missing_permission
from tests.standins.mattermost.seed import MANAGE_COMMANDS as MANAGE_OWN
from tests.standins.mattermost.state import State, new_id
from tests.standins.serving import Response

MANAGE_OTHERS = "manage_others_slash_commands"
METHODS = ("P", "G")
WEB_ADDRESS = re.compile(r"https?://\S+")
MAX_TRIGGER_CHARS = 128
MAX_URL_CHARS = 1024
MAX_BYTES = {"display_name": 64, "description": 128}
BUILT_IN = frozenset(
    {"away", "code", "dnd", "echo", "help", "invite", "join", "kick", "leave", "logout", "me"}
    | {"msg", "mute", "offline", "online", "open", "search", "settings", "shrug", "status"}
)


def create_command(call: Call) -> Response:
    wish = call.json_object("command")
    require_enabled(call.state)
    call.require_admin_or(MANAGE_OWN)
    try:
        command = _command_from(call, wish)
    except ValueError as error:
        raise invalid_body("command") from error
    if call.user.id not in _members_of(call.state, command.team_id):
        raise missing_permission(MANAGE_OWN)
    _check(call.state, command)
    call.state.commands[command.id] = command
    return ok(command.as_json(), 201)


def fetch_commands(call: Call) -> Response:
    """Who may manage none of them sees only what completes a slash."""
    require_enabled(call.state)
    query = call.request.query()
    team_id = query.get("team_id", "")
    if not team_id:
        raise invalid_url("team_id")
    if call.user.id not in _members_of(call.state, team_id):
        raise missing_permission("view_team")
    may_manage = call.user.is_admin or MANAGE_OWN in call.user.permissions
    if query.get("custom_only") == "true" and not may_manage:
        raise missing_permission(MANAGE_OWN)
    commands = [one for one in call.state.commands.values() if one.team_id == team_id]
    if may_manage:
        return ok([one.as_json() for one in commands if _may_manage(call, one)])
    return ok([one.as_json(has_secret=False) for one in commands if one.auto_complete])


def fetch_command(call: Call) -> Response:
    return ok(_own_command(call).as_json())


def update_command(call: Call) -> Response:
    """Everything that is left out becomes empty; its token stays."""
    command, wish = _own_command(call), call.json_object("command")
    if wish.get("id") != command.id:
        raise invalid_body("command")
    if wish.get("team_id") != command.team_id:
        raise ApiError("api.command.team_mismatch.app_error", 400)
    try:
        changed = _command_from(call, wish)
    except ValueError as error:
        raise invalid_body("command") from error
    changed.id, changed.token = command.id, command.token
    changed.created_at, changed.creator_id = command.created_at, command.creator_id
    changed.updated_at = call.state.now_ms()
    _check(call.state, changed)
    call.state.commands[command.id] = changed
    return ok(changed.as_json())


def delete_command(call: Call) -> Response:
    del call.state.commands[_own_command(call).id]
    return ok(STATUS_OK)


def regenerate_token(call: Call) -> Response:
    """The old one is dead at once."""
    command = _own_command(call)
    command.token, command.updated_at = new_id(), call.state.now_ms()
    return ok({"token": command.token})


def find_command(state: State, team_id: str, trigger: str) -> Command | None:
    named = (one for one in state.commands.values() if one.trigger == trigger)
    return next((one for one in named if one.team_id == team_id), None)


def require_enabled(state: State) -> None:
    if not state.is_on("EnableCommands"):
        raise ApiError("api.command.disabled.app_error", 501)


def _command_from(call: Call, wish: JSONObject) -> Command:
    """Raises ValueError for a field of the wrong type."""
    return Command(
        new_id(),
        new_id(),
        call.state.now_ms(),
        call.user.id,
        text_of(wish, "team_id"),
        text_of(wish, "trigger").lower(),
        text_of(wish, "url"),
        text_of(wish, "method") or "P",
        text_of(wish, "username"),
        text_of(wish, "icon_url"),
        flag_of(wish, "auto_complete"),
        text_of(wish, "auto_complete_desc"),
        text_of(wish, "auto_complete_hint"),
        text_of(wish, "display_name"),
        text_of(wish, "description"),
    )


def _check(state: State, command: Command) -> None:
    """Raises ApiError for what the server would not store."""
    trigger, url = command.trigger, command.url
    is_word = 0 < len(trigger) <= MAX_TRIGGER_CHARS and not re.search(r"^/|\s", trigger)
    texts = {"display_name": command.display_name, "description": command.description}
    checks = {
        "trigger": is_word,
        "url": len(url) <= MAX_URL_CHARS and WEB_ADDRESS.fullmatch(url) is not None,
        "method": command.method in METHODS,
        **{name: len(text.encode()) <= MAX_BYTES[name] for name, text in texts.items()},
    }
    wrong = [name for name, is_right in checks.items() if not is_right]
    if wrong:
        raise ApiError(f"model.command.is_valid.{wrong[0]}.app_error", 400)
    known = find_command(state, command.team_id, trigger)
    if trigger in BUILT_IN or (known is not None and known.id != command.id):
        raise ApiError("api.command.duplicate_trigger.app_error", 400)


def _own_command(call: Call) -> Command:
    """The command of the path. One that may not be managed is hidden. Raises ApiError."""
    require_enabled(call.state)
    command = call.state.commands.get(call.id("command_id"))
    if command is None or not _may_manage(call, command):
        raise ApiError("store.sql_command.get.missing.app_error", 404)
    return command


def _may_manage(call: Call, command: Command) -> bool:
    permission = MANAGE_OWN if command.creator_id == call.user.id else MANAGE_OTHERS
    return call.user.is_admin or permission in call.user.permissions


def _members_of(state: State, team_id: str) -> set[str]:
    team = state.teams.get(team_id)
    return team.member_ids if team is not None else set()
