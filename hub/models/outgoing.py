"""Mattermost's outgoing webhooks: what people write in a public channel is sent to the hub."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hub.models.hashed import HashedToken
from hub.secrets import PREFIX_LENGTH, new_token


class OutgoingWebhook(HashedToken):
    """One of Mattermost's outgoing webhooks. The token that Mattermost made is stored hashed."""

    channel = models.OneToOneField(
        "hub.Channel",
        models.CASCADE,
        related_name="outgoing_webhook",
        verbose_name=_("channel"),
        help_text=_("A public one: Mattermost sends nothing of others."),
    )
    # Part of its address, which Mattermost wants to know before it makes the token.
    key = models.CharField(max_length=26, unique=True, default=new_token, editable=False)
    history = HistoricalRecords(
        excluded_fields=["key", "token_sha256", "previous_sha256", "last_used_at"]
    )

    class Meta:
        verbose_name = _("outgoing webhook")
        verbose_name_plural = _("outgoing webhooks")

    def __str__(self) -> str:
        return f"…/outgoing/{self.key[:PREFIX_LENGTH]}…"
