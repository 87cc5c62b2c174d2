"""Buttons and selects that are pressed: what the integration is sent, and what it changes."""

import copy
import re
from dataclasses import dataclass

from hub.contracts import JSONObject, JSONValue
from tests.standins.mattermost.buttons import find_action, name_actions
from tests.standins.mattermost.call import Call, ok
from tests.standins.mattermost.decoding import as_object, decode_whole, flag_of, object_of, text_of
from tests.standins.mattermost.errors import ApiError, invalid_body
from tests.standins.mattermost.outgoing import CallAnswer, CallError, encode_as_go, send
from tests.standins.mattermost.posts import MAX_PROPS_RUNES, props_runes
from tests.standins.mattermost.records import Post
from tests.standins.mattermost.slack_text import convert_text
from tests.standins.mattermost.state import State, new_id
from tests.standins.serving import Response

BLOCKS_SINCE = (11, 10)  # wider ids, and the integration's own trouble told apart
ACTION_ID = re.compile(r"[A-Za-z0-9_-]+")
OLD_ACTION_ID = re.compile(r"[A-Za-z0-9]+")  # the route itself: anything else is no address
UNKNOWN_ACTION = "api.post.do_action.action_id.app_error"
FAILED = "api.post.do_action.action_integration.app_error"
PASSED_THROUGH = (429, 503)
RETAINED_PROPS = ("from_webhook", "override_username", "override_icon_url")


@dataclass(frozen=True, slots=True)
class Press:
    """One press on one button of a post, which may be ephemeral."""

    call: Call
    post: Post
    is_ephemeral: bool
    action: JSONObject
    integration: JSONObject
    selected_option: str
    trigger_id: str


async def press_action(call: Call) -> Response:
    press = _read_press(call)
    answered = await _send(press)
    _check_status(call.state, answered)
    try:
        reply = as_object(decode_whole(answered.body), "reply") if answered.body.strip() else {}
        update = object_of(reply, "update") if reply.get("update") is not None else None
        _apply(
            press, update, text_of(reply, "ephemeral_text"), flag_of(reply, "skip_slack_parsing")
        )
    except ValueError as error:
        raise ApiError(FAILED, 400, detail=str(error)) from error
    shown: JSONObject = {"status": "OK", "trigger_id": press.trigger_id}
    for name in ("error", "goto_location"):
        if reply.get(name):
            shown[name] = reply[name]
    return ok(shown)


def _read_press(call: Call) -> Press:
    """Raises ApiError for what cannot be pressed, or not by this person."""
    state, action_id = call.state, call.ids["action_id"]
    pattern = ACTION_ID if state.is_since(*BLOCKS_SINCE) else OLD_ACTION_ID
    if not pattern.fullmatch(action_id):
        raise ApiError("api.context.404.app_error", 404)
    ephemeral = state.find_ephemeral(call.id("post_id"))
    is_own = ephemeral is not None and ephemeral.user_id == call.user.id
    post = ephemeral.post if ephemeral is not None and is_own else call.post()
    try:
        wish = as_object(decode_whole(call.request.body), "body") if call.request.body else {}
        selected_option = text_of(wish, "selected_option")
    except ValueError as error:
        raise invalid_body("action") from error
    action = find_action(post.props, action_id) or {}
    integration = action.get("integration")
    if not isinstance(integration, dict) or not integration.get("url"):
        raise ApiError(UNKNOWN_ACTION, 404)  # also when an edit has lost the integration
    trigger_id = state.add_trigger(call.user.id)
    return Press(call, post, is_own, action, integration, selected_option, trigger_id)


async def _send(press: Press) -> CallAnswer:
    """Raises ApiError when the integration cannot be reached in time."""
    state = press.call.state
    try:
        return await send(
            "POST",
            str(press.integration["url"]),
            body=encode_as_go(_request_of(press)),
            headers={"Content-Type": "application/json"},
            timeout_s=state.seconds("OutgoingIntegrationRequestsTimeout"),
        )
    except CallError as error:
        raise ApiError(FAILED, 400, detail=str(error)) from error


def _request_of(press: Press) -> JSONObject:
    """The keys in Mattermost's order; the id of the action is not among them."""
    state, user = press.call.state, press.call.user
    channel = state.channels[press.post.channel_id]
    team = state.teams.get(channel.team_id)
    context = press.integration.get("context")
    known: JSONObject = dict(context) if isinstance(context, dict) else {}
    is_select = press.action.get("type") == "select"
    if is_select:
        known["selected_option"] = press.selected_option
    request: JSONObject = {
        "user_id": user.id,
        "user_name": user.username,
        "channel_id": channel.id,
        "channel_name": channel.name,
        "team_id": channel.team_id,
        "team_domain": team.name if team is not None else "",
        "post_id": press.post.id,
        "trigger_id": press.trigger_id,
        "type": text_of(press.action, "type"),
        "data_source": text_of(press.action, "data_source") if is_select else "",
    }
    return {**request, "context": _sorted(known)} if known else request


def _sorted(value: JSONValue) -> JSONValue:
    """Go writes the keys of a map in order."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value


def _check_status(state: State, answered: CallAnswer) -> None:
    """Raises ApiError; before 11.10 everything but 200 was 400."""
    status = answered.status
    if status == 200:
        return
    told = 400
    if state.is_since(*BLOCKS_SINCE):
        is_theirs = status >= 500
        told = status if status in PASSED_THROUGH else 502 if is_theirs else 400
    raise ApiError(FAILED, told, detail=f"status={status}")


def _apply(press: Press, update: JSONObject | None, text: str, has_plain_text: bool) -> None:
    """Raises ValueError for a reply of the wrong shape."""
    state, user = press.call.state, press.call.user
    if update is not None:
        _update(state, press, update)
    if text:
        root_id = press.post.root_id or ("" if press.is_ephemeral else press.post.id)
        message = text if has_plain_text else convert_text(state, text)
        props: JSONObject = {"from_webhook": "true"}
        shown = Post(new_id(), state.now_ms(), user.id, press.post.channel_id, message, props)
        shown.root_id, shown.type = root_id, "system_ephemeral"
        state.show_only_to(user.id, shown)


def _update(state: State, press: Press, update: JSONObject) -> None:
    """Props stay when none are given; pins and reactions stay in any case."""
    post, message = press.post, text_of(update, "message")
    if len(message) > state.number("MaxPostSize"):
        raise ApiError("model.post.is_valid.message_length.app_error", 400)
    props = copy.deepcopy(object_of(update, "props"))
    if update.get("props") is None:
        props = dict(post.props)
    elif props_runes(props) > MAX_PROPS_RUNES:
        raise ApiError("model.post.is_valid.props.app_error", 400)
    kept = {name: post.props[name] for name in RETAINED_PROPS if name in post.props}
    post.props = {**props, **kept}
    name_actions(post.props)
    if message != post.message:
        post.message, post.edited_at = message, state.now_ms()
    state.change_post(post)
