"""Incoming webhooks as an administrator sees them: create, list, change, delete."""

import re

from hub.contracts import JSONObject
from tests.standins.mattermost.call import STATUS_OK, Call, ok
from tests.standins.mattermost.decoding import flag_of, text_of
from tests.standins.mattermost.errors import ApiError, invalid_body, missing_permission
from tests.standins.mattermost.records import IncomingHook
from tests.standins.mattermost.seed import MANAGE_HOOKS
from tests.standins.mattermost.state import new_id
from tests.standins.serving import Response

MANAGE_OTHERS = "manage_others_incoming_webhooks"
BYPASS_LOCK = "bypass_incoming_webhook_channel_lock"
USERNAME = re.compile(r"[a-z0-9.\-_]{1,64}")
MAX_LENGTHS = {"display_name": 64, "description": 500, "icon_url": 1024}


def create_hook(call: Call) -> Response:
    wish = call.json_object("incoming_webhook")
    try:
        hook = _hook_from(call, wish)
    except ValueError as error:
        raise invalid_body("incoming_webhook") from error
    _require_enabled(call)
    channel = call.state.channels.get(hook.channel_id)
    if channel is None:
        raise ApiError("app.channel.get.existing.app_error", 404)
    call.require_admin_or(MANAGE_HOOKS)
    if not call.can_read(channel):
        raise missing_permission("read_channel_content")
    if hook.user_id != call.user.id:
        call.require_admin_or(MANAGE_OTHERS)
        call.existing_user(hook.user_id)
    hook.team_id = channel.team_id
    call.state.hooks[hook.id] = hook
    return ok(hook.as_json(), 201)


def fetch_hooks(call: Call) -> Response:
    _require_enabled(call)
    call.require_admin_or(MANAGE_HOOKS)
    query = call.request.query()
    hooks = [one for one in call.state.hooks.values() if _is_listed(call, one, query)]
    page = [hook.as_json() for hook in hooks[call.page()]]
    if query.get("include_total_count") == "true":
        return ok({"incoming_webhooks": list(page), "total_count": len(hooks)})
    return ok(page)


def fetch_hook(call: Call) -> Response:
    return ok(_own_hook(call).as_json())


def update_hook(call: Call) -> Response:
    """Answers 201, as the source does; the OpenAPI file says 200."""
    hook, wish = _own_hook(call), call.json_object("incoming_webhook")
    if wish.get("id") != hook.id:
        raise invalid_body("hook_id")
    try:
        changed = _hook_from(call, wish)
    except ValueError as error:
        raise invalid_body("incoming_webhook") from error
    if changed.channel_id not in call.state.channels:
        raise ApiError("app.channel.get.existing.app_error", 404)
    hook.channel_id, hook.channel_locked = changed.channel_id, changed.channel_locked
    hook.display_name, hook.description = changed.display_name, changed.description
    hook.username, hook.icon_url = changed.username, changed.icon_url
    hook.updated_at = call.state.now_ms()
    return ok(hook.as_json(), 201)


def delete_hook(call: Call) -> Response:
    del call.state.hooks[_own_hook(call).id]
    return ok(STATUS_OK)


def move_hook(call: Call) -> Response:
    """To another owner, for when somebody leaves."""
    hook = _own_hook(call)
    call.require_admin_or(MANAGE_OTHERS)
    hook.user_id = call.existing_user(call.id("user_id")).id
    hook.updated_at = call.state.now_ms()
    return ok(hook.as_json())


def _hook_from(call: Call, wish: JSONObject) -> IncomingHook:
    """Raises ValueError for a field of the wrong type, ApiError for one that is refused."""
    state = call.state
    hook = IncomingHook(
        new_id(),
        state.now_ms(),
        text_of(wish, "user_id") or call.user.id,
        text_of(wish, "channel_id"),
        "",
        text_of(wish, "display_name"),
        text_of(wish, "description"),
        text_of(wish, "username") if state.is_on("EnablePostUsernameOverride") else "",
        text_of(wish, "icon_url") if state.is_on("EnablePostIconOverride") else "",
    )
    may_choose = call.user.is_admin or BYPASS_LOCK in call.user.permissions
    is_forced = state.is_on("EnforceIncomingWebhookChannelLocking") or not may_choose
    hook.channel_locked = flag_of(wish, "channel_locked") or is_forced
    if any(len(text_of(wish, name)) > limit for name, limit in MAX_LENGTHS.items()):
        raise ApiError("model.incoming_hook.display_name.app_error", 400)
    if hook.username and not USERNAME.fullmatch(hook.username):
        raise ApiError("api.incoming_webhook.invalid_username.app_error", 400)
    return hook


def _is_listed(call: Call, hook: IncomingHook, query: dict[str, str]) -> bool:
    sees_all = call.user.is_admin or MANAGE_OTHERS in call.user.permissions
    is_of_team = hook.team_id == query.get("team_id", hook.team_id)
    return is_of_team and (sees_all or hook.user_id == call.user.id)


def _own_hook(call: Call) -> IncomingHook:
    """The hook of the path, if the caller may manage it. Raises ApiError."""
    _require_enabled(call)
    hook = call.state.hooks.get(call.id("hook_id"))
    if hook is None:
        raise ApiError("app.webhooks.get_incoming.app_error", 404)
    call.require_admin_or(MANAGE_HOOKS if hook.user_id == call.user.id else MANAGE_OTHERS)
    return hook


def _require_enabled(call: Call) -> None:
    if not call.state.is_on("EnableIncomingWebhooks"):
        raise ApiError("api.incoming_webhook.disabled.app_error", 501)
