"""The body of an incoming webhook, decoded by its content type as Go does it."""

import re
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qs

from hub.contracts import JSONObject
from tests.standins.mattermost.decoding import (
    as_object,
    decode_leniently,
    flag_of,
    object_of,
    objects_of,
    text_of,
)
from tests.standins.mattermost.errors import ApiError
from tests.standins.serving import Request

MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+(/[\w!#$&^.+-]+)?")
ATTACHMENT_TEXTS = (
    "fallback",
    "color",
    "pretext",
    "author_name",
    "author_link",
    "author_icon",
    "title",
    "title_link",
    "text",
    "image_url",
    "thumb_url",
    "footer",
    "footer_icon",
)
MULTIPART_FIELDS = {
    "text": "text",
    "username": "username",
    "iconurl": "icon_url",
    "channelname": "channel",
    "type": "type",
    "iconemoji": "icon_emoji",
}


@dataclass(slots=True)
class Payload:
    text: str
    channel: str
    username: str
    icon_url: str
    icon_emoji: str
    type: str
    root_id: str
    props: JSONObject
    attachments: list[JSONObject] | None  # None: the key is absent or null
    priority: JSONObject | None
    is_silent: bool


def media_type_of(content_type: str) -> str:
    """Parameters do not count, not even malformed ones. Raises ApiError."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type and not MEDIA_TYPE.fullmatch(media_type):
        raise ApiError("web.incoming_webhook.media_type.app_error", 400)
    return media_type


def decode_payload(request: Request, media_type: str) -> Payload | None:
    """None for a JSON null. Raises ValueError."""
    if media_type == "multipart/form-data":
        return _payload_from(_multipart_fields(request))
    body = request.body
    if media_type == "application/x-www-form-urlencoded":
        fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
        body = fields.get("payload", [request.query().get("payload", "")])[0].encode()
    value = decode_leniently(body)
    if value is None:
        return None
    # Go finds fields whatever the case of their names.
    return _payload_from({key.lower(): one for key, one in as_object(value, "body").items()})


def _multipart_fields(request: Request) -> JSONObject:
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + request.body)
    fields: JSONObject = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", "", "content-disposition")).lower()
        if name not in MULTIPART_FIELDS:
            raise ValueError(f"unknown field {name}")
        fields[MULTIPART_FIELDS[name]] = str(part.get_content()).rstrip("\r\n")
    return fields


def _payload_from(source: JSONObject) -> Payload:
    """Raises ValueError for a field of the wrong type."""
    has_attachments = source.get("attachments") is not None
    has_priority = source.get("priority") is not None
    return Payload(
        text_of(source, "text"),
        text_of(source, "channel"),
        text_of(source, "username"),
        text_of(source, "icon_url"),
        text_of(source, "icon_emoji"),
        text_of(source, "type"),
        text_of(source, "root_id"),
        object_of(source, "props"),
        checked_attachments(source) if has_attachments else None,
        object_of(source, "priority") if has_priority else None,
        flag_of(source, "silent"),
    )


def checked_attachments(source: JSONObject) -> list[JSONObject]:
    """Raises ValueError for one that does not fit: the whole payload is refused."""
    attachments = objects_of(source, "attachments")
    for attachment in attachments:
        for name in ATTACHMENT_TEXTS:
            text_of(attachment, name)
        for field in objects_of(attachment, "fields"):
            text_of(field, "title")
        objects_of(attachment, "actions")
    return attachments
