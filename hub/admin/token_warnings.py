"""What an admin should know of a webhook token."""

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from hub import registry
from hub.admin.sentences import age
from hub.models import WebhookToken

OLD_AFTER: Final = timedelta(days=180)  # then it is time to rotate
UNUSED_AFTER: Final = timedelta(days=2)  # a new token that nobody has used by then
EXPIRES_SOON: Final = timedelta(days=7)


def warnings_of(token: WebhookToken) -> list[str]:
    """In sentences; none for a token that is no longer valid."""
    now = timezone.now()
    if token.is_test or not token.is_valid(now):
        return []
    found = _age_warnings(token, now)
    if token.expires_at is not None and token.expires_at - now < EXPIRES_SOON:
        found.append(_("Expires in %(time)s.") % {"time": age(now, token.expires_at)})
    if _could_sign(token) and not token.signing_secret:
        found.append(
            _(
                "This system can sign its requests, but no signing secret is set: whoever knows "
                "the address can send."
            )
        )
    return found


def _age_warnings(token: WebhookToken, now: datetime) -> list[str]:
    lifetime, words = now - token.created_at, {"age": age(token.created_at, now)}
    if token.last_used_at is None and lifetime > UNUSED_AFTER:
        return [_("Never used since it was issued %(age)s ago.") % words]
    if lifetime > OLD_AFTER:
        return [_("Issued %(age)s ago: time to rotate it.") % words]
    return []


def _could_sign(token: WebhookToken) -> bool:
    integration = registry.get(token.source.integration)
    return integration is not None and integration.verify is not None
