"""Inbound credentials: issuing, finding and proving."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from hub import registry, secrets
from hub.contracts import InboundRequest, Integration, JSONValue, VerificationError
from hub.models import Source, WebhookToken
from hub.retrying import with_retries


@dataclass(frozen=True, slots=True)
class TokenCard:
    """What a request needs to know of its token; cached for HUB_TOKEN_CACHE_SECONDS."""

    token_id: int
    prefix: str
    source_id: int
    integration: Integration
    signing_secrets: tuple[str, ...]
    event_hint: str
    options: Mapping[str, JSONValue]
    reachable_channels: frozenset[str]
    has_default_channel: bool
    is_test: bool
    expires_at: datetime | None


_cards: dict[str, tuple[float, TokenCard]] = {}


def forget_cards() -> None:
    """A change of tokens or sources bites at once in this process."""
    _cards.clear()


def find_card(token: str, now: datetime) -> TokenCard | None:
    """The valid token with this text, from the cache or the database."""
    digest = secrets.hash_token(token)
    cached = _cards.get(digest)
    if cached is None or cached[0] < time.monotonic():
        card = _load_card(digest)
        if card is None:
            _cards.pop(digest, None)
            return None
        cached = (time.monotonic() + settings.HUB_TOKEN_CACHE_SECONDS, card)
        _cards[digest] = cached
    card = cached[1]
    return None if card.expires_at is not None and card.expires_at <= now else card


def issue_token(source: Source, *, token: str = "", **fields: object) -> tuple[WebhookToken, str]:
    """A new row and the token's text, which is stored nowhere."""
    text = token or secrets.new_token()
    row = WebhookToken.objects.create(
        source=source,
        prefix=text[: secrets.PREFIX_LENGTH],
        sha256=secrets.hash_token(text),
        **fields,
    )
    return row, text


def newest_token(source: Source) -> WebhookToken | None:
    """The one that its system was given last, among those that are valid."""
    now = timezone.now()
    rows = source.tokens.filter(is_test=False, revoked_at=None).order_by("-pk")
    return next((row for row in rows if row.is_valid(now)), None)


def hook_url(token: str, event_hint: str = "") -> str:
    """The complete address that the other system is given."""
    query = f"?event={event_hint}" if event_hint else ""
    return f"{settings.HUB_BASE_URL}/hooks/{token}{query}"


def verify_request(card: TokenCard, request: InboundRequest) -> None:
    """Any of the valid secrets will do; without one the address is the credential.

    Raises VerificationError.
    """
    if not card.signing_secrets:
        return None
    if card.integration.verify is None:
        raise VerificationError("a signing secret is set, but this system cannot sign")
    problems = []
    for secret in card.signing_secrets:
        try:
            return card.integration.verify(request, secret)
        except VerificationError as error:
            problems.append(error)
    raise problems[0]


def _load_card(digest: str) -> TokenCard | None:
    row = with_retries(
        WebhookToken.objects.select_related("source", "default_channel")
        .prefetch_related("allowed_channels")
        .filter(sha256=digest, revoked_at=None)
        .first
    )
    integration = registry.get(row.source.integration) if row is not None else None
    if row is None or integration is None:
        return None
    default = [row.default_channel] if row.default_channel is not None else []
    signing = (row.signing_secret, row.previous_signing_secret)
    return TokenCard(
        token_id=row.pk,
        prefix=row.prefix,
        source_id=row.source_id,
        integration=integration,
        signing_secrets=tuple(secrets.resolve(secret) for secret in signing if secret),
        event_hint=row.event_hint,
        options=row.source.options,
        reachable_channels=frozenset(
            channel.name for channel in [*row.allowed_channels.all(), *default]
        ),
        has_default_channel=bool(default),
        is_test=row.is_test,
        expires_at=row.expires_at,
    )
