"""Outgoing webhooks as they fire: each address is asked once, and its answer may be a post."""

import asyncio
import logging
from collections.abc import Coroutine
from urllib.parse import urlencode

from hub.contracts import JSONObject
from tests.standins.mattermost.answers import answer_from, text_and_props
from tests.standins.mattermost.call_records import OutgoingHook
from tests.standins.mattermost.decoding import as_object, decode
from tests.standins.mattermost.errors import ApiError
from tests.standins.mattermost.outgoing import CallError, encode_as_go, send
from tests.standins.mattermost.outgoing_hooks import matching_hooks
from tests.standins.mattermost.posts import store_checked
from tests.standins.mattermost.records import Post
from tests.standins.mattermost.state import State, new_id

logger = logging.getLogger(__name__)

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
AS_REPLY = "comment"


class Errands:
    """What goes on beside the requests; nobody waits for it."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, errand: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(errand)
        self._running.add(task)
        task.add_done_callback(self._running.discard)


def fire(state: State, errands: Errands, post: Post) -> None:
    """Ask every address of every hook that the post concerns, all at the same time."""
    if post.type.startswith("system_"):
        return
    for hook, word in matching_hooks(state, post.channel_id, post.message):
        for url in hook.callback_urls:
            errands.start(_ask(state, hook, post, word, url))


async def _ask(state: State, hook: OutgoingHook, post: Post, word: str, url: str) -> None:
    """Failures are only written down: nothing is sent twice."""
    is_json = hook.content_type == JSON_TYPE
    request = _request_of(state, hook, post, word)
    if not is_json:
        request["timestamp"] = post.created_at // 1000
    body = encode_as_go(request) if is_json else urlencode(sorted(request.items())).encode()
    headers = {"Content-Type": JSON_TYPE if is_json else FORM_TYPE}
    timeout_s = state.seconds("OutgoingIntegrationRequestsTimeout")
    try:
        answered = await send("POST", url, body=body, headers=headers, timeout_s=timeout_s)
        if answered.body:  # whatever the status says
            _post_answer(state, hook, post, as_object(decode(answered.body), "answer"))
    except (CallError, ApiError, ValueError) as error:
        logger.warning("outgoing webhook %s came to nothing: %s", hook.id, error)


def _request_of(state: State, hook: OutgoingHook, post: Post, word: str) -> JSONObject:
    """The keys in Mattermost's order; the thread is not among them."""
    channel = state.channels[post.channel_id]
    return {
        "token": hook.token,
        "team_id": hook.team_id,
        "team_domain": state.teams[hook.team_id].name,
        "channel_id": channel.id,
        "channel_name": channel.name,
        "timestamp": post.created_at,
        "user_id": post.user_id,
        "user_name": state.users[post.user_id].username,
        "post_id": post.id,
        "text": post.message,
        "trigger_word": word,
        "file_ids": ",".join(str(file_id) for file_id in post.file_ids),
    }


def _post_answer(state: State, hook: OutgoingHook, cause: Post, source: JSONObject) -> None:
    """Raises ApiError when it cannot be stored, ValueError for a field of the wrong type."""
    answer = answer_from(source)
    if source.get("text") is None and not answer.attachments:
        return
    text, props = text_and_props(
        state,
        answer,
        username=hook.username or answer.username,
        icon_url=hook.icon_url or answer.icon_url,
    )
    post = Post(new_id(), state.now_ms(), hook.creator_id, cause.channel_id, text, props)
    post.root_id = cause.id if answer.response_type == AS_REPLY else ""
    post.type = answer.type or ("slack_attachment" if props.get("attachments") else "")
    post.priority = answer.priority
    store_checked(state, post)
