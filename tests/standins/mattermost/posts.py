"""Posts: create with all its checks, edit, delete, pin."""

from functools import partial

from hub.contracts import JSONObject, JSONValue
from tests.standins.mattermost.buttons import name_actions, without_integrations
from tests.standins.mattermost.call import STATUS_OK, Call, ok
from tests.standins.mattermost.decoding import (
    as_object,
    encode,
    flag_of,
    list_of,
    object_of,
    text_of,
)
from tests.standins.mattermost.errors import ApiError, invalid_body, missing_permission
from tests.standins.mattermost.records import Post
from tests.standins.mattermost.state import State, new_id
from tests.standins.serving import Response

MAX_PROPS_RUNES = 800_000
GO_ESCAPE_CHARS = 6  # Go writes `<`, `>` and `&` as `\u003c`
MAX_FILE_IDS_RUNES = 300
IDENTITY_PROPS = ("from_webhook", "override_username", "override_icon_url", "override_icon_emoji")


def create_post(call: Call) -> Response:
    post = read_post(call)
    channel = call.channel_as_member(post.channel_id, "create_post")
    check_priority(call.state, post)
    is_silent = call.request.query().get("silent") == "true"
    if is_silent and not call.user.is_bot:
        raise ApiError("api.post.create_post.silent_notification.app_error", 403)
    if post.type.startswith("system_"):
        raise ApiError("api.context.invalid_param.app_error", 400, name="post.type")
    if channel.deleted_at:
        raise ApiError("api.post.create_post.can_not_post_to_deleted.error", 400)
    known = _deduplicate(call, post)
    if known is not None:
        return ok(post_json(call.state, known), 201)
    if is_silent:
        post.props["silent_notification"] = True
    store_checked(call.state, post)
    _remember(call, post)
    call.state.trigger_webhooks(post)
    answer = post_json(call.state, post, pending_post_id=post.pending_post_id)
    return ok(answer, 201)


def create_ephemeral_post(call: Call) -> Response:
    wish = call.json_object("body")
    if not wish.get("user_id"):
        raise invalid_body("user_id")
    if not wish.get("post"):
        raise invalid_body("post")
    call.require_admin_or("create_post_ephemeral")
    try:
        user_id = text_of(wish, "user_id")
        post = post_from(object_of(wish, "post"), call.user.id, call.state)
    except ValueError as error:
        raise invalid_body("body") from error
    post.type = "system_ephemeral"
    name_actions(post.props)
    call.state.show_only_to(user_id, post)
    return ok(post_json(call.state, post), 201)


def fetch_post(call: Call) -> Response:
    return ok(post_json(call.state, call.post()))


def update_post(call: Call) -> Response:
    """Everything that is left out becomes empty."""
    wish = call.json_object("post")
    if wish.get("id") != call.id("post_id"):
        raise invalid_body("id")
    post = _editable_post(call)
    try:
        _set_message(call.state, post, text_of(wish, "message"))
        _set_props(post, object_of(wish, "props"))
        post.is_pinned = flag_of(wish, "is_pinned")
        post.file_ids = list_of(wish, "file_ids")
    except ValueError as error:
        raise invalid_body("post") from error
    call.state.edit_post(post)
    return ok(post_json(call.state, post))


def patch_post(call: Call) -> Response:
    """Only what is named changes; props are replaced as a whole."""
    wish = call.json_object("post")
    post = _editable_post(call)
    try:
        _set_message(call.state, post, text_of(wish, "message", post.message))
        if wish.get("props") is not None:
            _set_props(post, object_of(wish, "props"))
        if wish.get("is_pinned") is not None:
            post.is_pinned = flag_of(wish, "is_pinned")
        if wish.get("file_ids") is not None:
            post.file_ids = list_of(wish, "file_ids")
    except ValueError as error:
        raise invalid_body("post") from error
    call.state.edit_post(post)
    return ok(post_json(call.state, post))


def delete_post(call: Call) -> Response:
    post = call.state.live_post(call.id("post_id"))
    if post is None:
        raise ApiError("app.post.get.app_error", 404)
    is_own = post.user_id == call.user.id
    permission = "delete_post" if is_own else "delete_others_posts"
    channel = call.channel_as_member(post.channel_id, permission)
    is_channel_admin = "channel_admin" in channel.members.get(call.user.id, "")
    if not (is_own or is_channel_admin):
        call.require_admin_or(permission)
    call.state.delete_post(post)
    return ok(STATUS_OK)


def pin_post(call: Call) -> Response:
    return _set_pin(call, is_pinned=True)


def unpin_post(call: Call) -> Response:
    return _set_pin(call, is_pinned=False)


def read_post(call: Call) -> Post:
    try:
        post = post_from(call.json_object("post"), call.user.id, call.state)
    except ValueError as error:
        raise invalid_body("post") from error
    if len(call.request.body) * GO_ESCAPE_CHARS > MAX_PROPS_RUNES:  # else they cannot be too long
        _check_props(post.props)
    return post


