"""Access tokens and bot accounts."""

import re

from hub.contracts import JSONValue
from tests.standins.mattermost.call import STATUS_OK, Call, ok
from tests.standins.mattermost.decoding import text_of
from tests.standins.mattermost.errors import ApiError, invalid_body, missing_permission
from tests.standins.mattermost.records import Token, User
from tests.standins.mattermost.state import new_id
from tests.standins.serving import Response

USERNAME = re.compile(r"[a-z0-9.\-_]{1,64}")
RESERVED_USERNAMES = {"all", "channel", "here", "matterbot", "system"}


def create_token(call: Call) -> Response:
    user = _token_owner(call)
    wish = call.json_object("user_access_token")
    try:
        description = text_of(wish, "description")
    except ValueError as error:
        raise invalid_body("user_access_token") from error
    if not description:
        raise invalid_body("description")
    token = call.state.add_token(user.id, new_id(), description)
    token.expires_at = _time_of(wish.get("expires_at"))
    return ok(token.as_json(has_secret=True))


def fetch_tokens(call: Call) -> Response:
    user = _token_owner(call)
    own = [token.as_json() for token in call.state.tokens.values() if token.user_id == user.id]
    return ok(own[call.page()])


def fetch_token(call: Call) -> Response:
    return ok(_find_token(call, call.id("token_id")).as_json())


def revoke_token(call: Call) -> Response:
    del call.state.tokens[_named_token(call).secret]
    return ok(STATUS_OK)


def disable_token(call: Call) -> Response:
    _named_token(call).is_active = False
    return ok(STATUS_OK)


def enable_token(call: Call) -> Response:
    _named_token(call).is_active = True
    return ok(STATUS_OK)


def rotate_token(call: Call) -> Response:
    """A new secret; the old one is dead at once."""
    token = _named_token(call)
    del call.state.tokens[token.secret]
    token.secret = new_id()
    token.expires_at = _time_of(call.json_object("user_access_token").get("expires_at"))
    call.state.tokens[token.secret] = token
    return ok(token.as_json(has_secret=True))


def create_bot(call: Call) -> Response:
    wish = call.json_object("bot")
    try:
        username = text_of(wish, "username")
        display_name, description = text_of(wish, "display_name"), text_of(wish, "description")
    except ValueError as error:
        raise invalid_body("bot") from error
    call.require_admin_or("create_bot")
    if call.user.is_bot:
        raise missing_permission("create_bot")
    if not call.state.is_on("EnableBotAccountCreation"):
        raise ApiError("api.bot.create_disabled", 403)
    if not USERNAME.fullmatch(username) or username in RESERVED_USERNAMES:
        raise ApiError("model.bot.is_valid.username.app_error", 400)
    if call.state.user_named(username) is not None:
        raise ApiError("app.user.save.username_exists.app_error", 400)
    bot = User(new_id(), username, call.state.now_ms(), display_name, is_bot=True)
    bot.owner_id, bot.bot_description = call.user.id, description
    bot.email = f"{username}@localhost"
    return ok(call.state.add_user(bot).as_bot_json(), 201)


def disable_bot(call: Call) -> Response:
    bot = _find_bot(call)
    bot.deleted_at = call.state.now_ms()
    return ok(bot.as_bot_json())


def enable_bot(call: Call) -> Response:
    bot = _find_bot(call)
    bot.deleted_at = 0
    return ok(bot.as_bot_json())


def _find_bot(call: Call) -> User:
    bot = call.state.users.get(call.id("bot_user_id"))
    if bot is None or not bot.is_bot:
        raise ApiError("store.sql_bot.get.missing.app_error", 404)
    if bot.owner_id != call.user.id:
        call.require_admin_or("manage_others_bots")
    return bot


def _token_owner(call: Call) -> User:
    """The user of the path, if tokens may be made for it. Raises ApiError."""
    user = call.existing_user(call.id("user_id"))
    if user.id != call.user.id:
        call.require_admin_or("edit_other_users")
    if not user.is_bot and not call.state.is_on("EnableUserAccessTokens"):
        raise ApiError("app.user_access_token.disabled", 501)
    return user


def _named_token(call: Call) -> Token:
    token_id = call.json_object("token").get("token_id")
    if not isinstance(token_id, str):
        raise invalid_body("token_id")
    return _find_token(call, token_id)


def _find_token(call: Call, token_id: str) -> Token:
    token = next((one for one in call.state.tokens.values() if one.id == token_id), None)
    if token is None:
        raise ApiError("app.user_access_token.get_by_user.app_error", 404)
    if token.user_id != call.user.id:
        call.require_admin_or("edit_other_users")
    return token


def _time_of(value: JSONValue) -> int:
    return value if isinstance(value, int) else 0
