"""Stage 1: a webhook is proven, recognised and stored, before any work."""

import hashlib
import logging
import re
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import DatabaseError, DataError
from django.db.models import F
from django.utils import timezone

from hub.contracts import (
    UNSTORABLE,
    Answer,
    Identity,
    InboundRequest,
    Outcome,
    PayloadError,
    VerificationError,
)
from hub.models import Refusal
from hub.models.events import TEST_KEY
from hub.secrets import PREFIX_LENGTH
from hub.storing import store_request
from hub.throttling import Throttle
from hub.tokens import TokenCard, find_card, verify_request
from hub.waking import wake_matcher

logger = logging.getLogger(__name__)

HASH_WINDOW_S = 600  # without a key of the sender's, equal bodies within it are one event
BODY_EXCERPT_BYTES = 2048
UNPRINTABLE = re.compile(r"[^ -~]")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a request. `answer` is set where the sender expects its own wire format."""

    status_code: int
    reason: str = ""
    event_id: int | None = None
    answer: Answer | None = None


_unknown_tokens = Throttle(lambda: settings.HUB_UNKNOWN_TOKENS_PER_MINUTE)
_requests = Throttle(lambda: settings.HUB_REQUESTS_PER_MINUTE)


def accept_webhook(request: InboundRequest, *, token: str, address: str) -> Receipt:
    """Store the request as an Event, or leave a Refusal that says why not.

    Raises DatabaseError when nothing could be stored: the sender must try again.
    """
    card = find_card(token, request.received_at)
    if card is None:
        return _refuse_unknown(request, token, address)
    if card.options or (card.event_hint and not request.event_hint):
        hint = request.event_hint or card.event_hint
        request = replace(request, event_hint=hint, options=card.options)
    if not _requests.allows(card.prefix):
        return _refuse(request, card, address, Receipt(429, "too many requests for this token"))
    try:
        verify_request(card, request)
        identity = card.integration.identify(request)
    except VerificationError as error:
        return _refuse(request, card, address, Receipt(401, str(error)))
    except PayloadError as error:
        answer = _answer(card, "not_decodable", str(error))
        return _refuse(request, card, address, Receipt(400, str(error), answer=answer))
    if not _may_reach(card, identity):
        reason = f"this token may not reach the channel “{identity.channel[:60]}”"
        answer = _answer(card, "channel_refused", identity.channel)
        return _refuse(request, card, address, Receipt(404, reason, answer=answer))
    try:
        return _accept(request, card, identity, address)
    except DataError as error:
        return _refuse(request, card, address, Receipt(400, f"cannot be stored: {error}"[:200]))


def refuse_oversize(request: InboundRequest, *, token: str, address: str, size: int) -> Receipt:
    """The body is larger than HUB_MAX_BODY_BYTES: 413, with a row of its beginning."""
    card = find_card(token, request.received_at)
    if card is None:
        return _refuse_unknown(request, token, address)
    reason = f"larger than {settings.HUB_MAX_BODY_BYTES} bytes (HUB_MAX_BODY_BYTES)"
    return _refuse(request, card, address, Receipt(413, reason), size=size)


def refuse_call(request: InboundRequest, path: str, address: str, receipt: Receipt) -> None:
    """A row for what Mattermost cannot be shown to have sent: a command, an outgoing webhook."""
    if _unknown_tokens.allows(address):
        path = UNPRINTABLE.sub("?", path)[:60]
        _record_refusal(request, receipt, path=path, address=address)


def _accept(request: InboundRequest, card: TokenCard, identity: Identity, address: str) -> Receipt:
    if card.is_test:
        key, earlier_key = f"{TEST_KEY}{card.token_id}", ""  # each test has a token of its own
    else:
        key, earlier_key = _dedup_keys(request, identity.dedup_key)
    stored = store_request(
        request,
        source_id=card.source_id,
        token_id=card.token_id,
        address=address,
        dedup_key=key,
        earlier_key=earlier_key,
        kept_headers=card.integration.kept_headers,
    )
    if stored.is_duplicate:
        return Receipt(200, "duplicate", stored.event_id, _answer(card, "duplicate", ""))
    wake_matcher()
    return Receipt(202, "stored", stored.event_id, _answer(card, "stored", ""))


def _dedup_keys(request: InboundRequest, key: str | None) -> tuple[str, str]:
    """The sender's key, or the hash of the body in this and in the previous bucket of time."""
    if key is not None:
        return (_sha256(key.encode()) if key.startswith(TEST_KEY) else key), ""
    digest = _sha256(request.event_hint.encode() + b"\0" + request.body)
    bucket = int(request.received_at.timestamp()) // HASH_WINDOW_S
    return f"{digest}:{bucket}", f"{digest}:{bucket - 1}"


def _may_reach(card: TokenCard, identity: Identity) -> bool:
    """Only a Mattermost-compatible sender names channels, and needs one."""
    if card.integration.answer is None:
        return True
    if identity.channel:
        return identity.channel in card.reachable_channels
    return card.has_default_channel


def _answer(card: TokenCard, outcome: Outcome, detail: str) -> Answer | None:
    return card.integration.answer(outcome, detail) if card.integration.answer else None


def _refuse_unknown(request: InboundRequest, token: str, address: str) -> Receipt:
    """404 and a row; an address that guesses on gets 429 and no more rows."""
    if not _unknown_tokens.allows(address):
        return Receipt(429, "too many unknown tokens from this address")
    receipt = Receipt(404, "unknown, expired or revoked token")
    path = UNPRINTABLE.sub("?", token[:PREFIX_LENGTH])
    _record_refusal(request, receipt, path=path, address=address)
    return receipt


def _refuse(
    request: InboundRequest, card: TokenCard, address: str, receipt: Receipt, size: int = 0
) -> Receipt:
    _record_refusal(
        request, receipt, path=card.prefix, address=address, token_id=card.token_id, size=size
    )
    return receipt


def _record_refusal(
    request: InboundRequest,
    receipt: Receipt,
    *,
    path: str,
    address: str,
    token_id: int | None = None,
    size: int = 0,
) -> None:
    """A row, or one more on the row of this minute. The answer does not depend on it."""
    now = timezone.now()
    try:
        row, is_new = Refusal.objects.get_or_create(
            minute=now.replace(second=0, microsecond=0),
            path=path,
            reason=UNSTORABLE.sub("�", receipt.reason)[:200],
            address=address,
            defaults={
                "token_id": token_id,
                "status_code": receipt.status_code,
                "size": size or len(request.body),
                "content_type": request.headers.get("content-type", "")[:100],
                "body_excerpt": _excerpt(request.body),
                "received_at": now,
            },
        )
        if not is_new:
            Refusal.objects.filter(pk=row.pk).update(repeat_count=F("repeat_count") + 1)
    except DatabaseError:
        logger.exception("A refused request could not be recorded: %s", receipt.reason)


def _excerpt(body: bytes) -> str:
    return body[:BODY_EXCERPT_BYTES].decode("utf-8", "replace").replace("\x00", "�")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