def post_from(wish: JSONObject, user_id: str, state: State) -> Post:
    """A new post, not stored yet. Raises ValueError for a field of the wrong type."""
    metadata = object_of(wish, "metadata")
    priority = metadata.get("priority")
    return Post(
        new_id(),
        state.now_ms(),
        user_id,
        text_of(wish, "channel_id"),
        text_of(wish, "message"),
        object_of(wish, "props"),
        text_of(wish, "root_id"),
        text_of(wish, "type"),
        None if priority is None else as_object(priority, "priority"),
        list_of(wish, "file_ids"),
        text_of(wish, "pending_post_id"),
        is_pinned=flag_of(wish, "is_pinned"),
    )


def check_priority(state: State, post: Post) -> None:
    if post.priority is None:
        return
    if post.root_id:
        where = "priority_post_only_allowed_for_root_post"
        raise ApiError(f"api.post.post_priority.{where}.request_error", 400)
    if not state.is_on("PostPriority"):
        where = "priority_post_not_allowed_for_user"
        raise ApiError(f"api.post.post_priority.{where}.request_error", 403)
    if post.priority.get("requested_ack") or post.priority.get("persistent_notifications"):
        raise ApiError("license_error.feature_unavailable", 501)


def store_checked(state: State, post: Post) -> None:
    """The checks that every way of posting shares. Raises ApiError."""
    _check_root(state, post)
    if len(post.message) > state.number("MaxPostSize"):
        raise ApiError("model.post.is_valid.message_length.app_error", 400)
    if post.file_ids and len(encode(post.file_ids).decode()) > MAX_FILE_IDS_RUNES:
        raise ApiError("model.post.is_valid.file_ids.app_error", 400)
    if state.users[post.user_id].is_bot:
        post.props["from_bot"] = "true"
    name_actions(post.props)
    state.store_post(post)


def props_runes(props: JSONObject) -> int:
    """The length of the props as Go writes them."""
    text = encode(props).decode()
    return len(text) + (GO_ESCAPE_CHARS - 1) * sum(text.count(mark) for mark in "<>&")


def post_json(state: State, post: Post, *, pending_post_id: str = "") -> JSONObject:
    """The post as clients see it: without the integrations of its buttons."""
    value = post.as_json(reply_count=state.reply_count(post), pending_post_id=pending_post_id)
    value["props"] = without_integrations(post.props)
    return value


def _check_root(state: State, post: Post) -> None:
    if not post.root_id:
        return
    root = state.live_post(post.root_id)
    if root is None:
        raise ApiError("api.post.create_post.root_id.app_error", 400)
    if root.channel_id != post.channel_id:
        raise ApiError("api.post.create_post.channel_root_id.app_error", 400)
    if root.root_id:
        raise ApiError("api.post.create_post.root_id.app_error", 400)


def _check_props(props: JSONObject) -> None:
    if props_runes(props) > MAX_PROPS_RUNES:
        raise ApiError("model.post.is_valid.props.app_error", 400)


def _deduplicate(call: Call, post: Post) -> Post | None:
    """The post that the same pending_post_id made within 30 seconds. Raises ApiError."""
    known_id = call.state.pending.find(post.pending_post_id) if post.pending_post_id else None
    if known_id is None:
        return None
    if not known_id:
        raise ApiError("api.post.deduplicate_create_post.pending", 500)
    known = call.state.live_post(known_id)
    if known is None:
        raise ApiError("api.post.deduplicate_create_post.failed_to_get", 500)
    readable = call.can_read(call.state.channels[known.channel_id])
    return known if readable else None


def _remember(call: Call, post: Post) -> None:
    """Until the answer leaves, the post counts as being stored."""
    if post.pending_post_id:
        call.state.pending.remember(post.pending_post_id, "")
        settle = partial(call.state.pending.remember, post.pending_post_id, post.id)
        call.when_answered.append(settle)


def _editable_post(call: Call) -> Post:
    """The post of the path, if its author or an editor asks. Raises ApiError."""
    post = call.state.live_post(call.id("post_id"))
    if post is None:
        raise missing_permission("edit_post")
    permission = "edit_post" if post.user_id == call.user.id else "edit_others_posts"
    channel = call.channel_as_member(post.channel_id, permission)
    if post.user_id != call.user.id:
        call.require_admin_or(permission)
    if post.type.startswith("system_"):
        raise ApiError("api.post.update_post.system_message.app_error", 400)
    if channel.deleted_at:
        raise ApiError("api.post.update_post.can_not_update_post_in_deleted.error", 400)
    return post


def _set_message(state: State, post: Post, message: str) -> None:
    if len(message) > state.number("MaxPostSize"):
        raise ApiError("model.post.is_valid.message_length.app_error", 400)
    if message != post.message:
        post.message, post.edited_at = message, state.now_ms()


def _set_props(post: Post, props: JSONObject) -> None:
    """Replaced, but for who is shown as the author."""
    _check_props(props)
    kept: dict[str, JSONValue] = {
        name: post.props[name] for name in IDENTITY_PROPS if name in post.props
    }
    if "from_bot" in post.props:
        kept["from_bot"] = post.props["from_bot"]
    post.props = {**props, **kept}
    name_actions(post.props)


def _set_pin(call: Call, *, is_pinned: bool) -> Response:
    post = call.post()
    channel = call.channel_as_member(post.channel_id, "read_channel_content")
    if channel.deleted_at:
        raise ApiError("api.post.patch_post.can_not_update_post_in_deleted.error", 400)
    post.is_pinned = is_pinned
    call.state.edit_post(post)
    return ok(STATUS_OK)
