"""Slash commands as they are typed: the form that is sent, its limits, and later answers."""

import re
from urllib.parse import urlencode

from tests.standins.mattermost.answers import Invocation, publish, read_answer
from tests.standins.mattermost.call import ID, Call, ok
from tests.standins.mattermost.call_records import Command, ResponseUrl
from tests.standins.mattermost.commands import find_command, require_enabled
from tests.standins.mattermost.decoding import text_of
from tests.standins.mattermost.errors import ApiError, invalid_body
from tests.standins.mattermost.outgoing import CallAnswer, CallError, send
from tests.standins.mattermost.records import PUBLIC
from tests.standins.mattermost.state import State, new_id
from tests.standins.serving import Response

ERROR = "api.command.execute_command"
RESPONSE_URL_MS = 30 * 60 * 1000
MAX_USES = 5
ROOT_ID_SINCE = (6,)  # 5.37 sends no such key; between 5.37 and 11 nobody looked
TYPED = re.compile(r"/(?P<trigger>\S*)(?:\s(?P<text>.*))?", re.DOTALL)
USER_MENTION = re.compile(r"(?<![\w@])@([a-z0-9.\-_]+)", re.IGNORECASE)
CHANNEL_MENTION = re.compile(r"\B~([a-zA-Z0-9\-_]+)")


async def execute_command(call: Call) -> Response:
    """What the client of the person gets, once the integration has answered."""
    typed, invocation = _read_invocation(call)
    state = call.state
    if not state.settings["SiteURL"]:
        raise ApiError(f"{ERROR}.site_url_required.app_error", 400)
    trigger_id = state.add_trigger(invocation.user.id)
    pairs = _form_of(state, invocation, typed, trigger_id)
    answered = await _send(state, invocation.command, urlencode(sorted(pairs)))
    if answered.status != 200:
        detail = answered.body.decode("utf-8", "replace")
        raise ApiError(f"{ERROR}.failed_resp.app_error", 500, detail=detail)
    try:
        answer = read_answer(answered.content_type, answered.body)
    except ValueError as error:
        raise ApiError(f"{ERROR}.failed.app_error", 500, detail=str(error)) from error
    publish(state, invocation, answer)
    return ok(answer.as_json(trigger_id))


def take_later_answer(call: Call) -> Response:
    """POST /hooks/commands/{id}: no session, the address is the secret."""
    try:
        _take_later_answer(call)
    except ApiError as error:
        if not call.state.is_on("WrapHookErrors"):
            raise
        inner = error.error_id
        raise ApiError(
            "web.command_webhook.general.app_error", error.status, detail=inner
        ) from error
    return Response(200, b"ok", "text/plain")


def _take_later_answer(call: Call) -> None:
    """The checks in Mattermost's order: a use counts even when its post then fails."""
    state = call.state
    try:
        answer = read_answer(call.request.headers.get("content-type", ""), call.request.body)
    except ValueError as error:
        raise ApiError("web.command_webhook.parse.app_error", 400) from error
    address = state.response_urls.get(call.ids["response_id"])
    if address is None or address.created_at + RESPONSE_URL_MS <= state.now_ms():
        raise ApiError("app.command_webhook.get.missing", 404)
    command = state.commands.get(address.command_id)
    if command is None:
        raise ApiError("web.command_webhook.command.app_error", 400)
    if address.use_count >= MAX_USES:
        raise ApiError("app.command_webhook.try_use.invalid", 400)
    address.use_count += 1
    user, channel = state.users[address.user_id], state.channels[address.channel_id]
    publish(state, Invocation(command, user, channel, address.root_id), answer)


def _read_invocation(call: Call) -> tuple[str, Invocation]:
    """What was typed after the command, and where. Raises ApiError."""
    wish = call.json_object("command_args")
    try:
        typed, channel_id = text_of(wish, "command"), text_of(wish, "channel_id")
        root_id, team_id = text_of(wish, "root_id"), text_of(wish, "team_id")
    except ValueError as error:
        raise invalid_body("command_args") from error
    match = TYPED.fullmatch(typed)
    if match is None or not match["trigger"]:
        raise ApiError(f"{ERROR}.start.app_error", 400)
    if not ID.fullmatch(channel_id):
        raise invalid_body("channel_id")
    require_enabled(call.state)
    channel = call.channel_as_member(channel_id, "create_post")
    if channel.deleted_at:
        raise ApiError(f"{ERROR}.deleted.error", 400)
    command = find_command(call.state, channel.team_id or team_id, match["trigger"].lower())
    if command is None:
        raise ApiError(f"{ERROR}.not_found.app_error", 404)
    return match["text"] or "", Invocation(command, call.user, channel, root_id)


def _form_of(
    state: State, invocation: Invocation, text: str, trigger_id: str
) -> list[tuple[str, str]]:
    command, user, channel = invocation.command, invocation.user, invocation.channel
    pairs = [
        ("channel_id", channel.id),
        ("channel_name", channel.name),
        ("command", f"/{command.trigger}"),
        ("response_url", _add_response_url(state, invocation)),
        ("team_domain", state.teams[command.team_id].name),
        ("team_id", command.team_id),
        ("text", text),
        ("token", command.token),
        ("trigger_id", trigger_id),
        ("user_id", user.id),
        ("user_name", user.username),
    ]
    if state.is_since(*ROOT_ID_SINCE):
        pairs.append(("root_id", invocation.root_id))
    return pairs + _mentions(state, command, text)


def _mentions(state: State, command: Command, text: str) -> list[tuple[str, str]]:
    """The people of the team and the public channels that are named."""
    pairs = []
    for name in dict.fromkeys(USER_MENTION.findall(text)):
        user = state.user_named(name) or state.user_named(name.rstrip(".-_"))
        if user is not None and user.id in state.teams[command.team_id].member_ids:
            pairs += [("user_mentions", user.username), ("user_mentions_ids", user.id)]
    for name in dict.fromkeys(CHANNEL_MENTION.findall(text)):
        channel = state.channel_named(command.team_id, name)
        if channel is not None and channel.type == PUBLIC:
            pairs += [("channel_mentions", channel.name), ("channel_mentions_ids", channel.id)]
    return pairs


def _add_response_url(state: State, invocation: Invocation) -> str:
    address = ResponseUrl(
        new_id(),
        state.now_ms(),
        invocation.command.id,
        invocation.user.id,
        invocation.channel.id,
        invocation.root_id,
    )
    state.response_urls[address.id] = address
    return f"{str(state.settings['SiteURL']).rstrip('/')}/hooks/commands/{address.id}"


async def _send(state: State, command: Command, form: str) -> CallAnswer:
    """Raises ApiError when nothing came back in time."""
    headers = {"Authorization": f"Token {command.token}"}
    method, url, body = "GET", command.url, b""
    if command.method == "G":
        url += ("&" if "?" in url else "?") + form
    else:
        method, body = "POST", form.encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        timeout_s = state.seconds("OutgoingIntegrationRequestsTimeout")
        return await send(method, url, body=body, headers=headers, timeout_s=timeout_s)
    except CallError as error:
        raise ApiError(f"{ERROR}.failed.app_error", 500, detail=str(error)) from error
