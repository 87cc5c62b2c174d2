"""Mattermost's event stream: where it is, and what its frames say."""

from collections.abc import Mapping
from urllib.parse import urlencode

from hub.contracts import JSONObject, PayloadError, decode_json
from hub.destinations import Heard, Listening, ServerView
from integrations.mattermost.connection import API, text_of
from integrations.mattermost.conversations import read_post

GREETING, WRITTEN = "hello", "posted"
NOTHING = Heard()


def stream_target(_server: ServerView, connection_id: str, next_sequence: int) -> str:
    """With the id of an earlier connection it tells what was missed, up to 128 events."""
    if not connection_id:
        return f"{API}/websocket"
    left = {"connection_id": connection_id, "sequence_number": str(next_sequence)}
    return f"{API}/websocket?{urlencode(left)}"


def stream_headers(server: ServerView) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {server.token}"}


def read_frame(text: str) -> Heard:
    """What cannot be read says nothing: the stream goes on."""
    try:
        frame = decode_json(text.encode())
    except PayloadError:
        return NOTHING
    if not isinstance(frame, dict):
        return NOTHING
    event, data, sequence = text_of(frame, "event"), frame.get("data"), frame.get("seq")
    if not event or not isinstance(data, dict) or not isinstance(sequence, int):
        return NOTHING  # an answer to what we said
    heard = Heard(sequence=sequence)
    if event == GREETING:
        return Heard(sequence=sequence, connection_id=text_of(data, "connection_id"))
    return _written(heard, data) if event == WRITTEN else heard


def _written(heard: Heard, data: JSONObject) -> Heard:
    """The post stands in it as text, once more JSON."""
    try:
        post = decode_json(text_of(data, "post").encode())
    except PayloadError:
        return heard
    if not isinstance(post, dict):
        return heard
    username = text_of(data, "sender_name").removeprefix("@")
    return Heard(heard.sequence, post=read_post(post), username=username)


LISTENING = Listening(target=stream_target, headers=stream_headers, read=read_frame)
