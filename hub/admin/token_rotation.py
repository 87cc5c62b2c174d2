"""Changing an inbound credential while the sender goes on sending: two are valid for a time."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from django.utils import timezone

from hub.models import WebhookToken
from hub.tokens import issue_token

KEPT_SETTINGS: Final = ("event_hint", "default_channel", "may_mention")


def rotate_token(old: WebhookToken, *, signing_secret: str) -> tuple[WebhookToken, str]:
    """A second token with the same settings, and its text."""
    kept = {name: getattr(old, name) for name in KEPT_SETTINGS}
    row, text = issue_token(old.source, label=old.label, signing_secret=signing_secret, **kept)
    row.allowed_channels.set(old.allowed_channels.all())
    return row, text


def expire_token(old: WebhookToken, overlap: timedelta) -> None:
    """Never later than it would have expired by itself."""
    end = timezone.now() + overlap
    if old.expires_at is None or old.expires_at > end:
        old.expires_at = end
        old.save(update_fields=["expires_at"])


def keep_previous_secret(token: WebhookToken, changed: Collection[str]) -> None:
    """A new signing secret leaves the old one valid beside it, until that is removed."""
    if "signing_secret" not in changed or "previous_signing_secret" in changed:
        return
    stored = WebhookToken.objects.filter(pk=token.pk).first()
    if stored is not None and token.signing_secret:
        token.previous_signing_secret = stored.signing_secret
