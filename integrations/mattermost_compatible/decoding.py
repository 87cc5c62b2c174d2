"""The body of a hook as Mattermost decodes it, form or JSON, and as forgiving."""

import json
from urllib.parse import parse_qs

from hub.contracts import InboundRequest, JSONObject, JSONValue, PayloadError, decode_json

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FIELD = b"payload="
MAX_FORM_FIELDS = 100
MAX_DEPTH = 20  # a message has six levels at most; deeper ones break whoever walks them


def decode_payload(request: InboundRequest) -> JSONObject:
    """Raises PayloadError."""
    if request.content_type == MULTIPART:
        raise PayloadError("multipart/form-data is not taken: send JSON, or a form field `payload`")
    value = _decode(_json_of(request))
    if not isinstance(value, dict):
        raise PayloadError("the payload must be one JSON object, not a list or a single value")
    if _is_deeper_than(MAX_DEPTH, value):
        raise PayloadError("the payload is nested too deeply")
    return value


def _json_of(request: InboundRequest) -> bytes:
    """Senders put `payload=` without its content type, and JSON under the form's (plain curl)."""
    is_form = request.content_type == FORM
    if is_form and not request.body.strip():
        return request.query.get("payload", "").encode()
    if not is_form and not request.body.startswith(FIELD):
        return request.body
    try:
        fields = parse_qs(request.body.decode(errors="replace"), max_num_fields=MAX_FORM_FIELDS)
    except ValueError as error:
        raise PayloadError("the form has too many fields") from error
    return fields["payload"][0].encode() if "payload" in fields else request.body


def _is_deeper_than(levels: int, value: JSONValue) -> bool:
    if not isinstance(value, list | dict):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper_than(levels - 1, one) for one in inner)


def _decode(body: bytes) -> JSONValue:
    """Again with raw line breaks and tabs in its texts: Mattermost takes them, too."""
    try:
        return decode_json(body)
    except PayloadError as error:
        try:
            value = json.loads(body.decode("utf-8-sig", "replace"), strict=False)
            return decode_json(json.dumps(value).encode())
        except (ValueError, RecursionError):
            raise error from None
