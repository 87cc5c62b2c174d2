"""What the sender is told, in the words of Mattermost's wire format."""

import json
from secrets import choice

from hub.contracts import Answer, Outcome

TEXT, JSON = "text/plain", "application/json"
SUCCESS = Answer(200, TEXT, b"ok")
ID_ALPHABET = "abcdefghijkmnopqrstuwxyz13456789"  # z-base-32, as Mattermost writes its ids
ID_CHARS = 26
NO_CONTENT = "no text and no attachments"
GENERAL = "web.incoming_webhook.general.app_error"
UNDECODABLE = "web.incoming_webhook.decode.app_error"


def answer(outcome: Outcome, detail: str) -> Answer:
    """`ok` when the message is stored, else the envelope of an error."""
    if outcome == "channel_refused":
        return _refusal(404, GENERAL, f"This webhook may not post to the channel “{detail}”")
    if outcome == "not_decodable":
        error_id = GENERAL if detail == NO_CONTENT else UNDECODABLE
        return _refusal(400, error_id, f"The payload cannot be used: {detail}")
    return SUCCESS


def _refusal(status_code: int, error_id: str, message: str) -> Answer:
    envelope = {
        "id": error_id,
        "message": message,
        "detailed_error": "",
        "request_id": "".join(choice(ID_ALPHABET) for _ in range(ID_CHARS)),
        "status_code": status_code,
    }
    return Answer(status_code, JSON, json.dumps(envelope, ensure_ascii=False).encode())
