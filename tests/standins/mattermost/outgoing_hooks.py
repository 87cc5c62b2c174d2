"""Outgoing webhooks as an administrator sees them: create, list, change, delete, a new token."""

import re

from hub.contracts import JSONObject
from tests.standins.mattermost.call import STATUS_OK, Call, ok
from tests.standins.mattermost.call_records import EXACT_WORD, WORD_START, OutgoingHook
from tests.standins.mattermost.decoding import list_of, strings_of, text_of
from tests.standins.mattermost.errors import ApiError, invalid_body, missing_permission
from tests.standins.mattermost.records import PUBLIC
from tests.standins.mattermost.state import State, new_id
from tests.standins.serving import Response

MANAGE_OWN = "manage_own_outgoing_webhooks"
MANAGE_OTHERS = "manage_others_outgoing_webhooks"
WEB_ADDRESS = re.compile(r"https?://\S+")


def create_hook(call: Call) -> Response:
    wish = call.json_object("outgoing_webhook")
    _require_enabled(call)
    call.require_admin_or(MANAGE_OWN)
    try:
        hook = _hook_from(call, wish)
    except ValueError as error:
        raise invalid_body("outgoing_webhook") from error
    _check(call, hook)
    call.state.outgoing_hooks[hook.id] = hook
    return ok(hook.as_json(), 201)


def fetch_hooks(call: Call) -> Response:
    _require_enabled(call)
    call.require_admin_or(MANAGE_OWN)
    query = call.request.query()
    hooks = [
        hook.as_json()
        for hook in call.state.outgoing_hooks.values()
        if hook.team_id == query.get("team_id", hook.team_id)
        and hook.channel_id == query.get("channel_id", hook.channel_id)
        and _may_manage(call, hook)
    ]
    return ok(hooks[call.page()])


def fetch_hook(call: Call) -> Response:
    return ok(_own_hook(call).as_json())


def update_hook(call: Call) -> Response:
    """Everything that is left out becomes empty; its token stays."""
    hook, wish = _own_hook(call), call.json_object("outgoing_webhook")
    if wish.get("id") != hook.id:
        raise invalid_body("hook_id")
    try:
        changed = _hook_from(call, wish)
    except ValueError as error:
        raise invalid_body("outgoing_webhook") from error
    changed.id, changed.token, changed.creator_id = hook.id, hook.token, hook.creator_id
    changed.created_at, changed.updated_at = hook.created_at, call.state.now_ms()
    changed.team_id = hook.team_id
    _check(call, changed)
    call.state.outgoing_hooks[hook.id] = changed
    return ok(changed.as_json())


def delete_hook(call: Call) -> Response:
    del call.state.outgoing_hooks[_own_hook(call).id]
    return ok(STATUS_OK)


def regenerate_token(call: Call) -> Response:
    """Answers the whole hook, unlike that of a command."""
    hook = _own_hook(call)
    hook.token, hook.updated_at = new_id(), call.state.now_ms()
    return ok(hook.as_json())


def matching_hooks(state: State, channel_id: str, text: str) -> list[tuple[OutgoingHook, str]]:
    """The hooks that a post in a public channel fires, each with the word that did it."""
    channel = state.channels[channel_id]
    is_heard = channel.type == PUBLIC and state.is_on("EnableOutgoingWebhooks")
    if not state.outgoing_hooks or not is_heard:
        return []
    first_word = next(iter(text.split(maxsplit=1)), "")
    of_channel = (
        hook
        for hook in state.outgoing_hooks.values()
        if hook.team_id == channel.team_id and hook.channel_id in ("", channel_id)
    )
    found = ((hook, _trigger_of(hook, first_word)) for hook in of_channel)
    return [(hook, word) for hook, word in found if word is not None]


def _trigger_of(hook: OutgoingHook, first_word: str) -> str | None:
    """The word that matched, "" for a hook that wants every post, None for no match."""
    if not hook.trigger_words:
        return ""
    if hook.trigger_when == EXACT_WORD:
        return first_word if first_word in hook.trigger_words else None
    return next((word for word in hook.trigger_words if first_word.startswith(word)), None)


def _hook_from(call: Call, wish: JSONObject) -> OutgoingHook:
    """Raises ValueError for a field of the wrong type."""
    trigger_when = wish.get("trigger_when") or EXACT_WORD
    if trigger_when not in (EXACT_WORD, WORD_START):
        raise ValueError("trigger_when")
    return OutgoingHook(
        new_id(),
        new_id(),
        call.state.now_ms(),
        call.user.id,
        text_of(wish, "team_id"),
        text_of(wish, "channel_id"),
        strings_of(list_of(wish, "trigger_words")),
        int(str(trigger_when)),
        strings_of(list_of(wish, "callback_urls")),
        text_of(wish, "display_name"),
        text_of(wish, "description"),
        text_of(wish, "content_type"),
        text_of(wish, "username"),
        text_of(wish, "icon_url"),
    )


def _check(call: Call, hook: OutgoingHook) -> None:
    """Raises ApiError for what the server would not store."""
    if hook.channel_id:
        channel = call.state.channels.get(hook.channel_id)
        if channel is None:
            raise ApiError("app.channel.get.existing.app_error", 404)
        if channel.type != PUBLIC:
            raise ApiError("api.webhook.create_outgoing.not_open.app_error", 403)
        if not call.can_read(channel) or channel.team_id != hook.team_id:
            raise ApiError("api.webhook.create_outgoing.permissions.app_error", 403)
    elif not hook.trigger_words:
        raise ApiError("api.webhook.create_outgoing.triggers.app_error", 400)
    team = call.state.teams.get(hook.team_id)
    if team is None or call.user.id not in team.member_ids:
        raise missing_permission(MANAGE_OWN)
    if not hook.callback_urls or not all(map(WEB_ADDRESS.fullmatch, hook.callback_urls)):
        raise ApiError("model.outgoing_hook.is_valid.callback.app_error", 400)
    if any(_collides(hook, other) for other in call.state.outgoing_hooks.values()):
        raise ApiError("api.webhook.create_outgoing.intersect.app_error", 500)


def _collides(hook: OutgoingHook, other: OutgoingHook) -> bool:
    """Two hooks of one channel may not send the same word to the same address."""
    is_same_place = (hook.team_id, hook.channel_id) == (other.team_id, other.channel_id)
    if hook.id == other.id or not is_same_place:
        return False
    has_no_words = not hook.trigger_words and not other.trigger_words
    shares_word = has_no_words or bool({*hook.trigger_words} & {*other.trigger_words})
    return shares_word and bool({*hook.callback_urls} & {*other.callback_urls})


def _may_manage(call: Call, hook: OutgoingHook) -> bool:
    permission = MANAGE_OWN if hook.creator_id == call.user.id else MANAGE_OTHERS
    return call.user.is_admin or permission in call.user.permissions


def _own_hook(call: Call) -> OutgoingHook:
    """The hook of the path, if the caller may manage it. Raises ApiError."""
    _require_enabled(call)
    hook = call.state.outgoing_hooks.get(call.id("hook_id"))
    if hook is None:
        raise ApiError("app.webhooks.get_outgoing.app_error", 404)
    call.require_admin_or(MANAGE_OWN if hook.creator_id == call.user.id else MANAGE_OTHERS)
    return hook


def _require_enabled(call: Call) -> None:
    if not call.state.is_on("EnableOutgoingWebhooks"):
        raise ApiError("api.outgoing_webhook.disabled.app_error", 501)
