"""What integrations answer to commands and posts: read as Go reads it, then shown or posted."""

from dataclasses import dataclass

from hub.contracts import JSONObject
from tests.standins.mattermost.buttons import name_actions
from tests.standins.mattermost.call_records import AnswerToCall, Command
from tests.standins.mattermost.decoding import (
    as_object,
    decode_whole,
    flag_of,
    object_of,
    objects_of,
    text_of,
)
from tests.standins.mattermost.errors import ApiError
from tests.standins.mattermost.incoming import RESERVED_PROPS
from tests.standins.mattermost.posts import store_checked
from tests.standins.mattermost.records import Channel, Post, User
from tests.standins.mattermost.slack_text import convert_attachments, convert_text
from tests.standins.mattermost.state import State, new_id
from tests.standins.mattermost.webhook_payload import checked_attachments

IN_CHANNEL = "in_channel"
EPHEMERAL = ("", "ephemeral")
CREATE_POST_FAILED = "api.command.execute_command.create_post_failed.app_error"


@dataclass(frozen=True, slots=True)
class Invocation:
    """Who typed which command where: an answer goes back there."""

    command: Command
    user: User
    channel: Channel
    root_id: str


def read_answer(content_type: str, body: bytes) -> AnswerToCall:
    """JSON only when it says so; anything else is the text. Raises ValueError."""
    if content_type.partition(";")[0].strip() != "application/json":
        return AnswerToCall(text=body.decode("utf-8", "replace"))
    source = as_object(decode_whole(body), "answer")
    answer = answer_from(source)
    answer.extra = [answer_from(one) for one in objects_of(source, "extra_responses")]
    return answer


def answer_from(source: JSONObject) -> AnswerToCall:
    """Raises ValueError for a field of the wrong type."""
    priority = source.get("priority")
    return AnswerToCall(
        text_of(source, "response_type"),
        text_of(source, "text"),
        text_of(source, "username"),
        text_of(source, "channel_id"),
        text_of(source, "icon_url"),
        text_of(source, "type"),
        object_of(source, "props"),
        text_of(source, "goto_location"),
        flag_of(source, "skip_slack_parsing"),
        None if source.get("attachments") is None else checked_attachments(source),
        None if priority is None else as_object(priority, "priority"),
    )


def publish(state: State, invocation: Invocation, answer: AnswerToCall) -> None:
    """Post or show the answer and its extras. Raises ApiError when one of them fails."""
    failures = []
    for one in (answer, *answer.extra):
        try:
            _publish_one(state, invocation, one)
        except ApiError as error:
            failures.append(error.error_id)
    if failures:
        raise ApiError(CREATE_POST_FAILED, 500, detail=failures[0])


def text_and_props(
    state: State, answer: AnswerToCall, *, username: str, icon_url: str
) -> tuple[str, JSONObject]:
    """Slack's marks rewritten, and the props of something that did not come from a person."""
    props: JSONObject = {k: v for k, v in answer.props.items() if k not in RESERVED_PROPS}
    props["from_webhook"] = "true"
    if state.is_on("EnablePostUsernameOverride") and username:
        props["override_username"] = username
    if state.is_on("EnablePostIconOverride") and icon_url:
        props["override_icon_url"] = icon_url
    attachments = answer.attachments or []
    if answer.skip_slack_parsing:
        text = answer.text
    else:
        text, attachments = (
            convert_text(state, answer.text),
            convert_attachments(state, attachments),
        )
    if attachments:
        props["attachments"] = list(attachments)
    name_actions(props)
    return text, props


def _publish_one(state: State, invocation: Invocation, answer: AnswerToCall) -> None:
    command, user = invocation.command, invocation.user
    channel = _channel_of(state, invocation, answer)
    text, props = text_and_props(
        state,
        answer,
        username=command.username or answer.username,
        icon_url=command.icon_url or answer.icon_url,
    )
    if answer.type.startswith("system_"):
        raise ApiError("api.context.invalid_param.app_error", 400)
    post = Post(new_id(), state.now_ms(), user.id, channel.id, text, props, invocation.root_id)
    post.type = answer.type or ("slack_attachment" if props.get("attachments") else "")
    if answer.response_type == IN_CHANNEL:
        store_checked(state, post)
        state.trigger_webhooks(post)
    elif answer.response_type in EPHEMERAL and (answer.text or answer.attachments):
        state.show_only_to(user.id, post)


def _channel_of(state: State, invocation: Invocation, answer: AnswerToCall) -> Channel:
    """Raises ApiError for a channel that the person is not in."""
    if not answer.channel_id:
        return invocation.channel
    channel = state.channels.get(answer.channel_id)
    if channel is None or invocation.user.id not in channel.members:
        raise ApiError("api.command.command_post.forbidden.app_error", 403)
    return channel
