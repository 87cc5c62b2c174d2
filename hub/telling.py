"""Tells a press to the address that came with its button, and reads what that system answers."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from hub import signatures
from hub.contracts import (
    UNSTORABLE,
    DeliveryError,
    HttpResponse,
    JSONObject,
    JSONValue,
    PayloadError,
    SourceView,
    decode_json,
)
from hub.splitting import MAX_POST_RUNES, shorten

LONGEST_WAIT_S = 40.0  # whoever pressed was told long before that it takes its time
MAX_TEXT_CHARS = 500
MAX_ATTACHMENTS = 10
STARTING = b"n8n is starting up"  # answered to everything, with 200
AWAY = frozenset({502, 503, 504})
REFUSED = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class Told:
    """What the other system made of a press."""

    status_code: int = 0
    text: str = ""  # in its own words, for everybody
    ephemeral_text: str = ""  # for the person who pressed
    update: JSONObject = field(default_factory=dict)  # Mattermost's: what the post is to say


@dataclass(frozen=True, slots=True)
class Telling:
    """One press to be told. The key is the same for every try of one decision."""

    url: str = field(repr=False)
    body: JSONObject = field(repr=False)
    key: str
    has_credential: bool  # the source's own; not for buttons that another source sent


def tell(source: SourceView, telling: Telling, *, now: datetime) -> Told:
    """Raises DeliveryError; with an unknown fate it may have been carried out all the same."""
    if source.http is None:
        raise DeliveryError("The source has no address", permanent=True)
    body = json.dumps(telling.body, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": telling.key}
    if telling.has_credential:
        headers |= _credential(source, body, now)
    answer = source.http.request(
        "POST", telling.url, headers=headers, body=body, read_timeout=LONGEST_WAIT_S
    )
    return _read(answer)


def explain(error: DeliveryError, system: str) -> str:
    """For the person who pressed: what happened, and what to do."""
    status = error.status_code
    if status == 404:
        return _("%(system)s does not listen at the button's address: its workflow is switched off "
                 "or was deleted. Switch it on and press again.") % {"system": system}  # fmt: skip
    if status in REFUSED:
        return _("%(system)s refuses the hub: an administrator has to check the credential of this "
                 "source. Nothing was decided.") % {"system": system}  # fmt: skip
    if status in AWAY or (status is None and not error.is_fate_unknown):
        return _("%(system)s cannot be reached now. Nothing was decided: press again in a "
                 "minute.") % {"system": system}  # fmt: skip
    if status is None:
        return _("%(system)s did not answer. Look there before you press again.") % {
            "system": system
        }
    return _("%(system)s ended with an error (%(status)s). Look there before you press again.") % {
        "system": system,
        "status": status,
    }


def _credential(source: SourceView, body: bytes, now: datetime) -> dict[str, str]:
    """A header that both know, or a token that is valid for this body and one minute."""
    given = source.credentials
    headers = {}
    if given.get("webhook_header_name") and given.get("webhook_header_value"):
        headers[given["webhook_header_name"]] = given["webhook_header_value"]
    if given.get("webhook_jwt_secret"):
        token = signatures.make_jwt(body, secret=given["webhook_jwt_secret"], now=now)
        headers["Authorization"] = f"Bearer {token}"
    return headers


def _read(answer: HttpResponse) -> Told:
    """JSON as Mattermost takes it, n8n's own `{"message": …}`, plain text, or nothing."""
    body = answer.body.strip()
    if body.startswith(STARTING):
        raise DeliveryError("it is starting up", status_code=503)
    if body.startswith(b"<"):
        raise DeliveryError("it answers with a web page: is this the address of a workflow?",
                            permanent=True, status_code=404)  # fmt: skip
    try:
        content = decode_json(body) if body else {}
    except PayloadError:
        content = {"message": UNSTORABLE.sub("�", body.decode(errors="replace"))}
    if isinstance(content, list):  # all entries of the last node
        content = content[0] if content else {}
    return _read_object(content if isinstance(content, dict) else {}, answer.status_code)


def _read_object(content: JSONObject, status_code: int) -> Told:
    error = content.get("error")
    if error:
        words = error.get("message") if isinstance(error, dict) else error
        raise DeliveryError(f"it answers: {words}"[:MAX_TEXT_CHARS], status_code=500)
    return Told(
        status_code=status_code,
        text=_text(content, "message"),
        ephemeral_text=_text(content, "ephemeral_text"),
        update=_update(content.get("update")),
    )


def _update(value: JSONValue) -> JSONObject:
    """Of what the post is to say, the parts that are shown."""
    if not isinstance(value, dict):
        return {}
    text, props = value.get("message"), value.get("props")
    shown = props.get("attachments") if isinstance(props, dict) else None
    attachments = shown[:MAX_ATTACHMENTS] if isinstance(shown, list) else []
    return {
        "message": shorten(text, MAX_POST_RUNES) if isinstance(text, str) else "",
        "props": {"attachments": attachments},
    }


def _text(content: JSONObject, name: str) -> str:
    found = content.get(name)
    return found.strip()[:MAX_TEXT_CHARS] if isinstance(found, str) else ""
