"""POST /hooks/{id}: checks in Mattermost's order, then one post or several."""

from hub.contracts import JSONObject, JSONValue
from tests.standins.mattermost.call import Call
from tests.standins.mattermost.decoding import text_of
from tests.standins.mattermost.errors import ApiError
from tests.standins.mattermost.posts import props_runes, store_checked
from tests.standins.mattermost.records import PUBLIC, Channel, IncomingHook, Post
from tests.standins.mattermost.slack_text import convert_attachments, convert_text
from tests.standins.mattermost.state import State, new_id
from tests.standins.mattermost.webhook_payload import Payload, decode_payload, media_type_of
from tests.standins.serving import Response

MAX_USER_PROPS_RUNES = 760_000  # 800,000 less what the server keeps for itself
WITHOUT_NAME = "webhook"  # shown when names may be overridden and none is given
ROOT_ERRORS = (
    "api.post.create_post.root_id.app_error",
    "api.post.create_post.channel_root_id.app_error",
)
# `card` is on the documentation's list of reserved props, and also its worked example: kept.
RESERVED_PROPS = {
    "from_webhook",
    "from_bot",
    "from_oauth_app",
    "from_plugin",
    "force_notification",
    "silent_notification",
    "override_username",
    "override_icon_url",
    "override_icon_emoji",
    "webhook_display_name",
    "attachments",
}


def receive(call: Call) -> Response:
    hook_id, request = call.ids["hook_id"], call.request
    media_type = media_type_of(request.headers.get("content-type", ""))
    try:
        payload = decode_payload(request, media_type)
    except ValueError as error:
        detail = f"{media_type}: {error}"
        raise ApiError("web.incoming_webhook.decode.app_error", 400, detail=detail) from error
    try:
        _accept(call.state, hook_id, payload)
    except ApiError as error:
        if not call.state.is_on("WrapHookErrors"):
            raise
        wrapped = ApiError(
            "web.incoming_webhook.general.app_error", error.status, detail=error.error_id
        )
        wrapped.message = f"The payload for incoming webhook {hook_id} was refused."
        raise wrapped from error
    return Response(200, b"ok", "text/plain")


def _accept(state: State, hook_id: str, payload: Payload | None) -> None:
    """The checks in Mattermost's order, then the posts. Raises ApiError."""
    if not state.is_on("EnableIncomingWebhooks"):
        raise ApiError("web.incoming_webhook.disabled.app_error", 501)
    if payload is None:
        raise ApiError("web.incoming_webhook.parse.app_error", 400)
    if not payload.text and payload.attachments is None:
        raise ApiError("web.incoming_webhook.text.app_error", 400)
    hook = state.hooks.get(hook_id)
    if hook is None:
        raise ApiError("web.incoming_webhook.invalid.app_error", 400)
    channel = _find_channel(state, hook, payload.channel)
    if hook.channel_locked and channel.id != hook.channel_id:
        raise ApiError("web.incoming_webhook.channel_locked.app_error", 403)
    if hook.user_id not in state.users:
        raise ApiError("web.incoming_webhook.user.app_error", 403)
    if channel.type != PUBLIC and hook.user_id not in channel.members:
        raise ApiError("web.incoming_webhook.permissions.app_error", 403)
    _post(state, hook, channel, payload)
    hook.last_used = state.now_ms()


def _find_channel(state: State, hook: IncomingHook, name: str) -> Channel:
    """`name`, `#name`, `@username`, `id__id`, or the hook's own channel. Raises ApiError."""
    if not name:
        channel = state.channels.get(hook.channel_id)
        if channel is None:
            raise ApiError("app.channel.get.existing.app_error", 404)
        return channel  # even when it is archived: nothing on this way looks
    if name.startswith("@"):
        user = state.user_named(name[1:])
        if user is None:
            raise ApiError("web.incoming_webhook.user.app_error", 400)
        return state.direct_channel(hook.user_id, user.id)
    channel = state.channel_named(hook.team_id, name.removeprefix("#"))
    if channel is None or channel.deleted_at:
        raise ApiError("web.incoming_webhook.channel.app_error", 404)
    return channel


def _post(state: State, hook: IncomingHook, channel: Channel, payload: Payload) -> None:
    if payload.priority is not None and not isinstance(payload.priority.get("priority"), str):
        raise ApiError("api.context.invalid_param.app_error", 400)
    if payload.type.startswith("system_"):
        raise ApiError("api.context.invalid_param.app_error", 400)
    props = _props(state, hook, payload)
    attachments = convert_attachments(state, payload.attachments or [])
    kind = "slack_attachment" if attachments else payload.type
    for text, some in _split(state, convert_text(state, payload.text), attachments, props):
        own_props: JSONObject = {**props, "attachments": list(some)} if some else dict(props)
        post = Post(new_id(), state.now_ms(), hook.user_id, channel.id, text, own_props)
        post.root_id, post.type, post.priority = payload.root_id, kind, payload.priority
        try:
            store_checked(state, post)
        except ApiError as error:
            if error.error_id in ROOT_ERRORS:
                raise
            raise ApiError("api.post.create_webhook_post.creating.app_error", 500) from error


def _props(state: State, hook: IncomingHook, payload: Payload) -> JSONObject:
    props: JSONObject = {
        key: value for key, value in payload.props.items() if key not in RESERVED_PROPS
    }
    props |= {"from_webhook": "true", "webhook_display_name": hook.display_name}
    if state.is_on("EnablePostUsernameOverride"):
        props["override_username"] = payload.username or hook.username or WITHOUT_NAME
    if state.is_on("EnablePostIconOverride"):
        icons = {
            "override_icon_url": payload.icon_url or hook.icon_url,
            "override_icon_emoji": payload.icon_emoji,
        }
        props |= {name: icon for name, icon in icons.items() if icon}
    if payload.is_silent:
        if payload.priority is not None and payload.priority.get("persistent_notifications"):
            where = "silent_persistent_notification"
            raise ApiError(f"api.post.create_post.{where}.app_error", 400)
        props["silent_notification"] = True
    return props


def _split(
    state: State, text: str, attachments: list[JSONObject], props: JSONObject
) -> list[tuple[str, list[JSONObject]]]:
    """Texts of at most one post's length, cut anywhere; attachments go with the last ones."""
    if props_runes(props) > MAX_USER_PROPS_RUNES:
        raise ApiError("web.incoming_webhook.split_props_length.app_error", 400)
    size = state.number("MaxPostSize")
    texts = [text[at : at + size] for at in range(0, len(text), size)] or [""]
    parts: list[tuple[str, list[JSONObject]]] = [(one, []) for one in texts]
    for attachment in attachments:
        fitting = _fitting(attachment, props, parts[-1][1])
        if fitting is None:
            parts.append(("", []))
            fitting = _fitting(attachment, props, [])
        parts[-1][1].append(fitting or attachment)
    return parts


def _fitting(
    attachment: JSONObject, props: JSONObject, others: list[JSONObject]
) -> JSONObject | None:
    """The attachment, its text cut if it alone is too long; None when it needs a new post."""
    all_of_them: list[JSONValue] = [*others, attachment]
    excess = props_runes({**props, "attachments": all_of_them}) - MAX_USER_PROPS_RUNES
    if excess <= 0:
        return attachment
    if others:
        return None
    text = text_of(attachment, "text")
    if len(text) < excess:
        raise ApiError("web.incoming_webhook.split_props_length.app_error", 400)
    return {**attachment, "text": text[: len(text) - excess]}
